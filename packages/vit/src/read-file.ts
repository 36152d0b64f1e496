// Small files, whole: configurations and pictures.
import {
  byteSource,
  PrismaError,
  quoteName,
  type ByteInput,
  type ByteSource,
} from "@prisma/tensor";

/** A URL, or in Node a path. */
export type FileAddress = string | URL;

/** A folder: by its address, or its files by name, as a page has them of a folder that was dropped on it. */
export type FolderSource = FileAddress | ReadonlyMap<string, Blob>;

/**
 * True for a folder, and false for files in memory that say themselves what they are.
 * @example
 * isFolder("models/clip"); // true
 * isFolder(new Map([["config.json", new Blob(["{}"])]])); // true
 */
export function isFolder(source: object | string): source is FolderSource {
  return typeof source === "string" || source instanceof URL || source instanceof Map;
}

/** What reading a file that is not there gives. */
function missingFile(name: string): ByteSource {
  const fail = (): Promise<never> =>
    Promise.reject(
      new PrismaError("SOURCE_NOT_FOUND", `the folder has no file ${quoteName(name)}`, { name }),
    );
  return { name, size: fail, read: fail };
}

/**
 * The file `name` in `folder`.
 * @example
 * inFolder("models/clip/", "config.json"); // "models/clip/config.json"
 */
export function inFolder(folder: FileAddress, name: string): FileAddress;
export function inFolder(folder: FolderSource, name: string): FileAddress | Blob | ByteSource;
export function inFolder(folder: FolderSource, name: string): FileAddress | Blob | ByteSource {
  if (folder instanceof Map) return folder.get(name) ?? missingFile(name);
  const text = String(folder);
  if (!/^[a-z][a-z0-9+.-]+:/i.test(text)) return `${text.replace(/[/\\]+$/, "")}/${name}`;
  const url = new URL(text);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return new URL(name, url);
}

/**
 * All bytes of `input`, after `checkSize` has seen how many there are.
 * @throws PrismaError SOURCE_NOT_FOUND, NETWORK_FAILED, SOURCE_TRUNCATED, CANCELLED, and what `checkSize` throws
 * @example
 * (await readFile("models/garment-scenes-vit/config.json", () => {})).length > 100; // true
 */
export async function readFile(
  input: ByteInput,
  checkSize: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const options = signal === undefined ? {} : { signal };
  const source = byteSource(input);
  const size = await source.size(options);
  checkSize(size);
  return source.read(0, size, options);
}
