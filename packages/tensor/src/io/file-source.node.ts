// Files on disk, in Node.
import { open, readdir, type FileHandle } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { PrismaError, quoteName } from "../errors.ts";
import type { ByteSource } from "./byte-source.ts";

/** Most characters of a file's name in a message. */
const NAME_CHARACTERS = 40;

function pathOf(location: string): string {
  if (!location.startsWith("file:")) return location;
  try {
    return fileURLToPath(location);
  } catch (cause) {
    throw new PrismaError(
      "SOURCE_NOT_FOUND",
      `${quoteName(location)} is no URL of a file on this machine`,
      {},
      { cause },
    );
  }
}

/** What the system calls a fault, e.g. `ENOENT`. */
function faultOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
}

/** A file by path or file URL; it is opened for each read, so nothing stays open. */
export function openFile(location: string): ByteSource {
  const path = pathOf(location);
  const name = quoteName(basename(path), NAME_CHARACTERS);

  const withFile = async <T>(use: (file: FileHandle) => Promise<T>): Promise<T> => {
    let file: FileHandle | undefined;
    try {
      file = await open(path, "r");
      return await use(file);
    } catch (cause) {
      if (cause instanceof PrismaError) throw cause;
      throw new PrismaError(
        "SOURCE_NOT_FOUND",
        `${name}: the file could not be read (${faultOf(cause)})`,
        { name },
        { cause },
      );
    } finally {
      await file?.close();
    }
  };

  const sizeOf = async (file: FileHandle): Promise<number> => {
    const facts = await file.stat();
    if (!facts.isFile())
      throw new PrismaError("SOURCE_NOT_FOUND", `${name} is a folder or a device, not a file`, {
        name,
      });
    return facts.size;
  };

  const readRange = async (
    file: FileHandle,
    begin: number,
    end: number,
  ): Promise<Uint8Array<ArrayBuffer>> => {
    const bytes = new Uint8Array(end - begin);
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, begin + filled);
      if (bytesRead === 0) {
        throw new PrismaError(
          "SOURCE_TRUNCATED",
          `${name}: the file ends at byte ${begin + filled}, before byte ${end}`,
          { name, end },
        );
      }
      filled += bytesRead;
    }
    return bytes;
  };

  return {
    name,
    size: () => withFile(sizeOf),
    read: (begin, end) => withFile((file) => readRange(file, begin, end)),
  };
}

/** Names of the files in the folder at `location`, in no order; null where there is no such folder. */
export async function listFiles(location: string): Promise<readonly string[] | null> {
  try {
    const entries = await readdir(pathOf(location), { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isDirectory() ? [] : [entry.name]));
  } catch {
    return null;
  }
}
