// transformers' `CLIPModel`: `model_type` is "clip".
import {
  encoderWeights,
  HF_CLIP_BLOCK,
  hfClipVision,
  HIDDEN_ACTS,
  linear,
  normWeights,
  same,
  zero,
  type WeightSource,
} from "@prisma/vit";
import { createTextConfig, type TextConfig } from "../text-config.ts";
import type { JsonObject } from "../tokenizer/tokenizer-file.ts";
import type { ClipFamily } from "./clip-family.ts";
import { choiceIn, numberIn } from "./fields.ts";
import { sectionOf } from "./section-of.ts";

/** Before transformers 4.31 configurations gave 2 for CLIP's end token; the largest id was taken then, and is for them. */
const OLD_EOT = 2;

function textFacts(config: JsonObject): TextConfig {
  const file = sectionOf(config, "text_config");
  const eotId = numberIn(file, "eos_token_id") ?? 49_407;
  return createTextConfig({
    nLayers: numberIn(file, "num_hidden_layers") ?? 12,
    dModel: numberIn(file, "hidden_size") ?? 512,
    nHeads: numberIn(file, "num_attention_heads") ?? 8,
    dMlp: numberIn(file, "intermediate_size") ?? 2048,
    vocabSize: numberIn(file, "vocab_size") ?? 49_408,
    contextLength: numberIn(file, "max_position_embeddings") ?? 77,
    activationName: choiceIn(file, "hidden_act", HIDDEN_ACTS) ?? "quick_gelu",
    eps: numberIn(file, "layer_norm_eps") ?? 1e-5,
    projectionDim: numberIn(config, "projection_dim") ?? 512,
    causal: true,
    pooling: eotId === OLD_EOT ? "argmax" : "eot",
    eotId,
  });
}

function textWeights(config: TextConfig): WeightSource[] {
  const { dModel: D, projectionDim: C, vocabSize, contextLength } = config;
  return [
    same("text_model.embeddings.token_embedding.weight", "token_embed.weight", [vocabSize, D]),
    same("text_model.embeddings.position_embedding.weight", "pos_embed.W_pos", [contextLength, D]),
    ...encoderWeights("text_model.encoder.layers", config, HF_CLIP_BLOCK),
    ...normWeights("text_model.final_layer_norm", "ln_final", D),
    linear("text_projection.weight", "head.W_H", [C, D]),
    zero([C], { "head.b_H": (made) => made }),
  ];
}

/** CLIP as transformers saves it. */
export const transformersClip: ClipFamily = {
  name: "transformers CLIPModel",
  recognizes: (config) => config["model_type"] === "clip",
  read: (description) => {
    const { config: vision, preprocess } = hfClipVision.read(description);
    const text = textFacts(description.config);
    return {
      vision,
      text,
      preprocess,
      tokenizer: { contextLength: text.contextLength, library: "transformers" },
    };
  },
  weights: ({ vision, text }, description) => ({
    vision: hfClipVision.weights(vision, description),
    text: textWeights(text),
  }),
  // Numbers 0, 1, 2, ... that older versions saved.
  ignores: (name) => name.endsWith(".embeddings.position_ids"),
};
