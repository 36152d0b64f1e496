// One request for a range of a file, and what can go wrong on the way.
import { PrismaError, quoteName } from "../errors.ts";
import type { ReadOptions } from "./byte-source.ts";

/** Most characters of a file's name in a message. */
const NAME_CHARACTERS = 40;
/** Of the answers that blame the request: those that may be another one later. */
const LATER = new Set([408, 425, 429]);
const RANGE_NOT_SATISFIABLE = 416;

/** @throws PrismaError ARGUMENT_INVALID */
function locationOf(url: string): string {
  try {
    const { host, pathname } = new URL(url);
    return `${host}${pathname}`;
  } catch (cause) {
    const shown = url.replace(/[?#].*$/s, "").replace(/\/\/[^/]*@/, "//");
    throw new PrismaError("ARGUMENT_INVALID", `${quoteName(shown)} is no valid URL`, {}, { cause });
  }
}

/**
 * The end of a URL's path: what says which file it is, without what may be secret or long.
 * @throws PrismaError ARGUMENT_INVALID
 */
export function shownUrl(url: string): string {
  const path = locationOf(url);
  return quoteName(
    path.length <= NAME_CHARACTERS ? path : `...${path.slice(3 - NAME_CHARACTERS)}`,
    NAME_CHARACTERS,
  );
}

/** What a failed download throws: CANCELLED where the signal asked for it. */
function failedDownload(error: PrismaError, signal: AbortSignal | undefined): PrismaError {
  if (signal?.aborted !== true) return error;
  const { url } = error.details;
  return new PrismaError(
    "CANCELLED",
    `${String(url)}: the download was cancelled`,
    { url },
    { cause: error.cause },
  );
}

/** What an answer says that holds no file, or null where it holds one. */
function refusal(status: number, url: string): PrismaError | null {
  if ((status >= 200 && status < 300) || status === RANGE_NOT_SATISFIABLE) return null;
  const details = { url, status };
  if (status === 404 || status === 410)
    return new PrismaError(
      "SOURCE_NOT_FOUND",
      `${url}: there is no such file (${status})`,
      details,
    );
  if (status >= 400 && status < 500 && !LATER.has(status))
    return new PrismaError(
      "SOURCE_NOT_FOUND",
      `${url}: the server gives no access to the file (${status})`,
      details,
    );
  return new PrismaError("NETWORK_FAILED", `${url}: the server answered ${status}`, details);
}

/** Bytes `[begin, end)` of a file. */
export interface RangeRequest extends ReadOptions {
  readonly begin: number;
  readonly end: number;
}

/**
 * Asks for a range; the answer may be the range (206), the whole file (200), or that there is no such range (416).
 * @throws PrismaError NETWORK_FAILED, SOURCE_NOT_FOUND, CANCELLED
 */
export async function request(
  url: string,
  { begin, end, signal }: RangeRequest,
): Promise<Response> {
  const name = shownUrl(url);
  const response = await fetch(url, {
    headers: { Range: `bytes=${begin}-${end - 1}` },
    // Chromium's cache answers one of several ranges that are asked for at once with an empty body.
    cache: "no-store",
    ...(signal === undefined ? {} : { signal }),
  }).catch((cause: unknown) => {
    const message = `${name}: the server could not be reached`;
    const error = new PrismaError("NETWORK_FAILED", message, { url: name }, { cause });
    throw failedDownload(error, signal);
  });
  const error = refusal(response.status, name);
  if (error === null) return response;
  await response.body?.cancel();
  throw error;
}

/**
 * The bytes that an answer carries.
 * @throws PrismaError SOURCE_TRUNCATED where the connection breaks, CANCELLED
 */
export async function bodyOf(
  response: Response,
  name: string,
  options: ReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    const message = `${name}: the connection broke before the file was complete`;
    const error = new PrismaError("SOURCE_TRUNCATED", message, { url: name }, { cause });
    throw failedDownload(error, options.signal);
  }
}
