// open_clip's own layout: `open_clip_config.json`, towers of class `VisionTransformer` and `TextTransformer`.
import {
  encoderWeights,
  linear,
  normWeights,
  OPEN_CLIP_BLOCK,
  OPEN_CLIP_SCALED_BLOCK,
  openClipVision,
  same,
  zero,
  type WeightSource,
} from "@prisma/vit";
import { createTextConfig, type TextConfig, type TextPooling } from "../text-config.ts";
import type { Cleaning } from "../tokenizer/clean-text.ts";
import type { JsonObject } from "../tokenizer/tokenizer-file.ts";
import type { ClipFamily, TokenizerFacts } from "./clip-family.ts";
import {
  choiceIn,
  flagIn,
  neededNumber,
  numberIn,
  objectIn,
  refuseUnknown,
  textIn,
} from "./fields.ts";

const TEXT_FIELDS = new Set([
  "context_length",
  "vocab_size",
  "hf_tokenizer_name",
  "tokenizer_kwargs",
  "width",
  "heads",
  "layers",
  "mlp_ratio",
  "pad_id",
  "eos_id",
  "no_causal_mask",
  "pool_type",
  "proj_bias",
  "norm_kwargs",
  "act_kwargs",
  "output_tokens",
  "ls_init_value",
]);
/** What other values would change the computation, and those that do not. */
const NEUTRAL = new Map<string, unknown>([
  ["embed_cls", false],
  ["proj_type", "linear"],
  ["qk_norm", false],
  ["scaled_cosine_attn", false],
  ["scale_heads", false],
  ["scale_attn_inner", false],
  ["scale_attn", false],
  ["scale_fc", false],
  ["block_type", "default"],
]);

const POOLINGS = new Map<string, TextPooling>([
  ["argmax", "argmax"],
  ["eos", "eot"],
  ["last", "last"],
]);
const CLEANINGS = new Map<string, Cleaning>([
  ["lower", "lower"],
  ["whitespace", "whitespace"],
  ["canonicalize", "canonicalize"],
]);

const modelOf = (config: JsonObject): JsonObject =>
  "model_cfg" in config ? objectIn(config, "model_cfg") : config;

const epsOf = (file: JsonObject): number => numberIn(objectIn(file, "norm_kwargs"), "eps") ?? 1e-5;

/** `quick_gelu`, or GELU exact or by the tanh form. */
function activationOf(model: JsonObject, file: JsonObject): "quick_gelu" | "gelu" | "gelu_new" {
  if (flagIn(model, "quick_gelu") === true) return "quick_gelu";
  return textIn(objectIn(file, "act_kwargs"), "approximate") === "tanh" ? "gelu_new" : "gelu";
}

function textFacts(model: JsonObject): TextConfig {
  const file = objectIn(model, "text_cfg");
  refuseUnknown(file, TEXT_FIELDS, NEUTRAL);
  const dModel = numberIn(file, "width") ?? 512;
  return createTextConfig({
    nLayers: numberIn(file, "layers") ?? 12,
    dModel,
    nHeads: numberIn(file, "heads") ?? 8,
    dMlp: Math.trunc(dModel * (numberIn(file, "mlp_ratio") ?? 4)),
    vocabSize: numberIn(file, "vocab_size") ?? 49_408,
    contextLength: numberIn(file, "context_length") ?? 77,
    activationName: activationOf(model, file),
    eps: epsOf(file),
    projectionDim: neededNumber(model, "embed_dim"),
    causal: !(flagIn(file, "no_causal_mask") ?? false),
    pooling: choiceIn(file, "pool_type", POOLINGS) ?? "argmax",
    eotId: numberIn(file, "eos_id") ?? 2,
  });
}

function tokenizerFacts(model: JsonObject, contextLength: number): TokenizerFacts {
  const file = objectIn(model, "text_cfg");
  const cleaning = choiceIn(objectIn(file, "tokenizer_kwargs"), "clean", CLEANINGS);
  // A tokenizer of transformers, its texts cleaned by open_clip.
  if (textIn(file, "hf_tokenizer_name") !== undefined)
    return { contextLength, library: "transformers", cleaning: cleaning ?? "whitespace" };
  return { contextLength, library: "open_clip", cleaning: cleaning ?? "lower" };
}

function textWeights(config: TextConfig, model: JsonObject): WeightSource[] {
  const { dModel: D, projectionDim: C, vocabSize, contextLength } = config;
  // With `custom_text` the tower is a module of its own.
  const prefix = flagIn(model, "custom_text") === true ? "text." : "";
  const projection = `${prefix}text_projection`;
  const scaled = numberIn(objectIn(model, "text_cfg"), "ls_init_value") !== undefined;
  const names = scaled ? OPEN_CLIP_SCALED_BLOCK : OPEN_CLIP_BLOCK;
  return [
    same(`${prefix}token_embedding.weight`, "token_embed.weight", [vocabSize, D]),
    same(`${prefix}positional_embedding`, "pos_embed.W_pos", [contextLength, D]),
    ...encoderWeights(`${prefix}transformer.resblocks`, config, names),
    ...normWeights(`${prefix}ln_final`, "ln_final", D),
    ...(flagIn(objectIn(model, "text_cfg"), "proj_bias") === true
      ? [
          linear(`${projection}.weight`, "head.W_H", [C, D]),
          same(`${projection}.bias`, "head.b_H", [C]),
        ]
      : [same(projection, "head.W_H", [D, C]), zero([C], { "head.b_H": (made) => made })]),
  ];
}

/** ViT CLIPs as open_clip publishes them. */
export const openClip: ClipFamily = {
  name: "open_clip",
  recognizes: (config) =>
    "model_cfg" in config || ("embed_dim" in config && "vision_cfg" in config),
  read: (description) => {
    const { config: vision, preprocess } = openClipVision.read(description);
    const model = modelOf(description.config);
    const text = textFacts(model);
    return {
      vision,
      text,
      preprocess,
      tokenizer: tokenizerFacts(model, text.contextLength),
    };
  },
  weights: ({ vision, text }, description) => ({
    vision: openClipVision.weights(vision, description),
    text: textWeights(text, modelOf(description.config)),
  }),
  // The causal mask, and three sizes that the release's own files repeat.
  ignores: (name) =>
    /^(text\.)?attn_mask$|^(input_resolution|context_length|vocab_size)$/.test(name),
};
