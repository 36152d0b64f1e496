// transformers' DINOv2 with and without registers. Layer scale is folded; positions come to the size of the pictures.
import { concat, zeros } from "@prisma/tensor";
import { invalidConfig } from "../check-config.ts";
import { createConfig, prefixCount, tokenCount, type ViTConfig } from "../config.ts";
import { normWeights } from "./block-weights.ts";
import { flagField, numberField } from "./config-file.ts";
import {
  same,
  type ConfigFile,
  type Family,
  type ModelDescription,
  type ModelFacts,
  type WeightSource,
} from "./family.ts";
import { encoderWeights, HF_DINOV2_BLOCK, type BlockNames } from "./hf-blocks.ts";
import { classOf, hfPictures, hfSizes, refuseUnknownFields, SIZE_FIELDS } from "./hf-fields.ts";

const CLASSES: ReadonlyMap<string, { readonly registers: boolean }> = new Map([
  ["Dinov2Model", { registers: false }],
  ["Dinov2WithRegistersModel", { registers: true }],
]);

const FIELDS: ReadonlySet<string> = new Set([
  ...SIZE_FIELDS.filter((field) => field !== "intermediate_size"),
  "mlp_ratio",
  "qkv_bias",
  "use_swiglu_ffn",
  "num_register_tokens",
  // What layer scale is before training.
  "layerscale_value",
  // Of training with hidden patches.
  "use_mask_token",
  // Of `Dinov2Backbone`.
  "apply_layernorm",
  "reshape_hidden_states",
  "out_features",
  "out_indices",
  "stage_names",
]);

/** Two thirds of the MLP that it stands for, rounded up to a multiple of 8. */
const gatedWidth = (hidden: number): number =>
  Math.floor((Math.trunc((hidden * 2) / 3) + 7) / 8) * 8;

/** @throws PrismaError CONFIG_INVALID for the classifier, which reads CLS and the mean of the patches side by side */
function refuseClassifier(file: ConfigFile): void {
  const { architectures } = file;
  const name: unknown = Array.isArray(architectures) ? architectures[0] : undefined;
  if (
    name === "Dinov2ForImageClassification" ||
    name === "Dinov2WithRegistersForImageClassification"
  )
    throw invalidConfig(
      "architectures",
      name,
      "Dinov2Model or Dinov2WithRegistersModel: a head that reads CLS and the mean of the patches side by side is not computed",
    );
}

function configOf(file: ConfigFile): ViTConfig {
  const { registers } = classOf(file, CLASSES);
  const sizes = hfSizes(file, { patchSize: registers ? 16 : 14, activation: "gelu", eps: 1e-6 });
  const gatedMlp = flagField(file, "use_swiglu_ffn") ?? false;
  const hidden = Math.trunc(sizes.dModel * (numberField(file, "mlp_ratio") ?? 4));
  const [rows, columns] = sizes.imageSize;
  if (rows !== columns)
    throw invalidConfig("image_size", [rows, columns], "a square, of whose grid the positions are");
  return createConfig({
    ...sizes,
    gatedMlp,
    dMlp: gatedMlp ? gatedWidth(hidden) : hidden,
    // The gate is SiLU, whatever the activation of the other MLP.
    activationName: gatedMlp ? "silu" : sizes.activationName,
    nRegisters: registers ? (numberField(file, "num_register_tokens") ?? 4) : 0,
    returnType: "pre_logits",
    nClasses: 1,
  });
}

function read(description: ModelDescription): ModelFacts {
  const { config: file } = description;
  refuseClassifier(file);
  refuseUnknownFields(file, FIELDS);
  const config = configOf(file);
  const preprocess = hfPictures(description, config);
  if (preprocess === null) return { config, labels: null, preprocess };
  return { config, labels: null, preprocess, imageSize: preprocess.size };
}

function embedWeights(config: ViTConfig): WeightSource[] {
  const { dModel: D, nChannels, patchSize, nRegisters } = config;
  const projection = "embeddings.patch_embeddings.projection";
  const positions = tokenCount(config) - prefixCount(config) + 1;
  return [
    same("embeddings.cls_token", "cls_token", [1, 1, D]),
    ...(nRegisters > 0
      ? [same("embeddings.register_tokens", "reg_token", [1, nRegisters, D])]
      : []),
    same(`${projection}.weight`, "embed.proj.weight", [D, nChannels, patchSize, patchSize]),
    same(`${projection}.bias`, "embed.proj.bias", [D]),
    {
      from: { "embeddings.position_embeddings": [1, positions, D] },
      // Registers have no position: zeros, between that of CLS and those of the patches.
      make: (table) => {
        const rows = table.squeeze(0);
        if (nRegisters === 0) return rows;
        return concat([rows.get([[0, 1]]), zeros([nRegisters, D]), rows.get([[1, positions]])], 0);
      },
      into: { "pos_embed.W_pos": (made) => made },
    },
  ];
}

function blockNames(file: ConfigFile, { gatedMlp }: ViTConfig): BlockNames {
  return {
    ...HF_DINOV2_BLOCK,
    ...(gatedMlp ? { mlpIn: "mlp.weights_in", mlpOut: "mlp.weights_out" } : {}),
    qkvBias: flagField(file, "qkv_bias") ?? true,
  };
}

/** DINOv2 as transformers saves it. */
export const hfDinov2: Family = {
  name: "transformers DINOv2",
  recognizes: ({ config }) =>
    config["model_type"] === "dinov2" || config["model_type"] === "dinov2_with_registers",
  preprocessorFile: true,
  weightFiles: ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin"],
  interpolation: ({ config }) =>
    config["model_type"] === "dinov2" ? "bicubic" : "bicubic, antialiased",
  read,
  weights: (config, { config: file }) => [
    ...embedWeights(config),
    ...encoderWeights("encoder.layer", config, blockNames(file, config)),
    ...normWeights("layernorm", "ln_final", config.dModel),
  ],
  // It stands for hidden patches in training.
  ignores: (name) => name === "embeddings.mask_token",
};
