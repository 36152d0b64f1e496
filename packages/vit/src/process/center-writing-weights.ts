// Weights that write to the stream, centred: TransformerLens' `center_writing_weights`.
import type { ViTConfig } from "../config.ts";
import { editWeights, refuse, type ModelWeights } from "./model-weights.ts";

/** What writes to the stream, along its last axis: tokens, positions and what blocks add. */
function writersOf(config: ViTConfig): string[] {
  const embeddings = ["cls_token", "dist_token", "reg_token", "embed.proj.bias", "pos_embed.W_pos"];
  const blocks = Array.from({ length: config.nLayers }, (_, layer) => {
    const [attn, mlp] = [`blocks.${layer}.attn`, `blocks.${layer}.mlp`];
    return config.attnOnly
      ? [`${attn}.W_O`, `${attn}.b_O`]
      : [`${attn}.W_O`, `${attn}.b_O`, `${mlp}.W_out`, `${mlp}.b_out`];
  });
  return config.layerNormPre ? blocks.flat() : [...embeddings, ...blocks.flat()];
}

/**
 * The mean over the stream's axis taken away from everything that writes to it: the embeddings of patches, tokens and
 * positions, `W_O`, `b_O`, `W_out`, `b_out`. Each reader is a layer norm, which takes that mean away itself, so the output
 * stays; inside, the stream has mean 0. With a norm before the blocks the embeddings are left as they are, since the
 * norm's weight and bias write the mean anew. What attention pooling writes is left too: the head reads it without a norm.
 * The caller disposes the parameters.
 * @throws PrismaError ARGUMENT_INVALID without norms, or after later processing
 * @example
 * const { config, parameters, processing } = model;
 * const centered = centerWritingWeights({ config, parameters, processing });
 * const mean = centered.parameters.get("blocks.0.mlp.b_out")!.mean();
 * Math.abs(await mean.item()) < 1e-7; // true
 */
export function centerWritingWeights(weights: ModelWeights): ModelWeights {
  const { config } = weights;
  if (config.normalizationType === null)
    refuse(
      "centerWritingWeights",
      "this model has no layer norms (normalizationType is null), so the stream's mean is read",
    );
  return editWeights(weights, "centerWritingWeights", (edit) => {
    for (const name of writersOf(config)) {
      const writer = edit.get(name);
      if (writer !== null) edit.set(name, writer.sub(writer.mean(-1, { keepDims: true })));
    }
    const patches = edit.get("embed.proj.weight"); // [D, channels, p, p]
    if (patches !== null && !config.layerNormPre)
      edit.set("embed.proj.weight", patches.sub(patches.mean(0, { keepDims: true })));
  });
}
