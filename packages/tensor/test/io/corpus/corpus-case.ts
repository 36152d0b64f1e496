// A case of the malformed-safetensors corpus, and what its builders are made of.
import type { ErrorCode } from "../../../src/errors.ts";
import type { SafetensorsLimits } from "../../../src/io/safetensors-limits.ts";

/** A tensor that a good file holds; `bytes` as they lie in the file. */
export interface ExpectedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** A file, and what must come of reading it. */
export interface CorpusCase {
  readonly id: string;
  readonly what: string;
  readonly expected: ErrorCode | "ok";
  readonly build: () => Uint8Array<ArrayBuffer>;
  /** Details that the error must carry. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Limits to read with; the default ones where absent. */
  readonly limits?: SafetensorsLimits;
  /** All tensors of a good file, in the order of its header. */
  readonly tensors?: readonly ExpectedTensor[];
  readonly metadata?: readonly (readonly [key: string, value: string])[];
}

const EMPTY = new Uint8Array(0);

/** How a file is put together. */
export interface FileParts {
  /** The length field: a number, all eight bytes, or by default the header's true length. */
  readonly length?: bigint | Uint8Array;
  /** Whether spaces fill the header up to a multiple of eight bytes, so that alignment is never the reason. */
  readonly pad?: boolean;
}

/** UTF-8. */
export const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** Little-endian float32. */
export function f32(...values: readonly number[]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, i) => view.setFloat32(4 * i, value, true));
  return new Uint8Array(view.buffer);
}

/** All `parts`, one after another. */
export function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function lengthField(length: bigint): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, length, true);
  return new Uint8Array(view.buffer);
}

/** A file: length, header, data. */
export function file(
  header: string | Uint8Array,
  data: Uint8Array = EMPTY,
  { length, pad = true }: FileParts = {},
): Uint8Array<ArrayBuffer> {
  const text = typeof header === "string" ? utf8(header) : header;
  const spaces = new Uint8Array(pad ? (8 - (text.length % 8)) % 8 : 0).fill(0x20);
  const field =
    length instanceof Uint8Array
      ? length
      : lengthField(length ?? BigInt(text.length + spaces.length));
  return join(field, text, spaces, data);
}

/** The JSON texts of one tensor's record. */
export interface RecordParts {
  readonly dtype?: string;
  readonly shape?: string;
  readonly offsets?: string;
}

/** The JSON text of a record; by default of two float32 at the start of the data. */
export function record({
  dtype = '"F32"',
  shape = "[2]",
  offsets = "[0,8]",
}: RecordParts = {}): string {
  return `{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}`;
}

/** The case of a file to be refused. */
export function refused(
  id: string,
  what: string,
  expected: ErrorCode,
  build: () => Uint8Array<ArrayBuffer>,
  rest: Pick<CorpusCase, "details" | "limits"> = {},
): CorpusCase {
  return { id, what, expected, build, ...rest };
}

/** The mark of a place in a header's text; builders take it out. */
const MARK = "¦";

/** `header` without its marks, and the bytes at which they stood. */
export function takeMarks(header: string): { readonly header: string; readonly places: number[] } {
  const parts = header.split(MARK);
  const places = parts.slice(0, -1).map((_, i) => utf8(parts.slice(0, i + 1).join("")).length);
  return { header: parts.join(""), places };
}
