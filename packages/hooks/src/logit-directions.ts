// Directions of the residual stream that stand for class differences: what is asked for, and what a model answers.
import type { Tensor } from "@prisma/tensor";

/** A class: its number, its name, or a part of exactly one name. */
export type ClassName = number | string;

/** What a logit is compared with: `[a, b]` means the logit of `a` minus that of `b`; one class alone, its logit minus the mean of all. */
export type LogitTarget = ClassName | readonly [of: ClassName, against: ClassName];

/** A {@link LogitTarget} with its classes found. */
export interface FoundTarget {
  /** In words: `logit of Dress minus logit of Bag`. */
  readonly name: string;
  /** Class number. */
  readonly of: number;
  /** Class number, or the mean of all classes; null for a plain column of the head. */
  readonly against: number | "mean" | null;
}

/**
 * With scale s of the final norm, the logit difference n of a row x that is read out is `x . directions[n] / s + bias[n]`.
 * Whoever asked for the tensors disposes them.
 */
export interface LogitDirections {
  /** `[n, D]` */
  readonly directions: Tensor;
  /** `[n]` */
  readonly bias: Tensor;
  /** What was asked for, in order. */
  readonly targets: readonly FoundTarget[];
}

/** What `logitDirections` of a model may be told. */
export interface LogitDirectionsOptions {
  /** Plain columns of the head and its bias, without the final norm's weight and bias and without centring; one class alone is its own column. */
  readonly raw?: boolean;
}
