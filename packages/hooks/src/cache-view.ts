// Reading of a cache by decompositions: what is missing is named, and axes are counted from the end.
import { PrismaError, quoteName, type Tensor } from "@prisma/tensor";
import type { ActivationCache } from "./activation-cache.ts";
import { positionRange, type PositionSlice } from "./position-slice.ts";

/** A row for each summand or point, with what each is called. */
export interface LabelledStack {
  /** `[N, ...]` */
  readonly values: Tensor;
  /** N names, in order. */
  readonly labels: string[];
}

/** Summands or points before they are stacked. */
export type LabelledRow = readonly [label: string, row: Tensor];

/**
 * The activation `name`, whole.
 * @throws PrismaError HOOK_UNKNOWN naming the hook to keep
 */
export function keptActivation(cache: ActivationCache, name: string, doing: string): Tensor {
  if (cache.has(name)) return cache.get(name);
  throw new PrismaError(
    "HOOK_UNKNOWN",
    `${doing}: the cache does not hold ${quoteName(name)}; add it to the names that runWithCache keeps`,
    { name },
  );
}

/**
 * The weight `name`.
 * @throws PrismaError ARGUMENT_INVALID where the model has none of this name
 */
export function weightOfCache(cache: ActivationCache, name: string, doing: string): Tensor {
  const weight = cache.model.parameters.get(name);
  if (weight !== undefined) return weight;
  throw new PrismaError(
    "ARGUMENT_INVALID",
    `${doing}: the model has no weight ${quoteName(name)}`,
    {
      name,
    },
  );
}

/**
 * How many blocks `layer` means: all when left out, and -1 after the last, as in TransformerLens.
 * @throws PrismaError ARGUMENT_INVALID
 */
export function blockCount(
  cache: ActivationCache,
  layer: number | undefined,
  doing: string,
): number {
  const { layers } = cache.model;
  const at = layer === undefined ? layers : layer < 0 ? layers + 1 + layer : layer;
  if (Number.isInteger(at) && at >= 0 && at <= layers) return at;
  throw new PrismaError(
    "ARGUMENT_INVALID",
    `${doing}: layer is ${layer}; give 0 to ${layers}, or a negative number that counts from the end`,
    { layer: layer ?? null, layers },
  );
}

/**
 * `x` at the positions of `slice`, which are its axis `axis` (negative, from the end).
 * @throws PrismaError INDEX_OUT_OF_RANGE; SHAPE_MISMATCH where `x` does not have every position
 */
export function atPositions(
  cache: ActivationCache,
  x: Tensor,
  {
    slice,
    axis,
    doing,
  }: { readonly slice: PositionSlice | undefined; readonly axis: number; readonly doing: string },
): Tensor {
  if (slice === undefined) return x;
  const [range, end] = positionRange(slice, cache.model.tokens, doing);
  const at = x.rank + axis;
  if (x.shape[at] === end) return x.get([...Array<null>(at).fill(null), range]);
  throw new PrismaError(
    "SHAPE_MISMATCH",
    `${doing}: posSlice is of ${end} positions, and ${x.shape[at]} were kept; keep all of them, or leave posSlice out`,
    { positions: end, kept: x.shape[at] ?? 0 },
  );
}
