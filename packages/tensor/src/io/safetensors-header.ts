// The header of a safetensors file: parsed strictly and checked whole before a byte of data is believed.
import { PrismaError, quoteName, type ErrorCode } from "../errors.ts";
import type { ByteSource, ReadOptions } from "./byte-source.ts";
import { FILE_DTYPE_BITS } from "./decode-dtype.ts";
import { guessFormat } from "./guess-format.ts";
import { JsonNumber, JsonSyntaxError, parseStrictJson, type JsonValue } from "./strict-json.ts";

/** One tensor of a file. Bytes count from the end of the header. */
export interface SafetensorsEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** A checked header. */
export interface SafetensorsHeader {
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: ReadonlyMap<string, string>;
  /** Byte of the file at which data starts. */
  readonly dataStart: number;
}

/** What a file may ask of us at most. */
export interface SafetensorsLimits {
  readonly headerBytes?: number;
  readonly tensors?: number;
  readonly nameBytes?: number;
  readonly rank?: number;
  readonly metadataPairs?: number;
}

const DEFAULTS = {
  headerBytes: 25_000_000,
  tensors: 100_000,
  nameBytes: 1024,
  rank: 8,
  metadataPairs: 10_000,
} as const;
/** Beyond this no header is believed, whatever the caller allows. */
const HARD_HEADER_BYTES = 100_000_000;
const LENGTH_BYTES = 8;
/** A dimension is an index, and those have 32 bits on every device. */
const MAX_DIMENSION = 2 ** 32 - 1;
/** Digits of the largest 64-bit number; what is longer is no number of this format. */
const MAX_DIGITS = 20;
const HEADER_DEPTH = 3;

/** @throws PrismaError ARGUMENT_INVALID */
function limitsOf(given: SafetensorsLimits): Required<SafetensorsLimits> {
  const limits: Record<keyof SafetensorsLimits, number> = { ...DEFAULTS };
  for (const name of ["headerBytes", "tensors", "nameBytes", "rank", "metadataPairs"] as const) {
    const value = given[name] ?? limits[name];
    if (!Number.isSafeInteger(value) || value < 0)
      throw new PrismaError(
        "ARGUMENT_INVALID",
        `readSafetensors: ${name} is ${value}; a limit is a whole number of at least 0`,
      );
    limits[name] = value;
  }
  return limits;
}

/** The byte of a header at which the UTF-16 unit `at` of its text stands. */
function byteAt(text: string, at: number): number {
  return new TextEncoder().encode(text.slice(0, at)).length;
}

/** Checks one file; `file` names it in messages. */
class HeaderCheck {
  readonly limits: Required<SafetensorsLimits>;

  constructor(
    readonly file: string,
    limits: SafetensorsLimits,
  ) {
    this.limits = limitsOf(limits);
  }

  fail(code: ErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}): never {
    throw new PrismaError(code, `${this.file}: ${message}`, { file: this.file, ...details });
  }

  /** Length of the header from the first eight bytes. */
  headerLength(start: Uint8Array, fileSize: number): number {
    if (fileSize < LENGTH_BYTES)
      this.fail(
        "ST_TOO_SHORT",
        `the file has ${fileSize} bytes; a header alone needs more than ${LENGTH_BYTES}`,
        { fileSize },
      );
    const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
    const length = view.getBigUint64(0, true);
    const guess = guessFormat(start);
    if (length > BigInt(fileSize - LENGTH_BYTES) && guess !== null)
      this.fail("ST_NOT_SAFETENSORS", `this looks like ${guess}, not like a safetensors file`, {
        guess,
      });
    if (length > BigInt(Math.min(this.limits.headerBytes, HARD_HEADER_BYTES))) {
      const hard = length > BigInt(HARD_HEADER_BYTES);
      this.fail(
        hard ? "ST_HEADER_TOO_LARGE" : "ST_LIMIT",
        `the header claims ${length} bytes; the limit is ${hard ? HARD_HEADER_BYTES : this.limits.headerBytes}`,
        { length: String(length) },
      );
    }
    if (length > BigInt(fileSize - LENGTH_BYTES))
      this.fail(
        "ST_HEADER_LENGTH",
        `the header claims ${length} bytes, the file has ${fileSize - LENGTH_BYTES} after the length`,
        { length: String(length), fileSize },
      );
    return Number(length);
  }

  parse(bytes: Uint8Array): ReadonlyMap<string, JsonValue> {
    let text: string;
    try {
      text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch (cause) {
      throw new PrismaError(
        "ST_HEADER_UTF8",
        `${this.file}: the header is not valid UTF-8; the file is damaged or hostile`,
        { file: this.file },
        { cause },
      );
    }
    const root = this.#json(text);
    if (root instanceof Map) return root;
    return this.fail("ST_HEADER_NOT_OBJECT", "the header is JSON, but not an object");
  }

  #json(text: string): JsonValue {
    try {
      // The one name more is __metadata__.
      return parseStrictJson(
        text,
        HEADER_DEPTH + 1,
        Math.max(this.limits.tensors + 1, this.limits.metadataPairs),
      );
    } catch (error) {
      if (error instanceof JsonSyntaxError) return this.#failAt(text, error);
      throw error;
    }
  }

  #failAt(text: string, error: JsonSyntaxError): never {
    const position = byteAt(text, error.at);
    if (error.fault === "duplicate") {
      const positions = [byteAt(text, error.firstAt ?? 0), position];
      this.fail(
        "ST_DUPLICATE_KEY",
        `the key ${quoteName(error.key ?? "")} stands at bytes ${positions.join(" and ")} of the header`,
        { key: error.key, positions },
      );
    }
    if (error.fault === "depth")
      this.fail(
        "ST_HEADER_DEPTH",
        `the header nests too deep at its byte ${position}; a tensor needs ${HEADER_DEPTH} levels`,
        { position },
      );
    if (error.fault === "keys")
      this.fail(
        "ST_LIMIT",
        `the header has ${error.message} at its byte ${position}; the limit of tensors is ${this.limits.tensors}`,
        { position },
      );
    return this.fail(
      "ST_HEADER_JSON",
      `the header is not JSON at its byte ${position}: ${error.message}`,
      { position },
    );
  }

  metadata(value: JsonValue | undefined): Map<string, string> {
    const result = new Map<string, string>();
    if (value === undefined) return result;
    if (!(value instanceof Map))
      this.fail("ST_METADATA_INVALID", "__metadata__ is not an object of texts");
    if (value.size > this.limits.metadataPairs)
      this.fail(
        "ST_LIMIT",
        `__metadata__ has ${value.size} pairs; the limit is ${this.limits.metadataPairs}`,
      );
    for (const [key, text] of value) {
      if (typeof text !== "string")
        this.fail("ST_METADATA_INVALID", `__metadata__ ${quoteName(key)} is not a text`, { key });
      result.set(key, text);
    }
    return result;
  }

  entry(name: string, record: JsonValue): SafetensorsEntry {
    const shown = `tensor ${quoteName(name)}`;
    // A name has at least as many bytes as characters.
    const nameBytes =
      name.length > this.limits.nameBytes ? name.length : new TextEncoder().encode(name).length;
    if (nameBytes > this.limits.nameBytes)
      this.fail("ST_LIMIT", `${shown}: the name is longer than ${this.limits.nameBytes} bytes`);
    if (!(record instanceof Map))
      this.fail("ST_ENTRY_INVALID", `${shown} is not described by an object`);
    for (const field of ["dtype", "shape", "data_offsets"]) {
      if (!record.has(field)) this.fail("ST_ENTRY_INVALID", `${shown} lacks ${field}`, { field });
    }
    const dtype = record.get("dtype");
    const bits = typeof dtype === "string" ? FILE_DTYPE_BITS[dtype] : undefined;
    if (typeof dtype !== "string" || bits === undefined)
      this.fail(
        "ST_DTYPE_UNKNOWN",
        `${shown} has the element type ${typeof dtype === "string" ? quoteName(dtype) : "that is no text"}, which safetensors does not know`,
      );
    const shape = this.#shape(shown, record.get("shape"));
    const [begin, end] = this.#offsets(shown, record.get("data_offsets"));
    this.#assertSize(shown, shape, bits, end - begin);
    return { dtype, shape, begin, end };
  }

  #shape(shown: string, value: JsonValue | undefined): number[] {
    if (!Array.isArray(value))
      return this.fail("ST_SHAPE_INVALID", `${shown}: the shape is not a list`);
    if (value.length > this.limits.rank)
      this.fail("ST_LIMIT", `${shown} has rank ${value.length}; the limit is ${this.limits.rank}`, {
        rank: value.length,
      });
    return value.map((item) => {
      if (!(item instanceof JsonNumber) || !item.wholeForm)
        return this.fail(
          "ST_SHAPE_INVALID",
          `${shown}: a size is not a whole number of at least 0`,
        );
      const size = item.whole;
      if (size === null)
        return this.fail(
          item.text.length > MAX_DIGITS ? "ST_SHAPE_INVALID" : "ST_SIZE_OVERFLOW",
          `${shown}: a size is above 2^53 - 1`,
        );
      return size;
    });
  }

  #offsets(shown: string, value: JsonValue | undefined): [number, number] {
    const ends =
      Array.isArray(value) && value.length === 2
        ? value.map((item) => (item instanceof JsonNumber ? item.whole : null))
        : [];
    const [begin, end] = ends;
    if (begin === null || begin === undefined || end === null || end === undefined || end < begin) {
      return this.fail(
        "ST_OFFSETS_INVALID",
        `${shown}: data_offsets are not two rising whole numbers`,
      );
    }
    return [begin, end];
  }

  #assertSize(shown: string, shape: readonly number[], bits: number, found: number): void {
    // A zero makes the product 0 however large the others are; no factor is below 1 otherwise, so a product past 2^53 stays there.
    const elements = shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
    if (!Number.isSafeInteger(elements * bits))
      this.fail("ST_SIZE_OVERFLOW", `${shown}: the shape has more elements than can be counted`, {
        shape,
      });
    const large = shape.find((size) => size > MAX_DIMENSION);
    if (large !== undefined)
      this.fail("ST_LIMIT", `${shown} has a dimension of ${large}; the limit is 2^32 - 1`, {
        shape,
      });
    if ((elements * bits) % 8 !== 0)
      this.fail("ST_DTYPE_UNSUPPORTED", `${shown} ends within a byte`);
    const expected = (elements * bits) / 8;
    if (expected !== found)
      this.fail(
        "ST_SIZE_MISMATCH",
        `${shown}: shape [${shape.join(",")}] needs ${expected} bytes, its range has ${found}`,
        { expected, found },
      );
  }

  /** Ranges must tile the data exactly. */
  tiling(entries: ReadonlyMap<string, SafetensorsEntry>, dataBytes: number): void {
    const sorted = [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
    let at = 0;
    let before = "";
    for (const [name, { begin, end }] of sorted) {
      const shown = `tensor ${quoteName(name)}`;
      if (begin > at)
        this.fail(
          "ST_OFFSETS_GAP",
          `${shown} starts at byte ${begin}, but the data before it ends at ${at}; ranges must touch`,
          { begin, expected: at },
        );
      if (begin < at)
        this.fail(
          "ST_OFFSETS_OVERLAP",
          `${shown} starts at byte ${begin}, but ${quoteName(before)} ends at ${at}; ranges must touch without overlap`,
          { begin, expected: at },
        );
      [at, before] = [end, name];
    }
    if (at > dataBytes)
      this.fail(
        "ST_TRUNCATED",
        `the tensors need ${at} bytes of data, the file has ${dataBytes}; download it again`,
        { need: at, have: dataBytes },
      );
    if (at < dataBytes)
      this.fail("ST_TRAILING_BYTES", `the file has ${dataBytes - at} bytes after its last tensor`, {
        extra: dataBytes - at,
      });
  }
}

/** Checks a header that is already in memory: `bytes` after the length field, in a file of `fileSize` bytes. */
function checkHeader(check: HeaderCheck, bytes: Uint8Array, fileSize: number): SafetensorsHeader {
  const root = check.parse(bytes);
  const metadata = check.metadata(root.get("__metadata__"));
  const records = [...root].filter(([name]) => name !== "__metadata__");
  if (records.length > check.limits.tensors)
    check.fail(
      "ST_LIMIT",
      `the file has ${records.length} tensors; the limit is ${check.limits.tensors}`,
      { tensors: records.length },
    );
  const entries = new Map(records.map(([name, record]) => [name, check.entry(name, record)]));
  const dataStart = LENGTH_BYTES + bytes.length;
  check.tiling(entries, fileSize - dataStart);
  return { entries, metadata, dataStart };
}

/**
 * Reads and checks the header of `source`; data is not read.
 * @throws PrismaError ST_* naming what is wrong, and what the source throws
 */
export async function readSafetensorsHeader(
  source: ByteSource,
  options: SafetensorsLimits & ReadOptions = {},
): Promise<SafetensorsHeader> {
  const check = new HeaderCheck(source.name, options);
  const size = await source.size(options);
  const start = await source.read(0, Math.min(size, LENGTH_BYTES), options);
  const length = check.headerLength(start, size);
  return checkHeader(check, await source.read(LENGTH_BYTES, LENGTH_BYTES + length, options), size);
}

/** Checks the bytes of a whole file; the writer's own proof. */
export function checkSafetensors(file: Uint8Array, name: string): SafetensorsHeader {
  const check = new HeaderCheck(name, {});
  const length = check.headerLength(file.subarray(0, LENGTH_BYTES), file.length);
  return checkHeader(check, file.subarray(LENGTH_BYTES, LENGTH_BYTES + length), file.length);
}
