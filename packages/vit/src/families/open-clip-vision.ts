// The vision tower of open_clip's CLIPs, class `VisionTransformer`, from `open_clip_config.json`. Layer scale is folded.
import { invalidConfig } from "../check-config.ts";
import {
  createConfig,
  tokenCount,
  type ActivationName,
  type ClassificationType,
  type ViTConfig,
} from "../config.ts";
import { openClipPreprocess } from "../images/open-clip-preprocess.ts";
import { normWeights } from "./block-weights.ts";
import {
  choiceField,
  flagField,
  isObject,
  numberField,
  numbersField,
  objectField,
  stringField,
} from "./config-file.ts";
import {
  same,
  zero,
  type ConfigFile,
  type Family,
  type ModelDescription,
  type ModelFacts,
  type WeightSource,
} from "./family.ts";
import { encoderWeights, OPEN_CLIP_BLOCK, OPEN_CLIP_SCALED_BLOCK } from "./hf-blocks.ts";

/** Fields of a pair: those read here, those of the text tower, and where training starts. */
const MODEL_FIELDS: ReadonlySet<string> = new Set(
  "embed_dim vision_cfg text_cfg quick_gelu custom_text init_logit_scale init_logit_bias multimodal_cfg".split(
    " ",
  ),
);

/** Fields of the tower: those read here, then those without effect where the tower is computed at all. */
const VISION_FIELDS: ReadonlySet<string> = new Set(
  (
    "image_size layers width head_width mlp_ratio patch_size norm_kwargs act_kwargs no_ln_pre pool_type ls_init_value " +
    "final_ln_after_pool patch_dropout output_tokens pos_embed_type attn_pooler_queries attn_pooler_heads"
  ).split(" "),
);

/** Fields by the one value with which they change nothing. */
const NEUTRAL: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["attentional_pool", false],
  ["qk_norm", false],
  ["scaled_cosine_attn", false],
  ["scale_heads", false],
  ["scale_attn_inner", false],
  ["scale_attn", false],
  ["scale_fc", false],
  ["block_type", "default"],
]);

const POOLS = new Map<string, ClassificationType>([
  ["tok", "cls"],
  ["avg", "avg"],
]);

/** @throws PrismaError CONFIG_INVALID for a field that is not in `known`, unless it says what is so anyway */
function refuseUnknown(section: string, file: ConfigFile, known: ReadonlySet<string>): void {
  for (const [field, value] of Object.entries(file)) {
    if (known.has(field) || value === null || NEUTRAL.get(field) === value) continue;
    const only = NEUTRAL.has(field) ? JSON.stringify(NEUTRAL.get(field)) : "no such field";
    throw invalidConfig(`${section}.${field}`, value, only);
  }
}

const modelOf = (config: ConfigFile): ConfigFile =>
  "model_cfg" in config ? objectField(config, "model_cfg") : config;

/** The only argument that a module is given more than its defaults. */
function onlyArgument(file: ConfigFile, field: string, name: string): ConfigFile {
  const args = objectField(file, field);
  for (const key of Object.keys(args))
    if (key !== name) throw invalidConfig(`vision_cfg.${field}.${key}`, args[key], "no such field");
  return args;
}

/** `quick_gelu`, or GELU exact or by the tanh form. */
function activationOf(model: ConfigFile, file: ConfigFile): ActivationName {
  const args = onlyArgument(file, "act_kwargs", "approximate");
  if (flagField(model, "quick_gelu") === true) return "quick_gelu";
  return stringField(args, "approximate") === "tanh" ? "gelu_new" : "gelu";
}

function imageSizeOf(file: ConfigFile): readonly [rows: number, columns: number] {
  if (!Array.isArray(file["image_size"])) {
    const side = numberField(file, "image_size") ?? 224;
    return [side, side];
  }
  const [rows, columns] = numbersField(file, "image_size") ?? [];
  if (rows === undefined || columns === undefined)
    throw invalidConfig("image_size", file["image_size"], "two numbers");
  return [rows, columns];
}

function embeddingWidth(model: ConfigFile): number {
  const width = numberField(model, "embed_dim");
  if (width === undefined) throw invalidConfig("embed_dim", width, "a number");
  return width;
}

function configOf(model: ConfigFile): ViTConfig {
  const file = objectField(model, "vision_cfg");
  refuseUnknown("vision_cfg", file, VISION_FIELDS);
  const dModel = numberField(file, "width") ?? 768;
  const pool = choiceField(file, "pool_type", POOLS) ?? "cls";
  return createConfig({
    nLayers: numberField(file, "layers") ?? 12,
    dModel,
    nHeads: Math.floor(dModel / (numberField(file, "head_width") ?? 64)),
    dMlp: Math.trunc(dModel * (numberField(file, "mlp_ratio") ?? 4)),
    patchSize: numberField(file, "patch_size") ?? 16,
    imageSize: imageSizeOf(file),
    activationName: activationOf(model, file),
    eps: numberField(onlyArgument(file, "norm_kwargs", "eps"), "eps") ?? 1e-5,
    nClasses: embeddingWidth(model),
    layerNormPre: !(flagField(file, "no_ln_pre") ?? false),
    classificationType: pool,
    // Of one token the norm is the same before and after it is taken.
    fcNorm: pool === "avg" && (flagField(file, "final_ln_after_pool") ?? false),
  });
}

function read({ config: file }: ModelDescription): ModelFacts {
  const model = modelOf(file);
  refuseUnknown("model_cfg", model, MODEL_FIELDS);
  const config = configOf(model);
  const preprocess = openClipPreprocess(objectField(file, "preprocess_cfg"), config.imageSize);
  return { config, labels: null, preprocess };
}

function embedWeights(config: ViTConfig): WeightSource[] {
  const { dModel: D, nChannels, patchSize } = config;
  return [
    {
      from: { "visual.class_embedding": [D] },
      into: { cls_token: (made) => made.reshape([1, 1, D]) },
    },
    same("visual.positional_embedding", "pos_embed.W_pos", [tokenCount(config), D]),
    same("visual.conv1.weight", "embed.proj.weight", [D, nChannels, patchSize, patchSize]),
    zero([D], { "embed.proj.bias": (made) => made }),
    ...(config.layerNormPre ? normWeights("visual.ln_pre", "ln_pre", D) : []),
  ];
}

/** The vision tower of ViT CLIPs as open_clip publishes them. */
export const openClipVision: Family = {
  name: "open_clip (vision)",
  recognizes: ({ config }) =>
    isObject(config["model_cfg"]) || ("embed_dim" in config && isObject(config["vision_cfg"])),
  weightFiles: [
    "open_clip_model.safetensors",
    "open_clip_model.safetensors.index.json",
    "open_clip_pytorch_model.bin",
  ],
  read,
  weights: (config, { config: file }) => {
    const scaled = numberField(objectField(modelOf(file), "vision_cfg"), "ls_init_value");
    const names = scaled === undefined ? OPEN_CLIP_BLOCK : OPEN_CLIP_SCALED_BLOCK;
    return [
      ...embedWeights(config),
      ...encoderWeights("visual.transformer.resblocks", config, names),
      ...normWeights("visual.ln_post", "ln_final", config.dModel),
      same("visual.proj", "head.W_H", [config.dModel, config.nClasses]),
      zero([config.nClasses], { "head.b_H": (made) => made }),
    ];
  },
  // The text tower, what answers are scaled and moved by, the causal mask, and three sizes that OpenAI's files repeat.
  ignores: (name) =>
    /^(text|transformer|token_embedding|ln_final)\.|^(positional_embedding|text_projection(\.(weight|bias))?)$/.test(
      name,
    ) ||
    /^(logit_scale|logit_bias|attn_mask|input_resolution|context_length|vocab_size)$/.test(name),
};
