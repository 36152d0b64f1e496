// What a cache knows of the model it was filled by.
import type { Tensor } from "@prisma/tensor";
import type { LogitDirections, LogitDirectionsOptions, LogitTarget } from "./logit-directions.ts";
import type { Tokens } from "./tokens.ts";

/** The part of a hooked model that decompositions of a cache use. */
export interface CachedModel {
  /** Number of blocks. */
  readonly layers: number;
  /** Weights by name. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** What stands at each position. */
  readonly tokens: Tokens;
  /** Every hook point, in firing order. */
  readonly hookNames: readonly string[];
  /** What its norms add to the variance. */
  readonly config?: { readonly eps: number };
  /** Directions of classes in the stream, where the model has classes. */
  logitDirections?(
    targets: readonly LogitTarget[],
    options?: LogitDirectionsOptions,
  ): LogitDirections;
}
