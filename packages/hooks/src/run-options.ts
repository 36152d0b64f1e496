// What runs of hooked models may be told, and what they give.
import type { Tensor } from "@prisma/tensor";
import type { ActivationCache } from "./activation-cache.ts";
import type { HookFunction } from "./hook-point.ts";
import type { NameFilters } from "./name-filter.ts";

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

/** A filter and the function to run at every point it means. */
export type HookSpec<Name extends string> = readonly [
  filter: NameFilters<Name>,
  fn: HookFunction<Name>,
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
}

/** One row of {@link HookedModel.hooksTable}. */
export interface HookRow<Name extends string> {
  readonly name: Name;
  readonly shape: readonly number[];
  readonly bytes: number;
  /** Functions attached. */
  readonly hooks: number;
}
