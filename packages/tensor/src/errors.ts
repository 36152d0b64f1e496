// Errors: one class, and one table of every code with its kind and whether trying again can help.

/** What a caller can do about an error. */
export type ErrorKind =
  | "BAD_INPUT"
  | "LIMIT"
  | "NETWORK"
  | "INTEGRITY"
  | "STORAGE"
  | "OUT_OF_MEMORY"
  | "DEVICE_LOST"
  | "UNSUPPORTED"
  | "CANCELLED"
  | "INTERNAL";

const KINDS = {
  SHAPE_MISMATCH: "BAD_INPUT",
  SHAPE_INVALID: "BAD_INPUT",
  DTYPE_MISMATCH: "BAD_INPUT",
  DTYPE_UNSUPPORTED: "UNSUPPORTED",
  DEVICE_MISMATCH: "BAD_INPUT",
  AXIS_INVALID: "BAD_INPUT",
  INDEX_OUT_OF_RANGE: "BAD_INPUT",
  ARGUMENT_INVALID: "BAD_INPUT",
  DISPOSED: "BAD_INPUT",
  NOT_DIFFERENTIABLE: "BAD_INPUT",
  ANOMALY: "BAD_INPUT",
  SIZE_LIMIT: "LIMIT",
  DEVICE_UNAVAILABLE: "UNSUPPORTED",
  PLATFORM_UNSUPPORTED: "UNSUPPORTED",
  DEVICE_LOST: "DEVICE_LOST",
  OUT_OF_MEMORY: "OUT_OF_MEMORY",
  KERNEL_FAILED: "INTERNAL",
  WORKER_FAILED: "DEVICE_LOST",
  CANCELLED: "CANCELLED",
  INTERNAL: "INTERNAL",
  HOOK_UNKNOWN: "BAD_INPUT",
  HOOK_FILTER_EMPTY: "BAD_INPUT",
  HOOK_RESULT_INVALID: "BAD_INPUT",
  HOOK_RETURNED_PROMISE: "BAD_INPUT",
  HOOK_IN_COMPILE: "BAD_INPUT",
  WEIGHTS_MISMATCH: "BAD_INPUT",
  CONFIG_INVALID: "BAD_INPUT",
  CHECKPOINT_MISSING: "BAD_INPUT",
  CHECKPOINT_UNEXPECTED: "BAD_INPUT",
  CHECKPOINT_SHAPE: "BAD_INPUT",
  TOKENIZER_INVALID: "BAD_INPUT",
  TOKENIZER_UNSUPPORTED: "UNSUPPORTED",
  TEXT_TOO_LONG: "LIMIT",
  CHECKPOINT_UNKNOWN: "BAD_INPUT",
  MANIFEST_INVALID: "BAD_INPUT",
  INDEX_INVALID: "BAD_INPUT",
  HASH_MISMATCH: "INTEGRITY",
  SOURCE_UNLISTABLE: "UNSUPPORTED",
  IMAGE_INVALID: "BAD_INPUT",
  IMAGE_UNSUPPORTED: "UNSUPPORTED",
  IMAGE_TOO_LARGE: "LIMIT",
  SOURCE_NOT_FOUND: "BAD_INPUT",
  SOURCE_TRUNCATED: "INTEGRITY",
  NETWORK_FAILED: "NETWORK",
  ST_TOO_SHORT: "INTEGRITY",
  ST_HEADER_LENGTH: "INTEGRITY",
  ST_HEADER_TOO_LARGE: "LIMIT",
  ST_NOT_SAFETENSORS: "INTEGRITY",
  ST_HEADER_JSON: "INTEGRITY",
  ST_HEADER_UTF8: "INTEGRITY",
  ST_HEADER_NOT_OBJECT: "INTEGRITY",
  ST_HEADER_DEPTH: "LIMIT",
  ST_DUPLICATE_KEY: "INTEGRITY",
  ST_ENTRY_INVALID: "INTEGRITY",
  ST_DTYPE_UNKNOWN: "INTEGRITY",
  ST_DTYPE_UNSUPPORTED: "UNSUPPORTED",
  ST_SHAPE_INVALID: "INTEGRITY",
  ST_SIZE_OVERFLOW: "INTEGRITY",
  ST_SIZE_MISMATCH: "INTEGRITY",
  ST_OFFSETS_INVALID: "INTEGRITY",
  ST_TRUNCATED: "INTEGRITY",
  ST_OFFSETS_GAP: "INTEGRITY",
  ST_OFFSETS_OVERLAP: "INTEGRITY",
  ST_TRAILING_BYTES: "INTEGRITY",
  ST_METADATA_INVALID: "INTEGRITY",
  ST_NAME_INVALID: "BAD_INPUT",
  ST_LIMIT: "LIMIT",
  ST_VALUE_RANGE: "INTEGRITY",
  NPY_NOT_NPY: "INTEGRITY",
  NPY_VERSION_UNSUPPORTED: "UNSUPPORTED",
  NPY_HEADER_LENGTH: "INTEGRITY",
  NPY_HEADER_TOO_LARGE: "LIMIT",
  NPY_HEADER_INVALID: "INTEGRITY",
  NPY_DTYPE_UNSUPPORTED: "UNSUPPORTED",
  NPY_TRUNCATED: "INTEGRITY",
  NPY_TRAILING_BYTES: "INTEGRITY",
  NPY_VALUE_RANGE: "INTEGRITY",
  PT_NOT_TORCH: "INTEGRITY",
  PT_LEGACY_FORMAT: "UNSUPPORTED",
  PT_ZIP_TRUNCATED: "INTEGRITY",
  PT_ZIP_INVALID: "INTEGRITY",
  PT_ZIP_OVERLAP: "INTEGRITY",
  PT_ZIP_UNSUPPORTED: "UNSUPPORTED",
  PT_NAME_INVALID: "INTEGRITY",
  PT_DUPLICATE_NAME: "INTEGRITY",
  PT_ENTRY_MISSING: "INTEGRITY",
  PT_PICKLE_INVALID: "INTEGRITY",
  PT_PICKLE_REFUSED: "UNSUPPORTED",
  PT_STORAGE_INVALID: "INTEGRITY",
  PT_TENSOR_INVALID: "INTEGRITY",
  PT_DTYPE_UNSUPPORTED: "UNSUPPORTED",
  PT_VALUE_RANGE: "INTEGRITY",
  PT_LIMIT: "LIMIT",
} as const satisfies Record<string, ErrorKind>;

/** A stable name of what went wrong; `docs/errors.md` has a row for each. */
export type ErrorCode = keyof typeof KINDS;

const RETRYABLE: ReadonlySet<ErrorKind> = new Set(["NETWORK", "OUT_OF_MEMORY", "DEVICE_LOST"]);

/** Longest message, code included. */
const MESSAGE_CHARACTERS = 400;

/** `message` on one line and within {@link MESSAGE_CHARACTERS}, whatever a part of it came from. */
function oneLine(message: string): string {
  const line = message.slice(0, 2 * MESSAGE_CHARACTERS).replace(/\s*[\n\r\u2028\u2029]\s*/g, " ");
  return line.length <= MESSAGE_CHARACTERS ? line : `${line.slice(0, MESSAGE_CHARACTERS - 4)} ...`;
}

/** The error every part of the library throws on bad input, limits and faults. */
export class PrismaError extends Error {
  /** Always `PrismaError`, so that errors of several copies of the package can be told. */
  override readonly name = "PrismaError";
  /** What is wrong, for programs; `message` says it for people. */
  readonly code: ErrorCode;
  /** What sort of fault the code belongs to. */
  readonly kind: ErrorKind;
  /** Facts as plain data: what was found, what was expected. */
  readonly details: Readonly<Record<string, unknown>>;
  /** True when the same call may succeed later. */
  readonly retryable: boolean;

  constructor(
    code: ErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    options: { cause?: unknown } = {},
  ) {
    super(oneLine(`${code}: ${message}`), options);
    this.code = code;
    this.kind = KINDS[code];
    this.details = details;
    this.retryable = RETRYABLE.has(this.kind);
  }
}

/** Longest part of a foreign name that a message quotes, escapes included. */
const QUOTED_CHARACTERS = 80;
/** Control, format (bidirectional ones among them), halves of surrogate pairs, line separators, and our own quotes. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}"\\]/u;

/**
 * `text` from outside, safe to put in a message: quoted, control and bidirectional characters escaped, at most `longest` characters.
 * @example
 * quoteName("a\tb"); // '"a\\u{9}b"'
 */
export function quoteName(text: string, longest = QUOTED_CHARACTERS): string {
  if (text.length <= longest && !UNSAFE.test(text)) return `"${text}"`;
  let shown = "";
  let read = 0;
  // An escape may not be cut, and a text of megabytes is not walked: at most `longest` characters are looked at.
  for (const character of text.slice(0, 2 * longest)) {
    const next = UNSAFE.test(character)
      ? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
      : character;
    if (shown.length + next.length > longest) break;
    shown += next;
    read += character.length;
  }
  return read === text.length ? `"${shown}"` : `"${shown}" ... (${text.length} characters)`;
}

/**
 * What `value` is, in words, for messages about arguments of a wrong kind: `null`, `a string`, `an array`, `a Map`.
 * @example
 * kindOf(new Map()); // "a Map"
 * kindOf(3); // "the number 3"
 */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "number") return `the number ${value}`;
  const type: unknown = typeof value === "object" ? Reflect.get(value, "constructor") : null;
  const own = typeof type === "function" && type !== Object && type !== Array;
  const name = own ? type.name : Array.isArray(value) ? "array" : typeof value;
  return `${/^[aeio]/i.test(name) ? "an" : "a"} ${name}`;
}
