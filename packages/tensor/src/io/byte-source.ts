// Byte sources: where files are read from, a range at a time: memory, blobs, URLs, and paths in Node.
import { openFile } from "#file-source";
import { PrismaError, quoteName } from "../errors.ts";

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

/** @throws PrismaError SOURCE_TRUNCATED */
function assertComplete(name: string, begin: number, end: number, found: number): void {
  if (found !== end - begin) {
    throw new PrismaError(
      "SOURCE_TRUNCATED",
      `${name}: bytes ${begin} to ${end} were asked for, ${found} of ${end - begin} came; download the file again`,
      { begin, end, found },
    );
  }
}

function memorySource(bytes: Uint8Array<ArrayBuffer>, name = "memory"): ByteSource {
  return {
    name,
    size: async () => bytes.length,
    read: async (begin, end) => {
      assertComplete(name, begin, end, Math.max(0, Math.min(end, bytes.length) - begin));
      return bytes.subarray(begin, end);
    },
  };
}

function blobSource(blob: Blob): ByteSource {
  const name = "name" in blob && typeof blob.name === "string" ? quoteName(blob.name) : "blob";
  return {
    name,
    size: async () => blob.size,
    read: async (begin, end) => {
      const bytes = new Uint8Array(await blob.slice(begin, end).arrayBuffer());
      assertComplete(name, begin, end, bytes.length);
      return bytes;
    },
  };
}

/** Most characters of a file's name in a message. */
const NAME_CHARACTERS = 40;

/** The end of a URL's path: what says which file it is, without what may be secret or long. */
function shownUrl(url: string): string {
  if (/^(data|blob):/.test(url)) return `a ${url.slice(0, 4)} URL`;
  const { host, pathname } = new URL(url);
  const path = `${host}${pathname}`;
  return quoteName(
    path.length <= NAME_CHARACTERS ? path : `...${path.slice(3 - NAME_CHARACTERS)}`,
    NAME_CHARACTERS,
  );
}

async function request(
  url: string,
  headers: Readonly<Record<string, string>>,
  options: ReadOptions,
): Promise<Response> {
  const name = shownUrl(url);
  let response: Response;
  try {
    response = await fetch(url, {
      headers,
      // Chromium's cache answers one of several ranges that are asked for at once with an empty body.
      cache: "no-store",
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  } catch (cause) {
    if (options.signal?.aborted)
      throw new PrismaError("CANCELLED", `${name}: the download was cancelled`, {}, { cause });
    throw new PrismaError(
      "NETWORK_FAILED",
      `${name}: the server could not be reached`,
      { url: name },
      { cause },
    );
  }
  if (response.status === 404)
    throw new PrismaError("SOURCE_NOT_FOUND", `${name}: there is no such file (404)`, {
      url: name,
      status: 404,
    });
  if (!response.ok)
    throw new PrismaError("NETWORK_FAILED", `${name}: the server answered ${response.status}`, {
      url: name,
      status: response.status,
    });
  return response;
}

async function bodyOf(
  response: Response,
  name: string,
  options: ReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    if (options.signal?.aborted)
      throw new PrismaError("CANCELLED", `${name}: the download was cancelled`, {}, { cause });
    throw new PrismaError(
      "SOURCE_TRUNCATED",
      `${name}: the connection broke before the file was complete`,
      { url: name },
      { cause },
    );
  }
}

/** The part of the file that an answer says it holds, and the whole file's size; null when it does not say. */
function contentRange(response: Response): { begin: number; end: number; size: number } | null {
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(response.headers.get("content-range") ?? "");
  return match === null
    ? null
    : { begin: Number(match[1]), end: Number(match[2]) + 1, size: Number(match[3]) };
}

/** A file over HTTP; servers that do not know ranges are read whole, once. */
class UrlSource implements ByteSource {
  readonly name: string;
  #whole: Promise<Uint8Array<ArrayBuffer>> | null = null;
  #size: Promise<number> | null = null;

  constructor(readonly url: string) {
    this.name = shownUrl(url);
  }

  async size(options: ReadOptions = {}): Promise<number> {
    this.#size ??= this.#findSize(options).catch((error: unknown) => {
      this.#size = null;
      throw error;
    });
    return this.#size;
  }

  async #findSize(options: ReadOptions): Promise<number> {
    const response = await request(this.url, { Range: "bytes=0-0" }, options);
    if (response.status === 206) {
      // Some servers (sirv, under vite) answer a range of one byte with the whole file; only the size is wanted here.
      const range = contentRange(response);
      await response.body?.cancel();
      if (range === null)
        throw new PrismaError(
          "NETWORK_FAILED",
          `${this.name}: the server does not say how long the file is`,
          { range: response.headers.get("content-range") },
        );
      return range.size;
    }
    this.#whole = this.#checkedBody(response, options);
    return (await this.#whole).length;
  }

  /** The body of a complete answer, as long as it says it is. */
  async #checkedBody(response: Response, options: ReadOptions): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await bodyOf(response, this.name, options);
    const declared = response.headers.get("content-length");
    // A compressed body has another length than its content.
    if (declared !== null && response.headers.get("content-encoding") === null)
      assertComplete(this.name, 0, Number(declared), bytes.length);
    return bytes;
  }

  async read(
    begin: number,
    end: number,
    options: ReadOptions = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    if (begin === end) return new Uint8Array(0);
    if (this.#whole !== null) return memorySource(await this.#whole, this.name).read(begin, end);
    const response = await request(this.url, { Range: `bytes=${begin}-${end - 1}` }, options);
    if (response.status !== 206) {
      this.#whole = this.#checkedBody(response, options);
      return memorySource(await this.#whole, this.name).read(begin, end);
    }
    const range = contentRange(response);
    if (range?.begin !== begin || range.end !== end) {
      await response.body?.cancel();
      throw new PrismaError(
        "SOURCE_TRUNCATED",
        `${this.name}: the server answered another range than bytes ${begin} to ${end}`,
        { range: response.headers.get("content-range") },
      );
    }
    const bytes = await bodyOf(response, this.name, options);
    assertComplete(this.name, begin, end, bytes.length);
    return bytes;
  }
}

function isSource(input: ByteInput): input is ByteSource {
  return (
    typeof input === "object" &&
    "read" in input &&
    "size" in input &&
    typeof input.size === "function"
  );
}

/**
 * A source for `input`: bytes in memory, a Blob or File, an http(s), blob or data URL, or in Node a path or file URL.
 * @throws PrismaError SOURCE_NOT_FOUND, UNSUPPORTED (by `read` and `size`)
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
    throw new PrismaError("ARGUMENT_INVALID", "a file is given as bytes, a Blob, a URL or a path");
  }
  const text = String(input);
  return /^(https?|blob|data):/.test(text) ? new UrlSource(text) : openFile(text);
}
