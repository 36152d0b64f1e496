// Blocks of a tower in a checkpoint: separate queries, keys and values as in transformers, or fused as in PyTorch's own attention.
import { linear, same, stacked, type BlockConfig, type WeightSource } from "@prisma/vit";
import type { Tensor } from "@prisma/tensor";

/** Names of a block's parts in a checkpoint, after its prefix. */
export interface BlockNames {
  readonly ln1: string;
  readonly attn: string;
  readonly outProj: string;
  readonly ln2: string;
  readonly mlpIn: string;
  readonly mlpOut: string;
  /** Whether queries, keys and values are one matrix, `in_proj_weight`. */
  readonly fused: boolean;
}

/** transformers' CLIP and SigLIP. */
export const TRANSFORMERS_BLOCK: BlockNames = {
  ln1: "layer_norm1",
  attn: "self_attn",
  outProj: "self_attn.out_proj",
  ln2: "layer_norm2",
  mlpIn: "mlp.fc1",
  mlpOut: "mlp.fc2",
  fused: false,
};

/** open_clip's residual attention block. */
export const OPEN_CLIP_BLOCK: BlockNames = {
  ln1: "ln_1",
  attn: "attn",
  outProj: "attn.out_proj",
  ln2: "ln_2",
  mlpIn: "mlp.c_fc",
  mlpOut: "mlp.c_proj",
  fused: true,
};

const PARTS = ["Q", "K", "V"];

type Sizes = Pick<BlockConfig, "dModel" | "nHeads" | "dHead" | "dMlp">;

/** Weight and bias of a layer norm. */
export function normWeights(from: string, to: string, width: number): WeightSource[] {
  return [same(`${from}.weight`, `${to}.w`, [width]), same(`${from}.bias`, `${to}.b`, [width])];
}

/** Queries, keys and values in one matrix: all heads of q, then of k, then of v. */
export function fusedAttention(
  from: string,
  to: string,
  { dModel: D, nHeads: H, dHead: E }: Sizes,
): WeightSource[] {
  const weight = (part: number) => (made: Tensor) =>
    made.reshape([3, H, E, D]).get([part]).transpose(); // [H, D, E]
  const bias = (part: number) => (made: Tensor) => made.reshape([3, H, E]).get([part]); // [H, E]
  const into = (letter: string, view: (part: number) => (made: Tensor) => Tensor) =>
    Object.fromEntries(PARTS.map((name, part) => [`${to}.${letter}_${name}`, view(part)] as const));
  return [
    { from: { [`${from}.in_proj_weight`]: [3 * H * E, D] }, into: into("W", weight) },
    { from: { [`${from}.in_proj_bias`]: [3 * H * E] }, into: into("b", bias) },
  ];
}

function separateAttention(
  from: string,
  to: string,
  { dModel: D, nHeads: H, dHead: E }: Sizes,
): WeightSource[] {
  const names = (what: string): string[] =>
    ["q", "k", "v"].map((one) => `${from}.${one}_proj.${what}`);
  const weight = (part: number) => (made: Tensor) =>
    made.get([part]).reshape([H, E, D]).transpose(); // [H, D, E]
  const bias = (part: number) => (made: Tensor) => made.get([part]).reshape([H, E]); // [H, E]
  const into = (letter: string, view: (part: number) => (made: Tensor) => Tensor) =>
    Object.fromEntries(PARTS.map((name, part) => [`${to}.${letter}_${name}`, view(part)] as const));
  return [
    stacked(names("weight"), [H * E, D], into("W", weight)),
    stacked(names("bias"), [H * E], into("b", bias)),
  ];
}

/** What a head writes: `[D, H E]` as `[H, E, D]`, and the bias. */
export function outProjection(
  from: string,
  to: string,
  { dModel: D, nHeads: H, dHead: E }: Sizes,
): WeightSource[] {
  return [
    {
      from: { [`${from}.weight`]: [D, H * E] },
      into: { [`${to}.W_O`]: (made) => made.reshape([D, H, E]).permute([1, 2, 0]) },
    },
    same(`${from}.bias`, `${to}.b_O`, [D]),
  ];
}

/** Both layers of an MLP. */
export function mlpWeights(
  from: readonly [string, string],
  to: string,
  { dModel: D, dMlp: M }: Sizes,
): WeightSource[] {
  return [
    linear(`${from[0]}.weight`, `${to}.W_in`, [M, D]),
    same(`${from[0]}.bias`, `${to}.b_in`, [M]),
    linear(`${from[1]}.weight`, `${to}.W_out`, [D, M]),
    same(`${from[1]}.bias`, `${to}.b_out`, [D]),
  ];
}

function blockWeights(
  block: string,
  layer: number,
  config: Sizes,
  names: BlockNames,
): WeightSource[] {
  const to = `blocks.${layer}`;
  const attention = names.fused ? fusedAttention : separateAttention;
  return [
    ...normWeights(`${block}.${names.ln1}`, `${to}.ln1`, config.dModel),
    ...attention(`${block}.${names.attn}`, `${to}.attn`, config),
    ...outProjection(`${block}.${names.outProj}`, `${to}.attn`, config),
    ...normWeights(`${block}.${names.ln2}`, `${to}.ln2`, config.dModel),
    ...mlpWeights([`${block}.${names.mlpIn}`, `${block}.${names.mlpOut}`], `${to}.mlp`, config),
  ];
}

/** All blocks under `prefix`, which ends before the number of the block. */
export function encoderWeights(
  prefix: string,
  config: Sizes & { readonly nLayers: number },
  names: BlockNames,
): WeightSource[] {
  return Array.from({ length: config.nLayers }, (_, layer) =>
    blockWeights(`${prefix}.${layer}`, layer, config, names),
  ).flat();
}
