// transformers' `SiglipModel`: `model_type` is "siglip". Images are read by attention pooling, texts at their last position.
import {
  encoderWeights,
  HF_CLIP_BLOCK,
  hfSiglipVision,
  HIDDEN_ACTS,
  linear,
  normWeights,
  same,
  type WeightSource,
} from "@prisma/vit";
import { createTextConfig, type TextConfig } from "../text-config.ts";
import type { JsonObject } from "../tokenizer/tokenizer-file.ts";
import type { ClipFamily } from "./clip-family.ts";
import { choiceIn, numberIn } from "./fields.ts";
import { sectionOf } from "./section-of.ts";

function textFacts(config: JsonObject): TextConfig {
  const file = sectionOf(config, "text_config");
  const dModel = numberIn(file, "hidden_size") ?? 768;
  return createTextConfig({
    nLayers: numberIn(file, "num_hidden_layers") ?? 12,
    dModel,
    nHeads: numberIn(file, "num_attention_heads") ?? 12,
    dMlp: numberIn(file, "intermediate_size") ?? 3072,
    vocabSize: numberIn(file, "vocab_size") ?? 32_000,
    contextLength: numberIn(file, "max_position_embeddings") ?? 64,
    activationName: choiceIn(file, "hidden_act", HIDDEN_ACTS) ?? "gelu_new",
    eps: numberIn(file, "layer_norm_eps") ?? 1e-6,
    projectionDim: numberIn(file, "projection_size") ?? dModel,
    causal: false,
    pooling: "last",
    eotId: numberIn(file, "eos_token_id") ?? 1,
  });
}

function textWeights(config: TextConfig): WeightSource[] {
  const { dModel: D, projectionDim: C, vocabSize, contextLength } = config;
  return [
    same("text_model.embeddings.token_embedding.weight", "token_embed.weight", [vocabSize, D]),
    same("text_model.embeddings.position_embedding.weight", "pos_embed.W_pos", [contextLength, D]),
    ...encoderWeights("text_model.encoder.layers", config, HF_CLIP_BLOCK),
    ...normWeights("text_model.final_layer_norm", "ln_final", D),
    linear("text_model.head.weight", "head.W_H", [C, D]),
    same("text_model.head.bias", "head.b_H", [C]),
  ];
}

/** SigLIP as transformers saves it; SigLIP 2 of a fixed image size too. */
export const transformersSiglip: ClipFamily = {
  name: "transformers SiglipModel",
  recognizes: (config) => config["model_type"] === "siglip",
  read: (description) => {
    const { config: vision, preprocess } = hfSiglipVision.read(description);
    const text = textFacts(description.config);
    return {
      vision,
      text,
      preprocess,
      tokenizer: { contextLength: text.contextLength, library: "transformers" },
    };
  },
  weights: ({ vision, text }, description) => ({
    vision: hfSiglipVision.weights(vision, description),
    text: textWeights(text),
  }),
  // Numbers 0, 1, 2, ... that older versions saved.
  ignores: (name) => name.endsWith(".embeddings.position_ids"),
};
