// Files over HTTP, in ranges where the server knows them; every answer is held against what was asked for.
import { PrismaError } from "../errors.ts";
import type { ByteSource, ReadOptions } from "./byte-source.ts";
import { bodyOf, request, shownUrl } from "./http-request.ts";
import { assertComplete, memorySource } from "./memory-source.ts";

/** The status of an answer that holds a part of the file. */
const PARTIAL_CONTENT = 206;
/** The status of an answer to a range that the file does not have, as an empty file has none. */
const RANGE_NOT_SATISFIABLE = 416;

/** The part of the file that an answer says it holds, and the whole file's size; null when it does not say. */
function contentRange(response: Response): { begin: number; end: number; size: number } | null {
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(response.headers.get("content-range") ?? "");
  return match === null
    ? null
    : { begin: Number(match[1]), end: Number(match[2]) + 1, size: Number(match[3]) };
}

/** The body of a complete answer, as long as it says it is. */
async function wholeBody(
  response: Response,
  name: string,
  options: ReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await bodyOf(response, name, options);
  const declared = response.headers.get("content-length");
  // A compressed body has another length than its content.
  if (declared !== null && response.headers.get("content-encoding") === null)
    assertComplete(name, 0, Number(declared), bytes.length);
  return bytes;
}

/** A file over HTTP; from servers that do not know ranges it is read whole, once. */
export class UrlSource implements ByteSource {
  readonly name: string;
  // Results, not promises: who waits for another's download would be cancelled with it.
  #whole: ByteSource | null = null;
  #size: number | null = null;

  /** @throws PrismaError ARGUMENT_INVALID */
  constructor(readonly url: string) {
    this.name = shownUrl(url);
  }

  async size(options: ReadOptions = {}): Promise<number> {
    this.#size ??= await this.#findSize(options);
    return this.#size;
  }

  async #findSize(options: ReadOptions): Promise<number> {
    const response = await request(this.url, { begin: 0, end: 1, ...options });
    if (response.status !== PARTIAL_CONTENT && response.status !== RANGE_NOT_SATISFIABLE)
      return (await this.#readWhole(response, options)).size();
    const answered = response.headers.get("content-range");
    // Some servers (sirv, under vite) answer a range of one byte with the whole file; only the size is wanted here.
    await response.body?.cancel();
    const empty = response.status === RANGE_NOT_SATISFIABLE && answered === "bytes */0";
    const size = empty ? 0 : contentRange(response)?.size;
    if (size === undefined || (size > 0 && response.status !== PARTIAL_CONTENT))
      throw new PrismaError(
        "NETWORK_FAILED",
        `${this.name}: the server does not say how long the file is (for another origin it must expose Content-Range)`,
        { url: this.name, status: response.status, range: answered },
      );
    return size;
  }

  async #readWhole(response: Response, options: ReadOptions): Promise<ByteSource> {
    const bytes = await wholeBody(response, this.name, options);
    this.#assertSameSize(bytes.length);
    this.#whole = memorySource(bytes, this.name);
    return this.#whole;
  }

  #assertSameSize(found: number): void {
    if (this.#size !== null && found !== this.#size)
      throw new PrismaError(
        "SOURCE_TRUNCATED",
        `${this.name}: the file had ${this.#size} bytes when it was opened and has ${found} now; open it again`,
        { expected: this.#size, found },
      );
  }

  async read(
    begin: number,
    end: number,
    options: ReadOptions = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    if (begin === end) return new Uint8Array(0);
    if (this.#whole !== null) return this.#whole.read(begin, end);
    const response = await request(this.url, { begin, end, ...options });
    if (response.status !== PARTIAL_CONTENT && response.status !== RANGE_NOT_SATISFIABLE)
      return (await this.#readWhole(response, options)).read(begin, end);
    await this.#assertRange(response, begin, end);
    const bytes = await bodyOf(response, this.name, options);
    assertComplete(this.name, begin, end, bytes.length);
    return bytes;
  }

  /** @throws PrismaError SOURCE_TRUNCATED where `response` says that it holds something else */
  async #assertRange(response: Response, begin: number, end: number): Promise<void> {
    const range = contentRange(response);
    try {
      if (range !== null) this.#assertSameSize(range.size);
      if (range?.begin === begin && range.end === end) return;
      throw new PrismaError(
        "SOURCE_TRUNCATED",
        `${this.name}: bytes ${begin} to ${end} were asked for, and the server answered others`,
        { begin, end, status: response.status, range: response.headers.get("content-range") },
      );
    } catch (error) {
      await response.body?.cancel();
      throw error;
    }
  }
}
