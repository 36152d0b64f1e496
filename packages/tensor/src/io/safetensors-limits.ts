// What a safetensors file may ask of us at most, and the errors of a file that is no good.
import { PrismaError, type ErrorCode } from "../errors.ts";

/** What a file may ask of us at most; each can be raised by who trusts the file. */
export interface SafetensorsLimits {
  /** Default 25,000,000; above 100,000,000 no header is believed. */
  readonly headerBytes?: number;
  /** Default 100,000. */
  readonly tensors?: number;
  /** UTF-8 bytes of a tensor's name; default 1,024. */
  readonly nameBytes?: number;
  /** Default 8. */
  readonly rank?: number;
  /** Default 10,000. */
  readonly metadataPairs?: number;
}

/** The name of a limit. */
export type LimitName = keyof SafetensorsLimits;

const DEFAULTS = {
  headerBytes: 25_000_000,
  tensors: 100_000,
  nameBytes: 1024,
  rank: 8,
  metadataPairs: 10_000,
} as const satisfies Required<SafetensorsLimits>;

/** @throws PrismaError ARGUMENT_INVALID */
function limitsOf(given: SafetensorsLimits): Required<SafetensorsLimits> {
  const limits: Record<LimitName, number> = { ...DEFAULTS };
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

/** One file being checked: its limits, and how its faults are told. */
export class FileCheck {
  readonly limits: Readonly<Required<SafetensorsLimits>>;

  /** `file` names it in messages. */
  constructor(
    readonly file: string,
    limits: SafetensorsLimits,
  ) {
    this.limits = limitsOf(limits);
  }

  /** @throws PrismaError `code`, always */
  fail(
    code: ErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    cause?: unknown,
  ): never {
    throw new PrismaError(
      code,
      `${this.file}: ${message}`,
      { file: this.file, ...details },
      cause === undefined ? {} : { cause },
    );
  }

  /**
   * Refuses `found` of what `limit` bounds; `message` says what was found, and where.
   * @throws PrismaError ST_LIMIT where it is more than allowed
   */
  assertWithin(limit: LimitName, found: number, message: string): void {
    if (found > this.limits[limit]) this.failLimit(limit, message, { found });
  }

  /** @throws PrismaError ST_LIMIT, always */
  failLimit(
    limit: LimitName,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
  ): never {
    const allowed = this.limits[limit];
    this.fail("ST_LIMIT", `${message}; the limit is ${allowed} (the option ${limit} sets it)`, {
      limit,
      allowed,
      ...details,
    });
  }
}
