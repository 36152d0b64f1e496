// A second opinion on safetensors files: what is in one, or null where it must be refused. Slow and plain; it shares
// nothing with the reader, parses with the engine's own JSON, and knows the default limits.
import { BITS } from "./random-file.ts";

/** A tensor of a file that is good. */
export interface JudgedTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** What is in a good file. */
export interface JudgedFile {
  readonly tensors: readonly JudgedTensor[];
  readonly metadata: readonly (readonly [string, string])[];
}

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const TEXT = /"(?:[^"\\]|\\.)*"(?:\s*:)?/g;

type Plain = string | boolean | null | Plain[] | { readonly [key: string]: Plain };

/** `text` parsed with every string marked by an "s" and every number as its own text after an "n": nothing is rounded. */
function parseMarked(text: string): Plain {
  JSON.parse(text);
  const mark = (token: string) => (token.startsWith('"') ? `"s${token.slice(1)}` : `"n${token}"`);
  return JSON.parse(text.replace(TOKEN, mark)) as Plain;
}

const isObject = (value: Plain | undefined): value is { readonly [key: string]: Plain } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** All keys of all objects in `value`; of two that are the same, parsing has left one. */
function keysIn(value: Plain): string[] {
  if (typeof value !== "object" || value === null) return [];
  const inside = Object.values(value).flatMap(keysIn);
  return Array.isArray(value) ? inside : [...Object.keys(value), ...inside];
}

function textsIn(value: Plain): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

const depthOf = (value: Plain): number =>
  typeof value === "object" && value !== null
    ? 1 + Math.max(0, ...Object.values(value).map(depthOf))
    : 0;

function wholeNumbers(value: Plain | undefined): number[] {
  if (!Array.isArray(value)) return [NaN];
  return value.map((item) =>
    typeof item === "string" && /^n\d+$/.test(item) ? Number(item.slice(1)) : NaN,
  );
}

/** The tensor that `record` describes, without a look at the others. */
function judgeTensor([key, record]: readonly [string, Plain]): JudgedTensor | null {
  const name = key.slice(1);
  if (!isObject(record) || new TextEncoder().encode(name).length > 1024) return null;
  const dtype = typeof record["sdtype"] === "string" ? record["sdtype"].slice(1) : "";
  const shape = wholeNumbers(record["sshape"]);
  const [begin = NaN, end = NaN, ...more] = wholeNumbers(record["sdata_offsets"]);
  const bits = BITS.get(dtype);
  if (bits === undefined || shape.length > 8 || more.length > 0) return null;
  if (![begin, end, ...shape].every(Number.isSafeInteger)) return null;
  if (end < begin || shape.some((size) => size >= 2 ** 32)) return null;
  const size = shape.reduce((product, factor) => product * BigInt(factor), BigInt(bits));
  return size === BigInt(end - begin) * 8n ? { name, dtype, shape, begin, end } : null;
}

/** Whether the tensors lie one after another from the first byte to the last. */
function tiles(tensors: readonly JudgedTensor[], dataBytes: number): boolean {
  const order = [...tensors].sort((a, b) => a.begin - b.begin || a.end - b.end);
  return [...order, { begin: dataBytes }].every(
    ({ begin }, i) => begin === (i === 0 ? 0 : order[i - 1]!.end),
  );
}

function judgeHeader(text: string, dataBytes: number): JudgedFile | null {
  const root = parseMarked(text);
  if (!isObject(root) || depthOf(root) > 4) return null;
  const written = (text.match(TEXT) ?? []).filter((token) => token.endsWith(":"));
  const keys = keysIn(root);
  if (keys.length !== written.length) return null;
  if ([...keys, ...textsIn(root)].some((one) => /\p{Surrogate}/u.test(one))) return null;

  const pairs = root["s__metadata__"] ?? {};
  if (!isObject(pairs)) return null;
  const metadata = Object.entries(pairs).map(([key, value]) => [key, value].map(unmarked));
  if (metadata.flat().includes(null)) return null;
  const records = Object.entries(root).filter(([key]) => key !== "s__metadata__");
  const tensors = records.flatMap((record) => judgeTensor(record) ?? []);
  if (tensors.length < records.length || !tiles(tensors, dataBytes)) return null;
  return { tensors, metadata: metadata as [string, string][] };
}

/** A text without its mark; null for what is no text. */
const unmarked = (value: Plain | undefined): string | null =>
  typeof value === "string" && value.startsWith("s") ? value.slice(1) : null;

/** What is in `bytes`, or null where they are no good file. */
export function judgeFile(bytes: Uint8Array): JudgedFile | null {
  if (bytes.length < 8) return null;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(bytes.length - 8)) return null;
  try {
    const header = bytes.subarray(8, 8 + Number(length));
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(header);
    return judgeHeader(text, bytes.length - 8 - header.length);
  } catch {
    return null;
  }
}
