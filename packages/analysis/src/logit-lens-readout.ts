// The last steps of a model, final norm and head, at any layer and position of the residual stream.
import type { ActivationCache, HookName } from "@prisma/hooks";
import { concat, einsum, type Tensor } from "@prisma/tensor";
import type { Classifier } from "./classifier.ts";
import { frozenHeadScale } from "./frozen-readout.ts";

/** How a lens reads the stream. */
export interface LensReading {
  /** Hooks of the stream, [B, P, D] each. */
  readonly hooks: readonly HookName[];
  /** Positions that are read. */
  readonly positions: readonly number[];
  /** Scale of the norm: that of the row itself, or the one at the model's readout. */
  readonly norm: "recomputed" | "frozen";
  /** Whether the biases of norm and head count. */
  readonly bias: boolean;
}

/** Scale of the final norm for `centred` [l, p, D]: [l, p, 1], or what broadcasts to it. */
function scaleOf(
  model: Classifier,
  cache: ActivationCache,
  { centred, reading }: { readonly centred: Tensor; readonly reading: LensReading },
): Tensor {
  if (reading.norm === "recomputed") {
    return centred.square().mean(-1, { keepDims: true }).add(model.config.eps).sqrt();
  }
  const scale = cache.get("ln_final.hook_scale"); // [1, P, 1], or [1, 1] of a mean
  return scale.shape.length === 3 ? scale.get([null, { list: reading.positions }]) : scale;
}

function normalize(
  model: Classifier,
  cache: ActivationCache,
  { rows, reading }: { readonly rows: Tensor; readonly reading: LensReading },
): Tensor {
  if (!model.hookNames.includes("ln_final.hook_scale")) return rows;
  const centred = rows.sub(rows.mean(-1, { keepDims: true }));
  const unit = centred.div(scaleOf(model, cache, { centred, reading }));
  const [weight, shift] = [model.parameters.get("ln_final.w"), model.parameters.get("ln_final.b")];
  const weighted = weight === undefined ? unit : unit.mul(weight);
  return shift === undefined || !reading.bias ? weighted : weighted.add(shift);
}

/**
 * Logits of one image's stream at `reading.hooks` and `reading.positions`: [layer, position, C]. `cache` holds the hooks
 * and, for a frozen norm, `ln_final.hook_scale`. A model without head gives its normalized stream.
 */
export function lensLogits(
  model: Classifier,
  cache: ActivationCache,
  reading: LensReading,
): Tensor {
  const streams = reading.hooks.map((name) => cache.get(name)); // [1, P, D] each
  const rows = concat(streams, 0).get([null, { list: reading.positions }]); // [layer, position, D]
  const normalized = normalize(model, cache, { rows, reading });
  const [head, bias] = [model.parameters.get("head.W_H"), model.parameters.get("head.b_H")];
  if (head === undefined) return normalized;
  const products = einsum("lpd,dc->lpc", normalized, head);
  const logits = bias === undefined || !reading.bias ? products : products.add(bias);
  return asCosines(model, logits, headScaleOf(model, cache, { normalized, reading }));
}

/** What the logits of `normalized` [l, p, D] are divided by: [l, p, 1], or the answer's [1, 1]; null where they are not. */
function headScaleOf(
  model: Classifier,
  cache: ActivationCache,
  { normalized, reading }: { readonly normalized: Tensor; readonly reading: LensReading },
): Tensor | null {
  if (reading.norm === "frozen") return frozenHeadScale(model, cache);
  return model.headScale?.(normalized) ?? null;
}

function asCosines({ logitBias = 0 }: Classifier, logits: Tensor, length: Tensor | null): Tensor {
  return length === null ? logits : logits.div(length).add(logitBias);
}
