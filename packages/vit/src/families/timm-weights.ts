// Weights of timm's `VisionTransformer`: which tensor is which parameter, and the view that makes it so.
import { concat, zeros, type Tensor } from "@prisma/tensor";
import { prefixCount, tokenCount, type ViTConfig } from "../config.ts";
import {
  linear,
  same,
  scaledBy,
  zero,
  type ModelDescription,
  type WeightSource,
} from "./family.ts";
import { timmArguments, type TimmArguments } from "./timm-arguments.ts";

type Into = WeightSource["into"];

/** Rows of a fused projection in order: all heads of one part, then of the next. */
function parts(
  prefix: string,
  letters: string,
  view: (part: number) => (made: Tensor) => Tensor,
): Into {
  return Object.fromEntries(
    [...letters].map((letter, part) => [`${prefix}_${letter}`, view(part)]),
  );
}

/** A projection whose rows are heads of the parts `letters`. */
function projections(
  names: { readonly from: string; readonly to: string; readonly letters: string },
  { dModel: D, nHeads: H, dHead: E }: ViTConfig,
  biased: boolean,
): WeightSource[] {
  const { from, to, letters } = names;
  const count = letters.length;
  const weight = (part: number) => (made: Tensor) =>
    made.reshape([count, H, E, D]).get([part]).transpose(); // [H, D, E]
  const bias = (part: number) => (made: Tensor) => made.reshape([count, H, E]).get([part]); // [H, E]
  const shape = [count * H * E];
  const biases = parts(`${to}.b`, letters, bias);
  return [
    { from: { [`${from}.weight`]: [...shape, D] }, into: parts(`${to}.W`, letters, weight) },
    biased ? { from: { [`${from}.bias`]: shape }, into: biases } : zero(shape, biases),
  ];
}

/** What a part of a block writes with; layer scale is part of it. */
interface Writing {
  readonly from: string;
  readonly to: string;
  readonly scale: string | null;
}

function attentionOutput(
  { from, to, scale }: Writing,
  { dModel: D, nHeads: H, dHead: E }: ViTConfig,
): WeightSource[] {
  const perHead = (proj: Tensor): Tensor => proj.reshape([D, H, E]).permute([1, 2, 0]); // [H, E, D]
  return [
    scaledBy(scale, { from: { [`${from}.weight`]: [D, H * E] }, into: { [`${to}.W_O`]: perHead } }),
    scaledBy(scale, same(`${from}.bias`, `${to}.b_O`, [D])),
  ];
}

function mlpWeights(
  { from, to, scale }: Writing,
  config: ViTConfig,
  gated: boolean,
): WeightSource[] {
  const { dModel: D, dMlp: M } = config;
  const half = (part: number) => (made: Tensor) => made.get([[part * M, (part + 1) * M]]);
  const into: WeightSource[] = gated
    ? [
        {
          from: { [`${from}.fc1.weight`]: [2 * M, D] },
          into: {
            [`${to}.W_gate`]: (made) => half(0)(made).transpose(),
            [`${to}.W_in`]: (made) => half(1)(made).transpose(),
          },
        },
        {
          from: { [`${from}.fc1.bias`]: [2 * M] },
          into: { [`${to}.b_gate`]: half(0), [`${to}.b_in`]: half(1) },
        },
      ]
    : [
        linear(`${from}.fc1.weight`, `${to}.W_in`, [M, D]),
        same(`${from}.fc1.bias`, `${to}.b_in`, [M]),
      ];
  return [
    ...into,
    scaledBy(scale, linear(`${from}.fc2.weight`, `${to}.W_out`, [D, M])),
    scaledBy(scale, same(`${from}.fc2.bias`, `${to}.b_out`, [D])),
  ];
}

function norm(from: string, to: string, { dModel: D }: ViTConfig): WeightSource[] {
  return [same(`${from}.weight`, `${to}.w`, [D]), same(`${from}.bias`, `${to}.b`, [D])];
}

function blockWeights(config: ViTConfig, layer: number, args: TimmArguments): WeightSource[] {
  const block = `blocks.${layer}`;
  const [attn, mlp] = [`${block}.attn`, `${block}.mlp`];
  const scale = (part: 1 | 2): string | null =>
    args.layerScale ? `${block}.ls${part}.gamma` : null;
  return [
    ...norm(`${block}.norm1`, `${block}.ln1`, config),
    ...projections({ from: `${attn}.qkv`, to: attn, letters: "QKV" }, config, args.qkvBias),
    ...attentionOutput({ from: `${attn}.proj`, to: attn, scale: scale(1) }, config),
    ...norm(`${block}.norm2`, `${block}.ln2`, config),
    ...mlpWeights({ from: mlp, to: mlp, scale: scale(2) }, config, args.gatedMlp),
  ];
}

/** Attention pooling always has biases, and no gate. */
function poolWeights(config: ViTConfig): WeightSource[] {
  const pool = "attn_pool";
  return [
    same(`${pool}.latent`, `${pool}.latent`, [1, 1, config.dModel]),
    ...projections({ from: `${pool}.q`, to: pool, letters: "Q" }, config, true),
    ...projections({ from: `${pool}.kv`, to: pool, letters: "KV" }, config, true),
    ...attentionOutput({ from: `${pool}.proj`, to: pool, scale: null }, config),
    ...norm(`${pool}.norm`, `${pool}.ln`, config),
    ...mlpWeights({ from: `${pool}.mlp`, to: `${pool}.mlp`, scale: null }, config, false),
  ];
}

function embedWeights(config: ViTConfig, { noEmbedClass }: TimmArguments): WeightSource[] {
  const { dModel: D, nChannels, patchSize, nRegisters } = config;
  const without = noEmbedClass ? prefixCount(config) : 0;
  const positions = { pos_embed: [1, tokenCount(config) - without, D] };
  return [
    ...(config.useClsToken ? [same("cls_token", "cls_token", [1, 1, D])] : []),
    ...(config.useDistToken ? [same("dist_token", "dist_token", [1, 1, D])] : []),
    ...(nRegisters > 0 ? [same("reg_token", "reg_token", [1, nRegisters, D])] : []),
    {
      from: positions,
      // Tokens that have no position get one of zeros.
      make: (table) =>
        without === 0 ? table.squeeze(0) : concat([zeros([without, D]), table.squeeze(0)], 0),
      into: { "pos_embed.W_pos": (made) => made },
    },
    same("patch_embed.proj.weight", "embed.proj.weight", [D, nChannels, patchSize, patchSize]),
    // Before a norm, timm's patch embedding has no bias.
    config.layerNormPre
      ? zero([D], { "embed.proj.bias": (bias) => bias })
      : same("patch_embed.proj.bias", "embed.proj.bias", [D]),
    ...(config.layerNormPre ? norm("norm_pre", "ln_pre", config) : []),
  ];
}

function headWeights(name: string, { dModel: D, nClasses: C }: ViTConfig): WeightSource[] {
  return [
    linear(`${name}.weight`, `${name}.W_H`, [C, D]),
    same(`${name}.bias`, `${name}.b_H`, [C]),
  ];
}

/** Where every parameter of a timm checkpoint comes from. */
export function timmWeights(config: ViTConfig, { config: file }: ModelDescription): WeightSource[] {
  const args = timmArguments(file);
  const blocks = Array.from({ length: config.nLayers }, (_, layer) =>
    blockWeights(config, layer, args),
  );
  const heads = args.distilled ? ["head", "head_dist"] : ["head"];
  return [
    ...embedWeights(config, args),
    ...blocks.flat(),
    ...norm(args.fcNorm ? "fc_norm" : "norm", "ln_final", config),
    ...(config.classificationType === "map" ? poolWeights(config) : []),
    ...(config.returnType === "pre_logits"
      ? []
      : heads.flatMap((head) => headWeights(head, config))),
  ];
}
