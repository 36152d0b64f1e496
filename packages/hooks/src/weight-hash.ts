// A hash of a model's weights, by which results say what they are of.
import { PrismaError, type Tensor } from "@prisma/tensor";

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  // Browsers have it only on https and localhost.
  const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  if (subtle === undefined) {
    throw new PrismaError(
      "PLATFORM_UNSUPPORTED",
      "weightHash: this page has no crypto.subtle; serve it over https or from localhost",
    );
  }
  const digest = new Uint8Array(await subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * SHA-256 in hex over the digests of all `parameters` in the order of their names, each of name, type, shape and values
 * as little-endian bytes: the same for the same weights on every device, whatever file they came from.
 * @throws PrismaError PLATFORM_UNSUPPORTED in pages that are neither https nor localhost, DISPOSED
 */
export async function hashWeights(parameters: ReadonlyMap<string, Tensor>): Promise<string> {
  const names = [...parameters.keys()].sort();
  const lines: string[] = [];
  for (const name of names) {
    const parameter = parameters.get(name);
    if (parameter === undefined) continue;
    const { buffer, byteOffset, byteLength } = await parameter.data();
    const values = await sha256(new Uint8Array(buffer.slice(byteOffset, byteOffset + byteLength)));
    lines.push(
      `${JSON.stringify(name)} ${parameter.dtype} [${parameter.shape.join(",")}] ${values}`,
    );
  }
  return sha256(new TextEncoder().encode(lines.join("\n")));
}
