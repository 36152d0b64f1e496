// The norm's scale, held still, applied to rows of the residual stream.
import { PrismaError, type Tensor } from "@prisma/tensor";
import type { ActivationCache } from "./activation-cache.ts";
import { atPositions, blockCount, keptActivation } from "./cache-view.ts";
import type { CachedModel } from "./cached-model.ts";
import type { PositionSlice } from "./position-slice.ts";

/** Which norm, and which part of its scale. */
export interface ApplyLnOptions {
  /** The block whose norm is meant; left out or -1: the final norm. */
  readonly layer?: number;
  /** The norm before the block's MLP instead of that before its attention. */
  readonly mlpInput?: boolean;
  /** Positions that the rows hold, where that is not all of them. */
  readonly posSlice?: PositionSlice;
  /** The image, or images `[from, to)`, that the rows hold, where that is not all of them. */
  readonly batchSlice?: number | readonly [from: number, to: number];
  /** Each row's own scale instead of the one that was kept: the logit lens. */
  readonly recomputeLn?: boolean;
}

function scaleName({ layers }: { readonly layers: number }, at: number, mlpInput: boolean): string {
  return at === layers ? "ln_final.hook_scale" : `blocks.${at}.ln${mlpInput ? 2 : 1}.hook_scale`;
}

/** What the model's norms add to the variance. */
function epsilonOf({ config }: CachedModel): number {
  if (config !== undefined) return config.eps;
  throw new PrismaError(
    "ARGUMENT_INVALID",
    "applyLnToStack: recomputeLn needs config.eps of the model, which has no config",
  );
}

/** A norm after a mean over tokens has one scale for all of them. */
function keptScale(cache: ActivationCache, name: string, options: ApplyLnOptions): Tensor {
  const doing = "applyLnToStack";
  const whole = keptActivation(cache, name, doing);
  const pooled = whole.rank === (cache.hasBatchDim ? 2 : 1);
  const { posSlice: slice, batchSlice } = options;
  const scale = pooled
    ? whole.unsqueeze(-2)
    : atPositions(cache, whole, { slice, axis: -2, doing });
  return batchSlice === undefined ? scale : scale.get([batchSlice]);
}

/**
 * What a direction is read with where rows are `[..., P, D]` before the norm that `options` mean: rows over its kept scale,
 * less their mean, along a direction are rows along the direction less its mean, over the scale.
 */
export function normedDirection(
  cache: ActivationCache,
  direction: Tensor,
  options: ApplyLnOptions,
): { readonly direction: Tensor; readonly scale: Tensor | null } {
  const { layer, mlpInput = false } = options;
  const name = scaleName(cache.model, blockCount(cache, layer, "applyLnToStack"), mlpInput);
  if (!cache.model.hookNames.includes(name)) return { direction, scale: null };
  return { direction: direction.sub(direction.mean()), scale: keptScale(cache, name, options) };
}

/**
 * Rows less their mean, over the scale of the norm; its weight and bias are left out, as in TransformerLens, and are a
 * part of `logitDirections`. Rows stay as they are where the model has no such norm. `[..., P, D]`
 */
export function applyLn(cache: ActivationCache, rows: Tensor, options: ApplyLnOptions): Tensor {
  const { layer, mlpInput = false, recomputeLn = false } = options;
  const name = scaleName(cache.model, blockCount(cache, layer, "applyLnToStack"), mlpInput);
  if (!cache.model.hookNames.includes(name)) return rows;
  const centred = rows.sub(rows.mean(-1, { keepDims: true }));
  if (!recomputeLn) return centred.div(keptScale(cache, name, options));
  return centred.div(
    centred.square().mean(-1, { keepDims: true }).add(epsilonOf(cache.model)).sqrt(),
  );
}
