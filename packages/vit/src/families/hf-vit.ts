// transformers' ViT and DeiT: `ViTForImageClassification`, `ViTModel` (DINO's too) and their like with a distillation token.
import { createConfig, tokenCount, type ViTConfig } from "../config.ts";
import { headWeights, normWeights } from "./block-weights.ts";
import { flagField } from "./config-file.ts";
import {
  same,
  type ConfigFile,
  type Family,
  type ModelDescription,
  type ModelFacts,
  type WeightSource,
} from "./family.ts";
import { encoderWeights, HF_VIT_BLOCK } from "./hf-blocks.ts";
import {
  classOf,
  hfLabels,
  hfPicturesOfSize,
  hfSizes,
  refuseUnknownFields,
  SIZE_FIELDS,
} from "./hf-fields.ts";

/** What a class reads its answer with: the layer's name in the checkpoint by that of the head. */
type Heads = Readonly<Partial<Record<"head" | "head_dist", string>>>;

const CLASSES: ReadonlyMap<string, Heads> = new Map([
  ["ViTForImageClassification", { head: "classifier" }],
  ["ViTModel", {}],
  ["DeiTForImageClassification", { head: "classifier" }],
  [
    "DeiTForImageClassificationWithTeacher",
    { head: "cls_classifier", head_dist: "distillation_classifier" },
  ],
  ["DeiTModel", {}],
]);

const FIELDS: ReadonlySet<string> = new Set([
  ...SIZE_FIELDS,
  "qkv_bias",
  // Of a decoder that predicts hidden pixels.
  "encoder_stride",
  // Of a layer after CLS that no classifier reads; see `ignores`.
  "pooler_output_size",
  "pooler_act",
]);

function read(description: ModelDescription): ModelFacts {
  const { config: file } = description;
  refuseUnknownFields(file, FIELDS);
  const heads = classOf(file, CLASSES);
  const { labels, nClasses } = hfLabels(file);
  const config = createConfig({
    ...hfSizes(file, { patchSize: 16, activation: "gelu", eps: 1e-12 }),
    useDistToken: file["model_type"] === "deit",
    classificationType: heads.head_dist === undefined ? "cls" : "distilled",
    returnType: heads.head === undefined ? "pre_logits" : "class_logits",
    nClasses: heads.head === undefined ? 1 : nClasses,
  });
  const preprocess = hfPicturesOfSize(description, config);
  return { config, labels: heads.head === undefined ? null : labels, preprocess };
}

function embedWeights(config: ViTConfig, prefix: string): WeightSource[] {
  const { dModel: D, nChannels, patchSize } = config;
  const from = `${prefix}embeddings`;
  const projection = `${from}.patch_embeddings.projection`;
  return [
    same(`${from}.cls_token`, "cls_token", [1, 1, D]),
    ...(config.useDistToken ? [same(`${from}.distillation_token`, "dist_token", [1, 1, D])] : []),
    same(`${projection}.weight`, "embed.proj.weight", [D, nChannels, patchSize, patchSize]),
    same(`${projection}.bias`, "embed.proj.bias", [D]),
    {
      from: { [`${from}.position_embeddings`]: [1, tokenCount(config), D] },
      into: { "pos_embed.W_pos": (made) => made.squeeze(0) },
    },
  ];
}

function classifiers(config: ViTConfig, file: ConfigFile): WeightSource[] {
  const shape = [config.nClasses, config.dModel] as const;
  return Object.entries(classOf(file, CLASSES)).flatMap(([to, from]) =>
    headWeights(from, to, { shape, biased: true }),
  );
}

/** ViT and DeiT as transformers saves them. */
export const hfViT: Family = {
  name: "transformers ViT, DeiT",
  recognizes: ({ config }) => config["model_type"] === "vit" || config["model_type"] === "deit",
  preprocessorFile: true,
  weightFiles: ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin"],
  // A model without head is saved without the name of the tower.
  findPrefix: (names) =>
    ["vit.", "deit."].find((prefix) => names.has(`${prefix}embeddings.cls_token`)) ?? "",
  read,
  weights: (config, { config: file, prefix = "" }) => [
    ...embedWeights(config, prefix),
    ...encoderWeights(`${prefix}encoder.layer`, config, {
      ...HF_VIT_BLOCK,
      qkvBias: flagField(file, "qkv_bias") ?? true,
    }),
    ...normWeights(`${prefix}layernorm`, "ln_final", config.dModel),
    ...classifiers(config, file),
  ],
  // `pooler` gives transformers' `pooler_output`, tanh of a layer on CLS, which is trained for no answer here;
  // `mask_token` stands for hidden patches in training.
  ignores: (name) => /^((vit|deit)\.)?(pooler\.dense\.|embeddings\.mask_token$)/.test(name),
};
