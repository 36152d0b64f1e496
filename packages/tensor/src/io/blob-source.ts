// Blobs, the files that visitors of a page choose or drop, and the URLs of both.
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

function nameOf(blob: Blob): string {
  return "name" in blob && typeof blob.name === "string" ? quoteName(blob.name) : "blob";
}

/** A Blob or File, read in slices. */
export function blobSource(blob: Blob, name: string = nameOf(blob)): ByteSource {
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

/** The Blob that `url` names. */
async function fetchBlob(url: string, name: string): Promise<Blob> {
  try {
    return await (await fetch(url)).blob();
  } catch (cause) {
    throw new PrismaError(
      "SOURCE_NOT_FOUND",
      `${name} names no data, or has been revoked`,
      { name },
      { cause },
    );
  }
}

/**
 * What a blob or data URL names. It lies in this process or page already, so its ranges are not asked for by HTTP's
 * header, whose last byte Node leaves out for such URLs.
 */
export function blobUrlSource(url: string): ByteSource {
  const name = `a ${url.slice(0, url.indexOf(":"))} URL`;
  let blob: Promise<ByteSource> | null = null;
  const opened = (): Promise<ByteSource> =>
    (blob ??= fetchBlob(url, name).then((found) => blobSource(found, name)));
  return {
    name,
    size: async () => (await opened()).size(),
    read: async (begin, end) => (await opened()).read(begin, end),
  };
}
