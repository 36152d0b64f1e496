// The vision tower of transformers' SigLIP, read by attention pooling; and `SiglipForImageClassification`, read by the mean of its tokens.
import { invalidConfig } from "../check-config.ts";
import { createConfig, tokenCount, type ViTConfig } from "../config.ts";
import {
  attentionOutput,
  fusedProjections,
  headWeights,
  mlpWeights,
  normWeights,
} from "./block-weights.ts";
import { flagField } from "./config-file.ts";
import {
  same,
  type ConfigFile,
  type Family,
  type ModelDescription,
  type ModelFacts,
  type WeightSource,
} from "./family.ts";
import { encoderWeights, HF_CLIP_BLOCK } from "./hf-blocks.ts";
import {
  classOf,
  hfLabels,
  hfPicturesOfSize,
  hfSizes,
  refuseUnknownFields,
  sectionOf,
  SIZE_FIELDS,
} from "./hf-fields.ts";

const CLASSES: ReadonlyMap<string, { readonly classifies: boolean }> = new Map([
  ["SiglipModel", { classifies: false }],
  ["SiglipVisionModel", { classifies: false }],
  ["SiglipForImageClassification", { classifies: true }],
]);

const FIELDS: ReadonlySet<string> = new Set([...SIZE_FIELDS, "vision_use_head", "projection_dim"]);

/** Whether a head reads the mean of the tokens; a pair without a named class has attention pooling. */
function classifiesMean(file: ConfigFile): boolean {
  const pair = file["model_type"] === "siglip" && (file["architectures"] ?? null) === null;
  return !pair && classOf(file, CLASSES).classifies;
}

function read(description: ModelDescription): ModelFacts {
  const { config: file } = description;
  const section = file["model_type"] === "siglip" ? sectionOf(file, "vision_config") : file;
  refuseUnknownFields(section, FIELDS);
  const classifies = classifiesMean(file);
  if (!classifies && flagField(section, "vision_use_head") === false)
    throw invalidConfig("vision_use_head", false, "true");
  const { labels, nClasses } = hfLabels(file);
  const config = createConfig({
    ...hfSizes(section, { patchSize: 16, activation: "gelu_new", eps: 1e-6 }),
    nClasses: classifies ? nClasses : 1,
    useClsToken: false,
    classificationType: classifies ? "avg" : "map",
    fcNorm: false,
    returnType: classifies ? "class_logits" : "pre_logits",
  });
  const preprocess = hfPicturesOfSize(description, config);
  return { config, labels: classifies ? labels : null, preprocess };
}

function embedWeights(config: ViTConfig, prefix: string): WeightSource[] {
  const { dModel: D, nChannels, patchSize } = config;
  const patch = `${prefix}embeddings.patch_embedding`;
  const positions = `${prefix}embeddings.position_embedding.weight`;
  return [
    same(`${patch}.weight`, "embed.proj.weight", [D, nChannels, patchSize, patchSize]),
    same(`${patch}.bias`, "embed.proj.bias", [D]),
    same(positions, "pos_embed.W_pos", [tokenCount(config), D]),
  ];
}

/** Attention pooling: one learned query, PyTorch's own attention, an MLP. */
function poolWeights(config: ViTConfig, prefix: string): WeightSource[] {
  const [from, to] = [`${prefix}head`, "attn_pool"];
  const attention = `${from}.attention`;
  const [weight, bias] = [`${attention}.in_proj_weight`, `${attention}.in_proj_bias`];
  const mlp = { into: `${from}.mlp.fc1`, out: `${from}.mlp.fc2`, to: `${to}.mlp`, scale: null };
  return [
    same(`${from}.probe`, `${to}.latent`, [1, 1, config.dModel]),
    ...fusedProjections({ weight, bias, to, letters: "QKV" }, config),
    ...attentionOutput({ from: `${attention}.out_proj`, to, scale: null }, config),
    ...normWeights(`${from}.layernorm`, `${to}.ln`, config.dModel),
    ...mlpWeights(mlp, config, false),
  ];
}

const TOWER = "vision_model.";

/** SigLIP's vision tower as transformers saves it; SigLIP 2 of a fixed image size too. */
export const hfSiglipVision: Family = {
  name: "transformers SigLIP (vision)",
  recognizes: ({ config }) =>
    config["model_type"] === "siglip" || config["model_type"] === "siglip_vision_model",
  preprocessorFile: true,
  weightFiles: ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin"],
  // transformers 5 saves `SiglipVisionModel` without the name of the tower.
  findPrefix: (names) => (names.has(`${TOWER}embeddings.position_embedding.weight`) ? TOWER : ""),
  read,
  weights: (config, { prefix = TOWER }) => [
    ...embedWeights(config, prefix),
    ...encoderWeights(`${prefix}encoder.layers`, config, HF_CLIP_BLOCK),
    ...normWeights(`${prefix}post_layernorm`, "ln_final", config.dModel),
    ...(config.classificationType === "map"
      ? poolWeights(config, prefix)
      : headWeights("classifier", "head", {
          shape: [config.nClasses, config.dModel],
          biased: true,
        })),
  ],
  // Of a pair, the text tower and what its answers are scaled and moved by; attention pooling, where a classifier reads
  // the mean of the tokens; numbers 0, 1, 2, ... that older versions saved.
  ignores: (name) =>
    /^text_model\.|^logit_(scale|bias)$|^vision_model\.head\.|embeddings\.position_ids$/.test(name),
};
