// The way from the residual stream to a class difference, with the final norm's scale held at its value.
import { tokenLabels, type ActivationCache, type Tokens } from "@prisma/hooks";
import { PrismaError, type Tensor } from "@prisma/tensor";
import type { Classifier } from "./classifier.ts";

/** A linear function of the stream after the last block: the sum over read tokens of `stream . weights`. */
export interface FrozenReadout {
  /** Tokens that are read: `[from, to)`. */
  readonly read: readonly [from: number, to: number];
  /** What each read token is multiplied with; the first axis is 1 where images do not differ. [B or 1, R, D] */
  readonly weights: Tensor;
}

/**
 * Tokens that the answer is read from: `[from, to)`.
 * @throws PrismaError ARGUMENT_INVALID for a readout that is not linear in its tokens
 */
export function readTokens(tokens: Tokens): readonly [from: number, to: number] {
  const { cls, patches, readout } = tokens;
  const [first = 0] = patches;
  if (readout === "cls" && cls !== null) return [cls, cls + 1];
  if (readout === "patches") return [first, first + patches.length];
  if (readout === "all") return [0, tokenLabels(tokens).length];
  throw new PrismaError(
    "ARGUMENT_INVALID",
    `the answer is read by "${readout}"; what a token adds to it is known for "cls", "patches" and "all"`,
    { readout },
  );
}

/** Scale of the final norm at each read token, or its one scale where a mean is normalized; null without norm. */
function finalScale(model: Classifier, cache: ActivationCache): Tensor | null {
  if (!model.hookNames.includes("ln_final.hook_scale")) return null;
  const scale = cache.get("ln_final.hook_scale");
  if (scale.shape.length === 2) return scale.unsqueeze(1); // a norm after the mean: [B, 1, 1]
  return scale.get([null, readTokens(model.tokens)]); // [B, R, 1]
}

/**
 * What the head's products are divided by besides, for each image: [B, 1]; null where logits are those products.
 * `cache` holds `hook_head_scale` where there is one.
 */
export function frozenHeadScale(model: Classifier, cache: ActivationCache): Tensor | null {
  return model.hookNames.includes("hook_head_scale") ? cache.get("hook_head_scale") : null;
}

/**
 * The readout along `direction` [D]. Tokens that are averaged weigh 1 / R each. `cache` holds `ln_final.hook_scale`
 * where there is a final norm, and `hook_head_scale` where logits are cosines. With these scales held, attribution to summands of the stream is exact (Elhage et al. 2021).
 * @throws PrismaError ARGUMENT_INVALID as {@link readTokens}
 */
export function frozenReadout(
  model: Classifier,
  cache: ActivationCache,
  direction: Tensor,
): FrozenReadout {
  const read = readTokens(model.tokens);
  const scale = finalScale(model, cache);
  const rows = direction.div(read[1] - read[0]).expand([1, read[1] - read[0], direction.size]);
  const length = frozenHeadScale(model, cache);
  const normed = scale === null ? rows : rows.div(scale);
  return { read, weights: length === null ? normed : normed.div(length.unsqueeze(1)) };
}
