// The parameters of a ViT: their names, as in ViT-Prisma, and shapes.
import { tokenCount, type ViTConfig } from "./config.ts";

/** Names and shapes of a norm's parameters: none where it has none. */
function normShapes(config: ViTConfig, name: string): [string, readonly number[]][] {
  if (config.normalizationType !== "LN") return [];
  return [
    [`${name}.w`, [config.dModel]],
    [`${name}.b`, [config.dModel]],
  ];
}

function blockShapes(config: ViTConfig, layer: number): [string, readonly number[]][] {
  const { dModel: D, dHead: E, nHeads: H, dMlp: M } = config;
  const block = `blocks.${layer}`;
  const attn: [string, readonly number[]][] = [
    ...normShapes(config, `${block}.ln1`),
    [`${block}.attn.W_Q`, [H, D, E]],
    [`${block}.attn.W_K`, [H, D, E]],
    [`${block}.attn.W_V`, [H, D, E]],
    [`${block}.attn.b_Q`, [H, E]],
    [`${block}.attn.b_K`, [H, E]],
    [`${block}.attn.b_V`, [H, E]],
    [`${block}.attn.W_O`, [H, E, D]],
    [`${block}.attn.b_O`, [D]],
  ];
  if (config.attnOnly) return attn;
  return [
    ...attn,
    ...normShapes(config, `${block}.ln2`),
    [`${block}.mlp.W_in`, [D, M]],
    [`${block}.mlp.b_in`, [M]],
    [`${block}.mlp.W_out`, [M, D]],
    [`${block}.mlp.b_out`, [D]],
  ];
}

/** Every parameter of a ViT of `config` with its shape, in the order of the computation. */
export function parameterShapes(config: ViTConfig): ReadonlyMap<string, readonly number[]> {
  const { dModel: D, nChannels, patchSize, nClasses } = config;
  return new Map<string, readonly number[]>([
    ...(config.useClsToken ? [["cls_token", [1, 1, D]] as const] : []),
    ["embed.proj.weight", [D, nChannels, patchSize, patchSize]],
    ["embed.proj.bias", [D]],
    ["pos_embed.W_pos", [tokenCount(config), D]],
    ...(config.layerNormPre ? normShapes(config, "ln_pre") : []),
    ...Array.from({ length: config.nLayers }, (_, layer) => blockShapes(config, layer)).flat(),
    ...normShapes(config, "ln_final"),
    ...(config.returnType === "class_logits"
      ? ([
          ["head.W_H", [D, nClasses]],
          ["head.b_H", [nClasses]],
        ] as const)
      : []),
  ]);
}
