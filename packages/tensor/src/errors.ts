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
  SIZE_LIMIT: "LIMIT",
  DEVICE_UNAVAILABLE: "UNSUPPORTED",
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
  CONFIG_INVALID: "BAD_INPUT",
  CHECKPOINT_MISSING: "BAD_INPUT",
  CHECKPOINT_UNEXPECTED: "BAD_INPUT",
  CHECKPOINT_SHAPE: "BAD_INPUT",
  IMAGE_INVALID: "BAD_INPUT",
  IMAGE_UNSUPPORTED: "UNSUPPORTED",
  IMAGE_TOO_LARGE: "LIMIT",
  SOURCE_NOT_FOUND: "NETWORK",
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
  JSON_INVALID: "INTEGRITY",
} as const satisfies Record<string, ErrorKind>;

/** A stable name of what went wrong; `docs/errors.md` has a row for each. */
export type ErrorCode = keyof typeof KINDS;

const RETRYABLE: ReadonlySet<ErrorKind> = new Set(["NETWORK", "OUT_OF_MEMORY", "DEVICE_LOST"]);

/** The error every part of the library throws on bad input, limits and faults. */
export class PrismaError extends Error {
  override readonly name = "PrismaError";
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  /** Facts as plain data: what was found, what was expected. */
  readonly details: Readonly<Record<string, unknown>>;
  /** True when the same call may succeed later. */
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}, options: { cause?: unknown } = {}) {
    super(`${code}: ${message}`, options);
    this.code = code;
    this.kind = KINDS[code];
    this.details = details;
    this.retryable = RETRYABLE.has(this.kind);
  }
}

/** Longest part of a foreign name that a message quotes. */
const QUOTED_CHARACTERS = 80;

/** `text` from outside, safe to put in a message: quoted, control and bidirectional characters escaped, at most 80 characters. */
export function quoteName(text: string): string {
  const shown = [...text].slice(0, QUOTED_CHARACTERS).join("");
  const escaped = shown.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}"\\]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
  return shown.length === text.length ? `"${escaped}"` : `"${escaped}" ... (${text.length} characters)`;
}
