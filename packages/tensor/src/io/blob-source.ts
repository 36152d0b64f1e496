// Blobs, and the files that visitors of a page choose or drop.
import { PrismaError, quoteName } from "../errors.ts";
import type { ByteSource } from "./byte-source.ts";
import { assertComplete } from "./memory-source.ts";

async function bytesOf(part: Blob, name: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await part.arrayBuffer());
  } catch (cause) {
    throw new PrismaError(
      "SOURCE_NOT_FOUND",
      `${name}: the file was moved, changed or locked since it was chosen; choose it again`,
      { name },
      { cause },
    );
  }
}

/** A Blob or File, read in slices. */
export function blobSource(blob: Blob): ByteSource {
  const name = "name" in blob && typeof blob.name === "string" ? quoteName(blob.name) : "blob";
  return {
    name,
    size: async () => blob.size,
    read: async (begin, end) => {
      const bytes = await bytesOf(blob.slice(begin, end), name);
      assertComplete(name, begin, end, bytes.length);
      return bytes;
    },
  };
}
