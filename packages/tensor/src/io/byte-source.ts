// Byte sources: where files are read from, a range at a time: memory, blobs, URLs, and paths in Node.
import { openFile } from "#file-source";
import { kindOf, PrismaError } from "../errors.ts";
import { blobSource, blobUrlSource } from "./blob-source.ts";
import { memorySource } from "./memory-source.ts";
import { UrlSource } from "./url-source.ts";

/** How a range is read. */
export interface ReadOptions {
  readonly signal?: AbortSignal;
}

/** A file that can be read in parts. */
export interface ByteSource {
  /** For messages. */
  readonly name: string;
  size(options?: ReadOptions): Promise<number>;
  /** Bytes `[begin, end)`, all of them or an error. */
  read(begin: number, end: number, options?: ReadOptions): Promise<Uint8Array<ArrayBuffer>>;
}

/** Anything {@link byteSource} can read. Text is a URL, or in Node a path. */
export type ByteInput = string | URL | Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | ByteSource;

function isSource(input: unknown): input is ByteSource {
  return (
    typeof input === "object" &&
    input !== null &&
    "read" in input &&
    "size" in input &&
    typeof input.size === "function"
  );
}

/**
 * A source for `input`: bytes in memory, a Blob or File, an http(s), blob or data URL, or in Node a path or file URL.
 * Its `size` and `read` throw SOURCE_NOT_FOUND, SOURCE_TRUNCATED, NETWORK_FAILED and CANCELLED.
 * @throws PrismaError ARGUMENT_INVALID; SOURCE_NOT_FOUND for a path in a page
 * @example
 * const source = byteSource(new Uint8Array([1, 2, 3]));
 * await source.size(); // 3
 * await source.read(1, 2); // new Uint8Array([2])
 */
export function byteSource(input: ByteInput): ByteSource {
  if (input instanceof Uint8Array) return memorySource(input);
  if (input instanceof ArrayBuffer) return memorySource(new Uint8Array(input));
  if (input instanceof Blob) return blobSource(input);
  if (typeof input !== "string" && !(input instanceof URL)) {
    if (isSource(input)) return input;
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `a file is given as bytes, a Blob, a URL or a path, not as ${kindOf(input)}`,
    );
  }
  const text = String(input);
  if (/^(blob|data):/.test(text)) return blobUrlSource(text);
  return /^https?:/.test(text) ? new UrlSource(text) : openFile(text);
}
