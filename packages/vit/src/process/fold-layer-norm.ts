// Layer norms folded into what reads them: TransformerLens' `fold_ln`.
import type { ViTConfig } from "../config.ts";
import { editWeights, refuse, type ModelWeights, type WeightEdit } from "./model-weights.ts";

/** What reads a norm: matrices `[..., D, n]` and their biases `[..., n]`. */
type Readers = readonly (readonly [weight: string, bias: string])[];

const under = (prefix: string, ...parts: readonly string[]): Readers =>
  parts.map((part) => [`${prefix}.W_${part}`, `${prefix}.b_${part}`] as const);

/** What reads the final norm; null where the model's output is the norm's own. */
function finalReaders({ classificationType, returnType }: ViTConfig): Readers | null {
  if (classificationType === "map") return under("attn_pool", "K", "V");
  if (returnType === "pre_logits") return null;
  return classificationType === "distilled"
    ? [...under("head", "H"), ...under("head_dist", "H")]
    : under("head", "H");
}

/** Every norm whose readers are matrices, in the order of the computation. */
function readersOf(config: ViTConfig, final: Readers): (readonly [norm: string, Readers])[] {
  const blocks = Array.from({ length: config.nLayers }, (_, layer) => {
    const block = `blocks.${layer}`;
    const attn = [`${block}.ln1`, under(`${block}.attn`, "Q", "K", "V")] as const;
    const into = config.gatedMlp ? ["gate", "in"] : ["in"];
    return config.attnOnly
      ? [attn]
      : [attn, [`${block}.ln2`, under(`${block}.mlp`, ...into)] as const];
  });
  const pool = ["attn_pool.ln", under("attn_pool.mlp", "in")] as const;
  return [
    ...blocks.flat(),
    ["ln_final", final],
    ...(config.classificationType === "map" ? [pool] : []),
  ];
}

/**
 * `b += sum_d W[d] ln.b[d]`, `W[d] *= ln.w[d]`, and each column's mean over d taken away, which the mean-free input of
 * the norm never sees.
 */
function fold(edit: WeightEdit, norm: string, readers: Readers): void {
  const [scale, shift] = [edit.get(`${norm}.w`), edit.get(`${norm}.b`)];
  for (const [weightName, biasName] of readers) {
    const [weight, bias] = [edit.get(weightName), edit.get(biasName)];
    if (weight === null || bias === null) continue;
    if (shift !== null) edit.set(biasName, bias.add(weight.mul(shift.unsqueeze(-1)).sum(-2)));
    const scaled = scale === null ? weight : weight.mul(scale.unsqueeze(-1));
    edit.set(weightName, scaled.sub(scaled.mean(-2, { keepDims: true })));
  }
  if (scale !== null) edit.set(`${norm}.w`, scale.mul(0).add(1));
  if (shift !== null) edit.set(`${norm}.b`, shift.mul(0));
}

/**
 * Weights and biases of the layer norms folded into the matrices that read them, which are centred: queries, keys,
 * values and MLPs of each block, and the head, or the attention pool's keys and values. The norms keep weights of 1 and biases
 * of 0; the norm before the blocks is left as it is, since the stream itself reads it. Inside, `ln*.hook_normalized` and
 * `hook_ln_final` become the plain normalized stream; the output stays. TransformerLens' `fold_ln`.
 * The caller disposes the parameters.
 * @throws PrismaError ARGUMENT_INVALID without norms, without a head to fold the final norm into, or after later processing
 * @example
 * const { config, parameters, processing } = model;
 * const folded = foldLayerNorm({ config, parameters, processing });
 * await folded.parameters.get("blocks.0.ln1.b")!.abs().sum().item(); // 0
 * folded.processing; // ["foldLayerNorm"]
 */
export function foldLayerNorm(weights: ModelWeights): ModelWeights {
  const { config } = weights;
  if (config.normalizationType === null)
    refuse("foldLayerNorm", "this model has no layer norms (normalizationType is null)");
  const final = finalReaders(config);
  if (final === null)
    return refuse(
      "foldLayerNorm",
      'the output is what ln_final gives (returnType is "pre_logits"); without a head there is nothing to fold it into',
    );
  return editWeights(weights, "foldLayerNorm", (edit) => {
    for (const [norm, readers] of readersOf(config, final)) fold(edit, norm, readers);
  });
}
