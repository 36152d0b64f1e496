// The parameters of a ViT: their names, as in ViT-Prisma, and shapes.
import { attentionPoolShapes } from "./attention-pool.ts";
import { tokenCount, type ViTConfig } from "./config.ts";
import { normShapes } from "./layer-norm.ts";
import { blockShapes } from "./transformer-block.ts";

type Shapes = readonly (readonly [name: string, shape: readonly number[]])[];

function embedShapes(config: ViTConfig): Shapes {
  const { dModel: D, nChannels, patchSize, nRegisters } = config;
  return [
    ...(config.useClsToken ? [["cls_token", [1, 1, D]] as const] : []),
    ...(config.useDistToken ? [["dist_token", [1, 1, D]] as const] : []),
    ...(nRegisters > 0 ? [["reg_token", [1, nRegisters, D]] as const] : []),
    ["embed.proj.weight", [D, nChannels, patchSize, patchSize]],
    ["embed.proj.bias", [D]],
    ["pos_embed.W_pos", [tokenCount(config), D]],
    ...(config.layerNormPre ? normShapes("ln_pre", config) : []),
  ];
}

function headShapes({ dModel: D, nClasses: C, returnType, classificationType }: ViTConfig): Shapes {
  if (returnType === "pre_logits") return [];
  const heads = classificationType === "distilled" ? ["head", "head_dist"] : ["head"];
  return heads.flatMap((head) => [[`${head}.W_H`, [D, C]] as const, [`${head}.b_H`, [C]] as const]);
}

/** Every parameter of a ViT of `config` with its shape, in the order of the computation. */
export function parameterShapes(config: ViTConfig): ReadonlyMap<string, readonly number[]> {
  return new Map([
    ...embedShapes(config),
    ...Array.from({ length: config.nLayers }, (_, layer) => blockShapes(config, layer)).flat(),
    ...normShapes("ln_final", config),
    ...(config.classificationType === "map" ? attentionPoolShapes(config) : []),
    ...headShapes(config),
  ]);
}
