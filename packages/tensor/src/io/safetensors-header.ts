// The header of a safetensors file: parsed strictly and checked whole before a byte of data is believed.
import { quoteName } from "../errors.ts";
import type { ByteSource, ReadOptions } from "./byte-source.ts";
import { guessFormat } from "./guess-format.ts";
import { checkEntry, type SafetensorsEntry } from "./safetensors-entry.ts";
import { FileCheck, type SafetensorsLimits } from "./safetensors-limits.ts";
import { JsonSyntaxError, parseStrictJson, type JsonValue } from "./strict-json.ts";

/** A checked header. */
export interface SafetensorsHeader {
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: ReadonlyMap<string, string>;
  /** Byte of the file at which data starts. */
  readonly dataStart: number;
}

/** Beyond this no header is believed, whatever the caller allows. */
const HARD_HEADER_BYTES = 100_000_000;
const LENGTH_BYTES = 8;
/** Objects and lists in one another: the header, a tensor, its shape. One more is parsed, to say what is wrong with it. */
const HEADER_DEPTH = 3;

/** Length of the header from the first eight bytes. */
function headerLength(check: FileCheck, start: Uint8Array, fileSize: number): number {
  if (fileSize < LENGTH_BYTES)
    check.fail(
      "ST_TOO_SHORT",
      `the file has ${fileSize} bytes; a header alone needs more than ${LENGTH_BYTES}`,
      { fileSize },
    );
  const length = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  const rest = fileSize - LENGTH_BYTES;
  const guess = guessFormat(start);
  if (guess !== null && length > BigInt(Math.min(rest, check.limits.headerBytes)))
    check.fail("ST_NOT_SAFETENSORS", `this looks like ${guess}, not like a safetensors file`, {
      guess,
    });
  if (length > BigInt(HARD_HEADER_BYTES))
    check.fail(
      "ST_HEADER_TOO_LARGE",
      `the header claims ${length} bytes; no header has more than ${HARD_HEADER_BYTES}`,
      { length: String(length) },
    );
  check.assertWithin("headerBytes", Number(length), `the header claims ${length} bytes`);
  if (length > BigInt(rest))
    check.fail(
      "ST_HEADER_LENGTH",
      `the header claims ${length} bytes, the file has ${rest} after the length`,
      { length: String(length), fileSize },
    );
  return Number(length);
}

function parseHeader(check: FileCheck, bytes: Uint8Array): ReadonlyMap<string, JsonValue> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    return check.fail(
      "ST_HEADER_UTF8",
      "the header is not valid UTF-8; the file is damaged or hostile",
      {},
      cause,
    );
  }
  const root = parseText(check, text);
  if (root instanceof Map) return root;
  return check.fail("ST_HEADER_NOT_OBJECT", "the header is JSON, but not an object");
}

function parseText(check: FileCheck, text: string): JsonValue {
  const { tensors, metadataPairs } = check.limits;
  try {
    // The one name more is __metadata__; what nests deeper is no part of the format, and as long as the header at most.
    return parseStrictJson(text, HEADER_DEPTH + 1, [tensors + 1, metadataPairs]);
  } catch (error) {
    if (error instanceof JsonSyntaxError) return failJson(check, text, error);
    throw error;
  }
}

function failJson(check: FileCheck, text: string, error: JsonSyntaxError): never {
  /** The byte of the header at which the UTF-16 unit `at` of its text stands. */
  const byteAt = (at: number): number => new TextEncoder().encode(text.slice(0, at)).length;
  const position = byteAt(error.at);
  switch (error.fault.kind) {
    case "duplicate": {
      const { key, firstAt } = error.fault;
      const positions = [byteAt(firstAt), position];
      return check.fail(
        "ST_DUPLICATE_KEY",
        `the key ${quoteName(key)} stands at bytes ${positions.join(" and ")} of the header`,
        { key, positions },
      );
    }
    case "depth":
      return check.fail(
        "ST_HEADER_DEPTH",
        `the header nests too deep at its byte ${position}; a tensor needs ${HEADER_DEPTH} levels`,
        { position },
      );
    case "keys":
      return check.failLimit(
        error.fault.depth === 0 ? "tensors" : "metadataPairs",
        `the header has an object with too many keys up to its byte ${position}`,
        { position },
      );
    case "syntax":
      return check.fail(
        "ST_HEADER_JSON",
        `the header is not JSON at its byte ${position}: ${error.message}`,
        { position },
      );
  }
}

function checkMetadata(check: FileCheck, value: JsonValue | undefined): Map<string, string> {
  const result = new Map<string, string>();
  if (value === undefined) return result;
  if (!(value instanceof Map))
    return check.fail("ST_METADATA_INVALID", "__metadata__ is not an object of texts");
  for (const [key, text] of value) {
    if (typeof text !== "string")
      check.fail("ST_METADATA_INVALID", `__metadata__ ${quoteName(key)} is not a text`, { key });
    result.set(key, text);
  }
  return result;
}

/** Ranges must tile the data exactly. */
function checkTiling(
  check: FileCheck,
  entries: ReadonlyMap<string, SafetensorsEntry>,
  dataBytes: number,
): void {
  const sorted = [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  let before = "";
  for (const [name, { begin, end }] of sorted) {
    if (begin > at)
      check.fail(
        "ST_OFFSETS_GAP",
        `tensor ${quoteName(name)} starts at byte ${begin}, but the data before it ends at ${at}; ranges must touch`,
        { begin, expected: at },
      );
    if (begin < at)
      check.fail(
        "ST_OFFSETS_OVERLAP",
        `tensor ${quoteName(name)} starts at byte ${begin}, but ${quoteName(before)} ends at ${at}; ranges must touch without overlap`,
        { begin, expected: at },
      );
    [at, before] = [end, name];
  }
  if (at > dataBytes)
    check.fail(
      "ST_TRUNCATED",
      `the tensors need ${at} bytes of data, the file has ${dataBytes}; download it again`,
      { need: at, have: dataBytes },
    );
  if (at < dataBytes)
    check.fail("ST_TRAILING_BYTES", `the file has ${dataBytes - at} bytes after its last tensor`, {
      extra: dataBytes - at,
    });
}

/** Checks a header that is already in memory: `bytes` after the length field, in a file of `fileSize` bytes. */
function checkHeader(check: FileCheck, bytes: Uint8Array, fileSize: number): SafetensorsHeader {
  const root = parseHeader(check, bytes);
  const metadata = checkMetadata(check, root.get("__metadata__"));
  const records = [...root].filter(([name]) => name !== "__metadata__");
  check.assertWithin("tensors", records.length, `the file has ${records.length} tensors`);
  const entries = new Map(records.map(([name, record]) => [name, checkEntry(check, name, record)]));
  const dataStart = LENGTH_BYTES + bytes.length;
  checkTiling(check, entries, fileSize - dataStart);
  return { entries, metadata, dataStart };
}

/**
 * Reads and checks the header of `source`; data is not read.
 * @throws PrismaError ST_* naming what is wrong, CANCELLED, and what the source throws
 */
export async function readSafetensorsHeader(
  source: ByteSource,
  options: SafetensorsLimits & ReadOptions = {},
): Promise<SafetensorsHeader> {
  const check = new FileCheck(source.name, options);
  if (options.signal?.aborted) check.fail("CANCELLED", "reading was cancelled");
  const size = await source.size(options);
  const start = await source.read(0, Math.min(size, LENGTH_BYTES), options);
  const length = headerLength(check, start, size);
  return checkHeader(check, await source.read(LENGTH_BYTES, LENGTH_BYTES + length, options), size);
}

/** Checks the bytes of a whole file; the writer's own proof. */
export function checkSafetensors(file: Uint8Array, name: string): SafetensorsHeader {
  const check = new FileCheck(name, {});
  const length = headerLength(check, file.subarray(0, LENGTH_BYTES), file.length);
  return checkHeader(check, file.subarray(LENGTH_BYTES, LENGTH_BYTES + length), file.length);
}
