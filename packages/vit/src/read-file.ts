// Small files, whole: configurations and pictures.
import { byteSource, type ByteInput } from "@prisma/tensor";

/** A URL, or in Node a path. */
export type FileAddress = string | URL;

/**
 * The file `name` in `folder`.
 * @example
 * inFolder("models/clip/", "config.json"); // "models/clip/config.json"
 */
export function inFolder(folder: FileAddress, name: string): FileAddress {
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
