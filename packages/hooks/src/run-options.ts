// What runs of hooked models may be told, and what they give.
import type { Tensor } from "@prisma/tensor";
import type { ActivationCache } from "./activation-cache.ts";
import type { HookDirection, HookFunction } from "./hook-point.ts";
import type { NameFilters } from "./name-filter.ts";
import type { PositionSlice } from "./position-slice.ts";

/** Which blocks a call runs. */
export interface LayerRange {
  /** Stop before this block and return the residual stream; negatives count from the end. */
  readonly stopAtLayer?: number;
  /** Start at this block: the input is then the residual stream before it. */
  readonly startAtLayer?: number;
}

/** Blocks `[start, stop)` of a model, whether the embeddings come before them, and the head after. */
export interface ResolvedRange {
  readonly embed: boolean;
  readonly start: number;
  readonly stop: number;
  readonly head: boolean;
}

/** A filter, the function to run at every point it means, and how it is added. */
export type HookSpec<Name extends string> = readonly [
  filter: NameFilters<Name>,
  fn: HookFunction<Name>,
  options?: AddHookOptions,
];

/** What {@link HookedModel.runWithHooks} may be told. */
export interface RunWithHooksOptions<Name extends string> extends LayerRange {
  readonly hooks?: readonly HookSpec<Name>[];
}

/** What {@link HookedModel.runWithCache} may be told. */
export interface RunWithCacheOptions<Name extends string> extends RunWithHooksOptions<Name> {
  /** What to keep. Default: every point but those that cost something only when named (`attn.hook_result`, the split inputs). */
  readonly names?: NameFilters<Name>;
  /** A scalar of the output; its gradient at every kept activation is kept too. Sum over the batch to have each image's own. */
  readonly gradientOf?: (output: Tensor) => Tensor;
  /**
   * Positions to keep of every activation and gradient: `"cls"`, `"patches"`, `"registers"`, an index, `[row, column]` of a
   * patch, or `{ from, to }`. Of `attn_scores` and `pattern` it means the queries. What does not have the whole sequence
   * (`hook_embed`, the output of the head) is kept whole.
   */
  readonly posSlice?: PositionSlice;
  /** Most bytes of activations and gradients to keep; counted before anything runs. */
  readonly budget?: number;
}

/** Output and cache of one run. Disposing it frees both. */
export interface CachedRun<Name extends string> extends Disposable {
  readonly output: Tensor;
  readonly cache: ActivationCache<Name>;
  dispose(): void;
}

/** Functions added together; removed together. */
export interface HookHandle extends Disposable {
  /** Removes what was added. A second call does nothing. */
  remove(): void;
}

/** How {@link HookedModel.addHook} adds a function. */
export interface AddHookOptions {
  /** Survives `resetHooks()`. */
  readonly permanent?: boolean;
  /** Runs before the functions already there. */
  readonly prepend?: boolean;
  /**
   * `"fwd"` (default): the function sees the activation. `"bwd"`: it sees the gradient at the activation, and what it
   * returns goes on in its place; it acts in every gradient that is taken through a call made while it is attached.
   */
  readonly dir?: HookDirection;
}

/** What {@link HookedModel.resetHooks} removes; by default everything but permanent functions. */
export interface ResetHooksOptions {
  readonly direction?: HookDirection | "both";
  readonly includingPermanent?: boolean;
  /** Also drop what functions left in the contexts of their points (default true). */
  readonly clearContexts?: boolean;
}

/** One row of {@link HookedModel.hooksTable}. */
export interface HookRow<Name extends string> {
  readonly name: Name;
  readonly shape: readonly number[];
  readonly bytes: number;
  /** Functions attached. */
  readonly hooks: number;
  /** Whether `runWithCache` keeps it without being told; the others cost something, and only when named or hooked. */
  readonly byDefault: boolean;
}
