// What a PyTorch checkpoint may ask of us at most, and the errors of one that is no good.
import { PrismaError, type ErrorCode } from "../errors.ts";
import type { ReadOptions } from "./byte-source.ts";

/** What a checkpoint may ask of us at most; each can be raised by who trusts the file. */
export interface TorchLimits {
  /** Files in the archive; default 100,000. */
  readonly entries?: number;
  /** Bytes of the pickle that describes the values; default 25,000,000. */
  readonly pickleBytes?: number;
  /** Instructions of that pickle; default 5,000,000. */
  readonly instructions?: number;
  /** Containers within one another; default 32. */
  readonly depth?: number;
  /** Bytes of one text or name; default 65,536. */
  readonly textBytes?: number;
  /** Axes of a tensor; default 8. */
  readonly rank?: number;
}

/** The name of a limit. */
export type TorchLimitName = keyof TorchLimits;

const DEFAULTS = {
  entries: 100_000,
  pickleBytes: 25_000_000,
  instructions: 5_000_000,
  depth: 32,
  textBytes: 65_536,
  rank: 8,
} as const satisfies Required<TorchLimits>;

/** The names of all limits. */
export const TORCH_LIMITS = [
  "entries",
  "pickleBytes",
  "instructions",
  "depth",
  "textBytes",
  "rank",
] as const satisfies readonly TorchLimitName[];

/** @throws PrismaError ARGUMENT_INVALID */
function limitsOf(given: TorchLimits): Required<TorchLimits> {
  const limits: Record<TorchLimitName, number> = { ...DEFAULTS };
  for (const name of TORCH_LIMITS) {
    const value = given[name] ?? limits[name];
    if (!Number.isSafeInteger(value) || value < 0)
      throw new PrismaError(
        "ARGUMENT_INVALID",
        `readTorch: ${name} is ${value}; a limit is a whole number of at least 0`,
      );
    limits[name] = value;
  }
  return limits;
}

/** One checkpoint being checked: its limits, and how its faults are told. */
export class TorchCheck {
  readonly limits: Readonly<Required<TorchLimits>>;
  /** What ranges are read with. */
  readonly reading: ReadOptions;

  /** `file` names it in messages. */
  constructor(
    readonly file: string,
    options: TorchLimits & ReadOptions,
  ) {
    this.limits = limitsOf(options);
    this.reading = options.signal === undefined ? {} : { signal: options.signal };
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
   * Refuses `found` of what `limit` bounds; `what` says what was counted.
   * @throws PrismaError PT_LIMIT where it is more than allowed
   */
  assertWithin(limit: TorchLimitName, found: number, what: string): void {
    const allowed = this.limits[limit];
    if (found <= allowed) return;
    this.fail(
      "PT_LIMIT",
      `${what}: ${found}; the limit is ${allowed} (the option ${limit} sets it)`,
      { limit, found, allowed },
    );
  }
}
