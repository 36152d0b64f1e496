// Value biases folded into the output bias: TransformerLens' `fold_value_biases`.
import { einsum } from "@prisma/tensor";
import { editWeights, type ModelWeights } from "./model-weights.ts";

/**
 * Value biases folded into what attention adds: `b_O += sum_h b_V[h] W_O[h]`, `b_V = 0`. Each row of a pattern sums to 1,
 * so every head adds its bias whatever it looks at, and the output stays. Inside, `attn.hook_v`, `attn.hook_z` and
 * `attn.hook_result` lose that constant. The caller disposes the parameters.
 * @throws PrismaError ARGUMENT_INVALID when it was done before
 * @example
 * const { config, parameters, processing } = model;
 * const folded = foldValueBiases({ config, parameters, processing });
 * await folded.parameters.get("blocks.0.attn.b_V")!.abs().sum().item(); // 0
 */
export function foldValueBiases(weights: ModelWeights): ModelWeights {
  const { nLayers } = weights.config;
  const blocks = Array.from({ length: nLayers }, (_, layer) => `blocks.${layer}.attn`);
  return editWeights(weights, "foldValueBiases", (edit) => {
    for (const attn of [...blocks, "attn_pool"]) {
      const [value, out, bias] = ["b_V", "W_O", "b_O"].map((name) => edit.get(`${attn}.${name}`));
      if (!value || !out || !bias) continue;
      edit.set(`${attn}.b_O`, bias.add(einsum("he,hed->d", value, out)));
      edit.set(`${attn}.b_V`, value.mul(0));
    }
  });
}
