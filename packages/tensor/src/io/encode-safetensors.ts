// Writes safetensors files: aligned, in a fixed order, and only what the reader would accept.
import { PrismaError, quoteName } from "../errors.ts";
import { checkSafetensors } from "./safetensors-header.ts";

/** A tensor to write. */
export interface SafetensorsTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Little-endian values, row-major. */
  readonly bytes: Uint8Array;
}

const ALIGNMENT = 8;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

function assertText(what: string, text: string): void {
  if (LONE_SURROGATE.test(text))
    throw new PrismaError(
      "ST_NAME_INVALID",
      `writeSafetensors: ${what} ${quoteName(text)} has half of a surrogate pair`,
    );
}

function assertNames(tensors: readonly SafetensorsTensor[]): void {
  const seen = new Set<string>();
  for (const { name } of tensors) {
    assertText("the name", name);
    if (name === "__metadata__")
      throw new PrismaError(
        "ST_NAME_INVALID",
        "writeSafetensors: a tensor may not be called __metadata__",
      );
    if (seen.has(name))
      throw new PrismaError(
        "ST_DUPLICATE_KEY",
        `writeSafetensors: two tensors are called ${quoteName(name)}`,
      );
    seen.add(name);
  }
}

/**
 * The bytes of a safetensors file. The reader's checks run on the result.
 * @throws PrismaError ST_NAME_INVALID, ST_DUPLICATE_KEY, ST_SIZE_MISMATCH, ST_DTYPE_UNKNOWN
 */
export function encodeSafetensors(
  tensors: readonly SafetensorsTensor[],
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array<ArrayBuffer> {
  assertNames(tensors);
  for (const [key, value] of metadata)
    [key, value].forEach((text) => assertText("the metadata", text));
  let at = 0;
  const records = tensors.map(({ name, dtype, shape, bytes }) => {
    const begin = at;
    at += bytes.length;
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, at] })}`;
  });
  const pairs = [...metadata].map(
    ([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`,
  );
  const head = pairs.length === 0 ? [] : [`"__metadata__":{${pairs.join(",")}}`];
  const header = new TextEncoder().encode(`{${[...head, ...records].join(",")}}`);
  const padded = Math.ceil(header.length / ALIGNMENT) * ALIGNMENT;
  const file = new Uint8Array(8 + padded + at);
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true);
  file.fill(0x20, 8, 8 + padded);
  file.set(header, 8);
  let offset = 8 + padded;
  for (const { bytes } of tensors) {
    file.set(bytes, offset);
    offset += bytes.length;
  }
  checkSafetensors(file, "writeSafetensors");
  return file;
}
