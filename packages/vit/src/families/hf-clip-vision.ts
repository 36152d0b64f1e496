// The vision tower of transformers' CLIP: `CLIPVisionModelWithProjection`, `CLIPVisionModel`, or that of a `CLIPModel`.
import { createConfig, tokenCount, type ViTConfig } from "../config.ts";
import { headWeights, normWeights } from "./block-weights.ts";
import { numberField } from "./config-file.ts";
import {
  same,
  zero,
  type ConfigFile,
  type Family,
  type ModelDescription,
  type ModelFacts,
  type WeightSource,
} from "./family.ts";
import { encoderWeights, HF_CLIP_BLOCK } from "./hf-blocks.ts";
import {
  classOf,
  hfPicturesOfSize,
  hfSizes,
  refuseUnknownFields,
  sectionOf,
  SIZE_FIELDS,
} from "./hf-fields.ts";

const CLASSES: ReadonlyMap<string, { readonly projected: boolean }> = new Map([
  ["CLIPModel", { projected: true }],
  ["CLIPVisionModelWithProjection", { projected: true }],
  ["CLIPVisionModel", { projected: false }],
]);

const FIELDS: ReadonlySet<string> = new Set([...SIZE_FIELDS, "projection_dim"]);

/** Whether the tower's own layer to the shared space is there; a pair without a named class has it. */
function isProjected(file: ConfigFile): boolean {
  const pair = file["model_type"] === "clip" && (file["architectures"] ?? null) === null;
  return pair || classOf(file, CLASSES).projected;
}

function read(description: ModelDescription): ModelFacts {
  const { config: file } = description;
  const section = file["model_type"] === "clip" ? sectionOf(file, "vision_config") : file;
  refuseUnknownFields(section, FIELDS);
  const projected = isProjected(file);
  const config = createConfig({
    ...hfSizes(section, { patchSize: 32, activation: "quick_gelu", eps: 1e-5 }),
    nClasses: projected ? (numberField(file, "projection_dim") ?? 512) : 1,
    returnType: projected ? "class_logits" : "pre_logits",
    layerNormPre: true,
  });
  return { config, labels: null, preprocess: hfPicturesOfSize(description, config) };
}

function embedWeights(config: ViTConfig, prefix: string): WeightSource[] {
  const { dModel: D, nChannels, patchSize } = config;
  const from = `${prefix}embeddings`;
  const patches = [D, nChannels, patchSize, patchSize];
  return [
    {
      from: { [`${from}.class_embedding`]: [D] },
      into: { cls_token: (made) => made.reshape([1, 1, D]) },
    },
    same(`${from}.patch_embedding.weight`, "embed.proj.weight", patches),
    zero([D], { "embed.proj.bias": (made) => made }),
    same(`${from}.position_embedding.weight`, "pos_embed.W_pos", [tokenCount(config), D]),
    ...normWeights(`${prefix}pre_layrnorm`, "ln_pre", D), // spelt so in the checkpoint
  ];
}

const TOWER = "vision_model.";

/** CLIP's vision tower as transformers saves it. */
export const hfClipVision: Family = {
  name: "transformers CLIP (vision)",
  recognizes: ({ config }) =>
    config["model_type"] === "clip" || config["model_type"] === "clip_vision_model",
  preprocessorFile: true,
  weightFiles: ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin"],
  // transformers 5 saves `CLIPVisionModel` without the name of the tower.
  findPrefix: (names) => (names.has(`${TOWER}embeddings.class_embedding`) ? TOWER : ""),
  read,
  weights: (config, { prefix = TOWER }) => [
    ...embedWeights(config, prefix),
    ...encoderWeights(`${prefix}encoder.layers`, config, HF_CLIP_BLOCK),
    ...normWeights(`${prefix}post_layernorm`, "ln_final", config.dModel),
    ...(config.returnType === "pre_logits"
      ? []
      : headWeights("visual_projection", "head", {
          shape: [config.nClasses, config.dModel],
          biased: false,
        })),
  ],
  // Of a pair, the text tower and what its answers are scaled by; and numbers 0, 1, 2, ... that older versions saved.
  ignores: (name) =>
    /^text_model\.|^text_projection\.weight$|^logit_scale$|embeddings\.position_ids$/.test(name),
};
