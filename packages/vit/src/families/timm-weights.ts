// Weights of timm's `VisionTransformer`: which tensor is which parameter, and the view that makes it so.
import type { Tensor } from "@prisma/tensor";
import { tokenCount, type ViTConfig } from "../config.ts";
import { flagField, objectField } from "./config-file.ts";
import { linear, same, zero, type ModelDescription, type WeightSource } from "./family.ts";

/** Rows of the fused projection: all heads of q, then of k, then of v. Its bias may be left out. */
function fusedQkv(
  block: string,
  { dModel: D, nHeads: H, dHead: E }: ViTConfig,
  biased: boolean,
): WeightSource[] {
  const weight = (part: number) => (qkv: Tensor) =>
    qkv.reshape([3, H, E, D]).get([part]).transpose(); // [H, D, E]
  const bias = (part: number) => (qkv: Tensor) => qkv.reshape([3, H, E]).get([part]); // [H, E]
  const parts = ["Q", "K", "V"];
  const into = (letter: string, view: (part: number) => (qkv: Tensor) => Tensor) =>
    Object.fromEntries(
      parts.map((name, part) => [`${block}.attn.${letter}_${name}`, view(part)] as const),
    );
  const shape = [3 * H * E];
  return [
    { from: { [`${block}.attn.qkv.weight`]: [...shape, D] }, into: into("W", weight) },
    biased
      ? { from: { [`${block}.attn.qkv.bias`]: shape }, into: into("b", bias) }
      : zero(shape, into("b", bias)),
  ];
}

function blockWeights(config: ViTConfig, layer: number, biased: boolean): WeightSource[] {
  const { dModel: D, nHeads: H, dHead: E, dMlp: M } = config;
  const block = `blocks.${layer}`;
  return [
    same(`${block}.norm1.weight`, `${block}.ln1.w`, [D]),
    same(`${block}.norm1.bias`, `${block}.ln1.b`, [D]),
    ...fusedQkv(block, config, biased),
    {
      from: { [`${block}.attn.proj.weight`]: [D, H * E] },
      into: { [`${block}.attn.W_O`]: (proj) => proj.reshape([D, H, E]).permute([1, 2, 0]) },
    }, // [H, E, D]
    same(`${block}.attn.proj.bias`, `${block}.attn.b_O`, [D]),
    same(`${block}.norm2.weight`, `${block}.ln2.w`, [D]),
    same(`${block}.norm2.bias`, `${block}.ln2.b`, [D]),
    linear(`${block}.mlp.fc1.weight`, `${block}.mlp.W_in`, [M, D]),
    same(`${block}.mlp.fc1.bias`, `${block}.mlp.b_in`, [M]),
    linear(`${block}.mlp.fc2.weight`, `${block}.mlp.W_out`, [D, M]),
    same(`${block}.mlp.fc2.bias`, `${block}.mlp.b_out`, [D]),
  ];
}

/** Where every parameter of a timm checkpoint comes from. */
export function timmWeights(config: ViTConfig, { config: file }: ModelDescription): WeightSource[] {
  const { dModel: D, nChannels, patchSize, nClasses: C } = config;
  const norm = config.fcNorm ? "fc_norm" : "norm";
  const P = tokenCount(config);
  const biased = flagField(objectField(file, "model_args"), "qkv_bias") ?? true;
  return [
    ...(config.useClsToken ? [same("cls_token", "cls_token", [1, 1, D])] : []),
    {
      from: { pos_embed: [1, P, D] },
      into: { "pos_embed.W_pos": (positions) => positions.squeeze(0) },
    },
    same("patch_embed.proj.weight", "embed.proj.weight", [D, nChannels, patchSize, patchSize]),
    // Before a norm, timm's patch embedding has no bias.
    config.layerNormPre
      ? zero([D], { "embed.proj.bias": (bias) => bias })
      : same("patch_embed.proj.bias", "embed.proj.bias", [D]),
    ...(config.layerNormPre
      ? [same("norm_pre.weight", "ln_pre.w", [D]), same("norm_pre.bias", "ln_pre.b", [D])]
      : []),
    ...Array.from({ length: config.nLayers }, (_, layer) =>
      blockWeights(config, layer, biased),
    ).flat(),
    same(`${norm}.weight`, "ln_final.w", [D]),
    same(`${norm}.bias`, "ln_final.b", [D]),
    ...(config.returnType === "pre_logits"
      ? []
      : [linear("head.weight", "head.W_H", [C, D]), same("head.bias", "head.b_H", [C])]),
  ];
}
