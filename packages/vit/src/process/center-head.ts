// The head, centred over classes: TransformerLens' `center_unembed`.
import { editWeights, refuse, type ModelWeights } from "./model-weights.ts";

/**
 * The mean over classes taken away from the head's weights and biases: all logits of an image change by one number, so
 * that they have mean 0, and probabilities and differences of logits stay. It is for heads of classes: of a projection
 * (CLIP) it would change the direction. The caller disposes the parameters.
 * @throws PrismaError ARGUMENT_INVALID without a head, for an output of length 1, or after later processing
 * @example
 * const { config, parameters, processing } = model;
 * const centered = centerHead({ config, parameters, processing });
 * const mean = centered.parameters.get("head.b_H")!.mean();
 * Math.abs(await mean.item()) < 1e-7; // true
 */
export function centerHead(weights: ModelWeights): ModelWeights {
  const { config } = weights;
  if (config.returnType === "pre_logits")
    refuse("centerHead", 'this model has no head (returnType is "pre_logits")');
  if (config.normalizeOutput)
    refuse("centerHead", "the output is scaled to length 1, which the mean over classes changes");
  return editWeights(weights, "centerHead", (edit) => {
    for (const name of ["head.W_H", "head.b_H", "head_dist.W_H", "head_dist.b_H"]) {
      const part = edit.get(name);
      if (part !== null) edit.set(name, part.sub(part.mean(-1, { keepDims: true })));
    }
  });
}
