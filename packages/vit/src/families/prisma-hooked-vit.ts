// ViT-Prisma's `HookedViT`: a flat configuration as its trainer dumps it, weights by the names that are ours too.
import { invalidConfig } from "../check-config.ts";
import {
  createConfig,
  type ActivationName,
  type ClassificationType,
  type ViTConfig,
} from "../config.ts";
import { choiceField, flagField, numberField, stringField } from "./config-file.ts";
import type { ConfigFile, Family, ModelDescription, ModelFacts } from "./family.ts";
import { prisma } from "./prisma.ts";

const ACTIVATIONS = new Map<string, ActivationName>([
  ["relu", "relu"],
  ["gelu", "gelu"],
  ["silu", "silu"],
  ["gelu_new", "gelu_new"],
  ["gelu_fast", "gelu_fast"],
  ["quick_gelu", "quick_gelu"],
]);

const POOLS = new Map<string, ClassificationType>([
  ["cls", "cls"],
  ["gaap", "gaap"],
]);

/** Options that are not computed here, by the values with which they change nothing. */
const UNSUPPORTED: Readonly<Record<string, readonly unknown[]>> = {
  use_bert_block: [false],
  is_video_transformer: [false],
  gated_mlp: [false],
  final_rms: [false],
  positional_embedding_type: ["standard"],
  n_key_value_heads: [null],
};

/** Fields that say how the model is trained, placed or hooked, or that ViT-Prisma never reads. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(
  (
    "use_attn_result use_split_qkv_input use_attn_in use_hook_mlp_in video_tubelet_depth video_num_frames " +
    "attn_dropout_rate mlp_dropout_rate dtype device n_devices weight_type cls_std pos_std seed use_wandb " +
    "wandb_team_name wandb_project_name log_frequency print_every optimizer_name lr weight_decay loss_fn_name " +
    "batch_size warmup_steps scheduler_step scheduler_gamma scheduler_type early_stopping early_stopping_patience " +
    "num_epochs max_grad_norm max_steps parent_dir save_dir save_checkpoints save_cp_frequency d_vocab d_vocab_out " +
    "use_local_attn window_size attn_types original_architecture from_checkpoint checkpoint_index checkpoint_label_type " +
    "checkpoint_value tokenizer_name init_mode attention_dir initializer_range init_weights " +
    "scale_attn_by_inverse_layer_idx parallel_attn_mlp rotary_dim rotary_base rotary_adjacent_pairs n_params " +
    "use_hook_tokens default_prepend_bos tokenizer_prepends_bos post_embedding_ln trust_remote_code log_dir"
  ).split(" "),
);

const READ: ReadonlySet<string> = new Set(
  (
    "n_layers d_model d_head d_mlp n_heads n_channels patch_size image_size n_classes use_cls_token activation_name eps " +
    "normalization_type layer_norm_pre attn_only use_attn_scale classification_type return_type normalize_output model_name"
  ).split(" "),
);

/** @throws PrismaError CONFIG_INVALID for a field that would change the computation, or that `HookedViTConfig` lacks */
function checkFields(file: ConfigFile): void {
  for (const [field, value] of Object.entries(file)) {
    const harmless = Object.hasOwn(UNSUPPORTED, field) ? UNSUPPORTED[field] : undefined;
    if (harmless !== undefined) {
      if (!harmless.includes(value))
        throw invalidConfig(
          field,
          value,
          `${JSON.stringify(harmless[0])}, the one value that is supported`,
        );
    } else if (!READ.has(field) && !WITHOUT_EFFECT.has(field))
      throw invalidConfig(field, value, "no such field: HookedViTConfig has none of that name");
  }
  if (/dino-vitb/.test(stringField(file, "model_name") ?? ""))
    throw invalidConfig(
      "model_name",
      file["model_name"],
      "another name: HookedViT gives CLS and the mean of the patches for this one, which is not supported",
    );
}

function required(file: ConfigFile, field: string): number {
  const value = numberField(file, field);
  if (value === undefined) throw invalidConfig(field, value, "a number");
  return value;
}

/** `None` is written as null, and means no norm; what is left out is `LN`. */
function normOf(file: ConfigFile): ViTConfig["normalizationType"] {
  if (file["normalization_type"] === null) return null;
  const norms = new Map([
    ["LN", "LN"],
    ["LNPre", "LNPre"],
  ] as const);
  return choiceField(file, "normalization_type", norms) ?? "LN";
}

/** ViT-Prisma's defaults where the file leaves a field out. */
function configOf(file: ConfigFile): ViTConfig {
  const [dModel, nHeads] = [required(file, "d_model"), numberField(file, "n_heads") ?? 4];
  return createConfig({
    nLayers: required(file, "n_layers"),
    dModel,
    nHeads,
    dHead: numberField(file, "d_head") ?? dModel / nHeads,
    dMlp: numberField(file, "d_mlp") ?? 4 * dModel,
    nChannels: numberField(file, "n_channels") ?? 3,
    patchSize: numberField(file, "patch_size") ?? 32,
    imageSize: numberField(file, "image_size") ?? 224,
    nClasses: numberField(file, "n_classes") ?? 10,
    useClsToken: flagField(file, "use_cls_token") ?? true,
    activationName: choiceField(file, "activation_name", ACTIVATIONS) ?? "gelu",
    eps: numberField(file, "eps") ?? 1e-6,
    normalizationType: normOf(file),
    layerNormPre: flagField(file, "layer_norm_pre") ?? false,
    attnOnly: flagField(file, "attn_only") ?? false,
    useAttnScale: flagField(file, "use_attn_scale") ?? true,
    classificationType: choiceField(file, "classification_type", POOLS) ?? "cls",
    // Exactly this text leaves the head out; any other puts it on.
    returnType:
      (stringField(file, "return_type") ?? "pre_logits") === "pre_logits"
        ? "pre_logits"
        : "class_logits",
    normalizeOutput: flagField(file, "normalize_output") ?? false,
  });
}

function read({ config: file }: ModelDescription): ModelFacts {
  checkFields(file);
  return { config: configOf(file), labels: null, preprocess: null };
}

/** State dicts of ViT-Prisma's `HookedViT`. */
export const prismaHookedViT: Family = {
  name: "HookedViT (Prisma)",
  recognizes: ({ config }) => "n_layers" in config && "d_model" in config,
  read,
  weights: prisma.weights,
  // HookedViT makes these parameters even where its configuration does not use them.
  ignores: (name) => ["cls_token", "head.W_H", "head.b_H"].includes(name),
};
