// The residual stream after each part of the model: what the logit lens looks through.
import type { ActivationCache } from "./activation-cache.ts";
import { blockCount, keptActivation, type LabelledRow, type LabelledStack } from "./cache-view.ts";
import { finishStack, type ResidOptions } from "./decompose-resid.ts";
import { stackRows } from "./stack-rows.ts";

/** Which points of the stream. */
export interface AccumulatedResidOptions extends ResidOptions {
  /** Also between attention and MLP. */
  readonly inclMid?: boolean;
}

const DOING = "accumulatedResid";

function rowsOf(
  cache: ActivationCache,
  count: number,
  options: AccumulatedResidOptions,
): LabelledRow[] {
  const { inclMid = false, mlpInput = false } = options;
  const { layers, hookNames } = cache.model;
  const row = (label: string, name: string): LabelledRow => [
    label,
    keptActivation(cache, name, DOING),
  ];
  return Array.from({ length: count + 1 }, (_, layer) => layer).flatMap((layer) => {
    if (layer === layers) return [row("final_post", `blocks.${layer - 1}.hook_resid_post`)];
    const pre = row(`${layer}_pre`, `blocks.${layer}.hook_resid_pre`);
    const mid = `blocks.${layer}.hook_resid_mid`;
    const inside = layer < count ? inclMid : mlpInput;
    return inside && hookNames.includes(mid) ? [pre, row(`${layer}_mid`, mid)] : [pre];
  });
}

/** The residual stream up to block `layer`. `[N, ..., P, D]` */
export function accumulatedResid(
  cache: ActivationCache,
  options: AccumulatedResidOptions,
): LabelledStack {
  const count = blockCount(cache, options.layer, DOING);
  const recomputeLn = count === cache.model.layers;
  const rows = stackRows(rowsOf(cache, count, options), DOING);
  return finishStack(cache, rows, { ...options, doing: DOING, recomputeLn });
}
