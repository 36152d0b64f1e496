// Blocks of transformers and open_clip: what their tensors are called.
import type { BlockConfig } from "../transformer-block.ts";
import {
  attentionOutput,
  fusedProjections,
  mlpWeights,
  normWeights,
  separateProjections,
} from "./block-weights.ts";
import type { WeightSource } from "./family.ts";

/** Names of a block's parts in a checkpoint, after its prefix. */
export interface BlockNames {
  readonly ln1: string;
  /** Queries, keys and values, a linear layer each; or, in one, PyTorch's own attention. */
  readonly attn: readonly [q: string, k: string, v: string] | string;
  readonly outProj: string;
  readonly ln2: string;
  readonly mlpIn: string;
  readonly mlpOut: string;
  /** Layer scale of what attention writes, and of what the MLP writes. Default none. */
  readonly scales?: readonly [attn: string, mlp: string];
  /** False where queries, keys and values have no biases. */
  readonly qkvBias?: boolean;
}

/** transformers' CLIP and SigLIP, both towers. */
export const HF_CLIP_BLOCK: BlockNames = {
  ln1: "layer_norm1",
  attn: ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
  outProj: "self_attn.out_proj",
  ln2: "layer_norm2",
  mlpIn: "mlp.fc1",
  mlpOut: "mlp.fc2",
};

/** transformers' ViT and DeiT. */
export const HF_VIT_BLOCK: BlockNames = {
  ln1: "layernorm_before",
  attn: ["attention.attention.query", "attention.attention.key", "attention.attention.value"],
  outProj: "attention.output.dense",
  ln2: "layernorm_after",
  mlpIn: "intermediate.dense",
  mlpOut: "output.dense",
};

/** transformers' DINOv2; with a gate its MLP has other names. */
export const HF_DINOV2_BLOCK: BlockNames = {
  ...HF_VIT_BLOCK,
  ln1: "norm1",
  ln2: "norm2",
  mlpIn: "mlp.fc1",
  mlpOut: "mlp.fc2",
  scales: ["layer_scale1.lambda1", "layer_scale2.lambda1"],
};

/** open_clip's residual attention block, both towers. */
export const OPEN_CLIP_BLOCK: BlockNames = {
  ln1: "ln_1",
  attn: "attn",
  outProj: "attn.out_proj",
  ln2: "ln_2",
  mlpIn: "mlp.c_fc",
  mlpOut: "mlp.c_proj",
};

/** The same with layer scale, which `ls_init_value` asks for. */
export const OPEN_CLIP_SCALED_BLOCK: BlockNames = {
  ...OPEN_CLIP_BLOCK,
  scales: ["ls_1.gamma", "ls_2.gamma"],
};

function attention(
  block: string,
  to: string,
  { attn, qkvBias = true }: BlockNames,
  config: BlockConfig,
): WeightSource[] {
  if (typeof attn !== "string") {
    const [q, k, v] = attn;
    const layers = [`${block}.${q}`, `${block}.${k}`, `${block}.${v}`] as const;
    return separateProjections(layers, { to, biased: qkvBias }, config);
  }
  const [weight, bias] = [`${block}.${attn}.in_proj_weight`, `${block}.${attn}.in_proj_bias`];
  return fusedProjections({ weight, bias, to, letters: "QKV" }, config);
}

function blockWeights(
  block: string,
  to: string,
  names: BlockNames,
  config: BlockConfig,
): WeightSource[] {
  const named = (name: string): string => `${block}.${name}`;
  const [attnScale, mlpScale] = names.scales?.map(named) ?? [];
  const mlp = { into: named(names.mlpIn), out: named(names.mlpOut), to: `${to}.mlp` };
  const writing = { from: named(names.outProj), to: `${to}.attn`, scale: attnScale ?? null };
  return [
    ...normWeights(named(names.ln1), `${to}.ln1`, config.dModel),
    ...attention(block, `${to}.attn`, names, config),
    ...attentionOutput(writing, config),
    ...normWeights(named(names.ln2), `${to}.ln2`, config.dModel),
    ...mlpWeights({ ...mlp, scale: mlpScale ?? null }, config, config.gatedMlp),
  ];
}

/**
 * All blocks under `prefix`, which ends before the number of the block; of a text tower too.
 * @example
 * const [weight] = encoderWeights("encoder.layers", model.config, HF_CLIP_BLOCK);
 * Object.keys(weight!.from); // ["encoder.layers.0.layer_norm1.weight"]
 */
export function encoderWeights(
  prefix: string,
  config: BlockConfig & { readonly nLayers: number },
  names: BlockNames,
): WeightSource[] {
  return Array.from({ length: config.nLayers }, (_, layer) =>
    blockWeights(`${prefix}.${layer}`, `blocks.${layer}`, names, config),
  ).flat();
}
