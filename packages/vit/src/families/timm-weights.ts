// Weights of timm's `VisionTransformer`: which tensor is which parameter, and the view that makes it so.
import { concat, zeros } from "@prisma/tensor";
import { prefixCount, tokenCount, type ViTConfig } from "../config.ts";
import {
  attentionOutput,
  fusedProjections,
  headWeights,
  mlpWeights,
  normWeights,
  type FusedNames,
  type MlpNames,
} from "./block-weights.ts";
import { same, zero, type ModelDescription, type WeightSource } from "./family.ts";
import { timmArguments, type TimmArguments } from "./timm-arguments.ts";

/** A projection whose rows are heads of the parts `letters`. */
function projections(
  { from, ...names }: Pick<FusedNames, "to" | "letters"> & { readonly from: string },
  config: ViTConfig,
  biased: boolean,
): WeightSource[] {
  const bias = biased ? `${from}.bias` : null;
  return fusedProjections({ ...names, weight: `${from}.weight`, bias }, config);
}

const layersOf = (mlp: string): Pick<MlpNames, "into" | "out" | "to"> => ({
  into: `${mlp}.fc1`,
  out: `${mlp}.fc2`,
  to: mlp,
});

function blockWeights(config: ViTConfig, layer: number, args: TimmArguments): WeightSource[] {
  const block = `blocks.${layer}`;
  const [attn, mlp] = [`${block}.attn`, `${block}.mlp`];
  const scale = (part: 1 | 2): string | null =>
    args.layerScale ? `${block}.ls${part}.gamma` : null;
  return [
    ...normWeights(`${block}.norm1`, `${block}.ln1`, config.dModel),
    ...projections({ from: `${attn}.qkv`, to: attn, letters: "QKV" }, config, args.qkvBias),
    ...attentionOutput({ from: `${attn}.proj`, to: attn, scale: scale(1) }, config),
    ...normWeights(`${block}.norm2`, `${block}.ln2`, config.dModel),
    ...mlpWeights({ ...layersOf(mlp), scale: scale(2) }, config, args.gatedMlp),
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
    ...normWeights(`${pool}.norm`, `${pool}.ln`, config.dModel),
    ...mlpWeights({ ...layersOf(`${pool}.mlp`), scale: null }, config, false),
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
    ...(config.layerNormPre ? normWeights("norm_pre", "ln_pre", D) : []),
  ];
}

/** Where every parameter of a timm checkpoint comes from. */
export function timmWeights(config: ViTConfig, { config: file }: ModelDescription): WeightSource[] {
  const args = timmArguments(file);
  const blocks = Array.from({ length: config.nLayers }, (_, layer) =>
    blockWeights(config, layer, args),
  );
  const heads = args.distilled ? ["head", "head_dist"] : ["head"];
  const head = { shape: [config.nClasses, config.dModel], biased: true } as const;
  return [
    ...embedWeights(config, args),
    ...blocks.flat(),
    ...normWeights(args.fcNorm ? "fc_norm" : "norm", "ln_final", config.dModel),
    ...(config.classificationType === "map" ? poolWeights(config) : []),
    ...(config.returnType === "pre_logits"
      ? []
      : heads.flatMap((name) => headWeights(name, name, head))),
  ];
}
