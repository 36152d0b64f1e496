// transformers' `SiglipModel`: `model_type` is "siglip". Images are read by attention pooling, texts at their last position.
import { createConfig, linear, same, type ViTConfig, type WeightSource } from "@prisma/vit";
import { createTextConfig, invalidConfig, type TextConfig } from "../text-config.ts";
import type { JsonObject } from "../tokenizer/tokenizer-file.ts";
import type { ClipFamily } from "./clip-family.ts";
import {
  encoderWeights,
  fusedAttention,
  mlpWeights,
  normWeights,
  outProjection,
  TRANSFORMERS_BLOCK,
} from "./encoder-weights.ts";
import { choiceIn, flagIn, numberIn } from "./fields.ts";
import { HIDDEN_ACTS, processorFacts, sectionOf } from "./transformers-facts.ts";

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

function visionFacts(config: JsonObject): ViTConfig {
  const file = sectionOf(config, "vision_config");
  if (flagIn(file, "vision_use_head") === false)
    throw invalidConfig("vision_use_head", false, "true");
  const dModel = numberIn(file, "hidden_size") ?? 768;
  return createConfig({
    nLayers: numberIn(file, "num_hidden_layers") ?? 12,
    dModel,
    nHeads: numberIn(file, "num_attention_heads") ?? 12,
    dMlp: numberIn(file, "intermediate_size") ?? 3072,
    nChannels: numberIn(file, "num_channels") ?? 3,
    patchSize: numberIn(file, "patch_size") ?? 16,
    imageSize: numberIn(file, "image_size") ?? 224,
    activationName: choiceIn(file, "hidden_act", HIDDEN_ACTS) ?? "gelu_new",
    eps: numberIn(file, "layer_norm_eps") ?? 1e-6,
    nClasses: dModel,
    useClsToken: false,
    classificationType: "map",
    returnType: "pre_logits",
  });
}

function visionWeights(config: ViTConfig): WeightSource[] {
  const { dModel: D, nChannels, patchSize, imageSize } = config;
  const P = Math.floor(imageSize[0] / patchSize) * Math.floor(imageSize[1] / patchSize);
  const [embeddings, head] = ["vision_model.embeddings", "vision_model.head"];
  return [
    same(`${embeddings}.patch_embedding.weight`, "embed.proj.weight", [
      D,
      nChannels,
      patchSize,
      patchSize,
    ]),
    same(`${embeddings}.patch_embedding.bias`, "embed.proj.bias", [D]),
    same(`${embeddings}.position_embedding.weight`, "pos_embed.W_pos", [P, D]),
    ...encoderWeights("vision_model.encoder.layers", config, TRANSFORMERS_BLOCK),
    ...normWeights("vision_model.post_layernorm", "ln_final", D),
    same(`${head}.probe`, "attn_pool.latent", [1, 1, D]),
    ...fusedAttention(`${head}.attention`, "attn_pool", config),
    ...outProjection(`${head}.attention.out_proj`, "attn_pool", config),
    ...normWeights(`${head}.layernorm`, "attn_pool.ln", D),
    ...mlpWeights([`${head}.mlp.fc1`, `${head}.mlp.fc2`], "attn_pool.mlp", config),
  ];
}

function textWeights(config: TextConfig): WeightSource[] {
  const { dModel: D, projectionDim: C, vocabSize, contextLength } = config;
  return [
    same("text_model.embeddings.token_embedding.weight", "token_embed.weight", [vocabSize, D]),
    same("text_model.embeddings.position_embedding.weight", "pos_embed.W_pos", [contextLength, D]),
    ...encoderWeights("text_model.encoder.layers", config, TRANSFORMERS_BLOCK),
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
    const { config } = description;
    const [vision, text] = [visionFacts(config), textFacts(config)];
    return {
      vision,
      text,
      preprocess: processorFacts(description, vision),
      tokenizer: { contextLength: text.contextLength, library: "transformers" },
    };
  },
  weights: ({ vision, text }) => ({ vision: visionWeights(vision), text: textWeights(text) }),
  // Numbers 0, 1, 2, ... that older versions saved.
  ignores: (name) => name.endsWith(".embeddings.position_ids"),
};
