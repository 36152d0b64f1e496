// Files on disk, in Node.
import { open } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { PrismaError, quoteName } from "../errors.ts";
import type { ByteSource } from "./byte-source.ts";

/** A file by path or file URL; it is opened for each read, so nothing stays open. */
export function openFile(location: string): ByteSource {
  const path = location.startsWith("file:") ? fileURLToPath(location) : location;
  const name = basename(path);
  const withFile = async <T>(use: (file: Awaited<ReturnType<typeof open>>) => Promise<T>): Promise<T> => {
    const file = await open(path, "r").catch((cause: unknown) => {
      throw new PrismaError("SOURCE_NOT_FOUND", `${quoteName(name)}: the file could not be opened`, { name }, { cause });
    });
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  };
  return {
    name,
    size: () => withFile(async (file) => (await file.stat()).size),
    read: (begin, end) =>
      withFile(async (file) => {
        const bytes = new Uint8Array(end - begin);
        let filled = 0;
        while (filled < bytes.length) {
          const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, begin + filled);
          if (bytesRead === 0) {
            throw new PrismaError("SOURCE_TRUNCATED", `${quoteName(name)}: the file ends at byte ${begin + filled}, before byte ${end}`, { name, end });
          }
          filled += bytesRead;
        }
        return bytes;
      }),
  };
}
