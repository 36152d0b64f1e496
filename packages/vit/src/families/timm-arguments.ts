// What timm's `VisionTransformer` is told for a checkpoint: the architecture's own arguments, and those of `model_args` over them.
import { invalidConfig } from "../check-config.ts";
import type { ActivationName, ClassificationType } from "../config.ts";
import {
  choiceField,
  flagField,
  numberField,
  numbersField,
  objectField,
  stringField,
} from "./config-file.ts";
import type { ConfigFile } from "./family.ts";
import { TIMM_ARCHITECTURES } from "./timm-architectures.ts";

/** Arguments with their defaults filled in. */
export interface TimmArguments {
  readonly patchSize: number;
  readonly imageSize: readonly [rows: number, columns: number];
  readonly channels: number;
  readonly classes: number;
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  readonly mlpRatio: number;
  readonly gatedMlp: boolean;
  readonly activation: ActivationName;
  readonly eps: number;
  readonly classToken: boolean;
  readonly distilled: boolean;
  readonly registers: number;
  /** Tokens before the patches have no position of their own. */
  readonly noEmbedClass: boolean;
  readonly qkvBias: boolean;
  readonly layerScale: boolean;
  readonly preNorm: boolean;
  readonly pool: ClassificationType;
  /** The final norm is called `fc_norm`, and stands after the pooling. */
  readonly fcNorm: boolean;
}

const ACTIVATION_LAYERS = new Map<string, ActivationName>([
  ["gelu", "gelu"],
  ["gelu_tanh", "gelu_new"],
  ["quick_gelu", "quick_gelu"],
  ["relu", "relu"],
  ["silu", "silu"],
  ["swish", "silu"],
]);

const POOLS = new Map<string, ClassificationType>([
  ["token", "cls"],
  ["avg", "avg"],
  ["map", "map"],
]);

const UNDERSTOOD: ReadonlySet<string> = new Set([
  "img_size",
  "patch_size",
  "in_chans",
  "num_classes",
  "global_pool",
  "embed_dim",
  "depth",
  "num_heads",
  "mlp_ratio",
  "class_token",
  "act_layer",
  "qkv_bias",
  "pre_norm",
  "init_values",
  "no_embed_class",
  "reg_tokens",
  "fc_norm",
]);

/** Arguments of training, and of how strictly sizes are checked: inference does not see them. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  "weight_init",
  "fix_init",
  "drop_rate",
  "pos_drop_rate",
  "patch_drop_rate",
  "proj_drop_rate",
  "attn_drop_rate",
  "drop_path_rate",
  "dynamic_img_size",
  "dynamic_img_pad",
  "strict_img_size",
]);

/** Arguments that our models cannot be told, and the value at which they change nothing. */
const ONLY_DEFAULT: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["qk_norm", false],
  ["scale_attn_norm", false],
  ["scale_mlp_norm", false],
  ["proj_bias", true],
  ["pos_embed", "learn"],
  ["final_norm", true],
  ["pool_include_prefix", false],
]);

const architectures = new Map<string, string>(
  TIMM_ARCHITECTURES.trim()
    .split("\n")
    .map((line): [string, string] => {
      const [name = "", ...rest] = line.split(" ");
      return [name, rest.join(" ")];
    }),
);

function valueOf(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  return Number.isNaN(Number(text)) ? text : Number(text);
}

/** @throws PrismaError CONFIG_INVALID naming some architectures that are known */
function argumentsOfArchitecture(name: string | undefined): ConfigFile {
  // A tag of weights may follow the architecture.
  const line = architectures.get(name?.split(".")[0] ?? "");
  if (line === undefined) {
    throw invalidConfig(
      "architecture",
      name,
      `one of timm's ${architectures.size} plain vision transformers, such as vit_base_patch16_224, ` +
        "deit_small_distilled_patch16_224, vit_base_patch14_reg4_dinov2, vit_base_patch16_siglip_224",
    );
  }
  return Object.fromEntries(
    line.split(" ").map((pair) => {
      const [key = "", value = ""] = pair.split("=");
      return [key, valueOf(value)];
    }),
  );
}

/** @throws PrismaError CONFIG_INVALID for an argument that would change the computation unseen */
function assertUnderstood(args: ConfigFile): void {
  for (const [name, value] of Object.entries(args)) {
    if (UNDERSTOOD.has(name) || WITHOUT_EFFECT.has(name)) continue;
    if (ONLY_DEFAULT.has(name) && (value === null || value === ONLY_DEFAULT.get(name))) continue;
    throw invalidConfig(
      `model_args.${name}`,
      value,
      ONLY_DEFAULT.has(name)
        ? `${JSON.stringify(ONLY_DEFAULT.get(name))}; other values are not supported`
        : "no argument but those of a plain ViT",
    );
  }
}

function imageSizeOf(
  args: ConfigFile,
  pretrained: ConfigFile,
): readonly [rows: number, columns: number] {
  const size = Array.isArray(args["img_size"])
    ? numbersField(args, "img_size")
    : numberField(args, "img_size");
  if (typeof size === "number") return [size, size];
  const [rows = 224, columns = 224] =
    size ?? numbersField(pretrained, "input_size")?.slice(1) ?? [];
  return [rows, columns];
}

/** @throws PrismaError CONFIG_INVALID where the norm would follow attention pooling */
function fcNormOf(args: ConfigFile, pool: ClassificationType): boolean {
  const asked = flagField(args, "fc_norm");
  if (asked === true && pool === "map")
    throw invalidConfig("model_args.fc_norm", true, 'false where global_pool is "map"');
  return asked ?? pool === "avg";
}

/**
 * Arguments of the model that `config.json` describes. As in timm those of `model_args` come before the architecture's
 * own, and these before what the file says of its head.
 * @throws PrismaError CONFIG_INVALID
 */
export function timmArguments(file: ConfigFile): TimmArguments {
  const pretrained = objectField(file, "pretrained_cfg");
  const given = objectField(file, "model_args");
  assertUnderstood(given);
  const args = { ...argumentsOfArchitecture(stringField(file, "architecture")), ...given };
  const distilled = flagField(args, "distilled") ?? false;
  const pool =
    choiceField(args, "global_pool", POOLS) ?? choiceField(file, "global_pool", POOLS) ?? "cls";
  const number = (name: string): number | undefined => numberField(args, name);
  const ofHead = (name: string): number | undefined =>
    number(name) ?? numberField(file, name) ?? numberField(pretrained, name);
  return {
    patchSize: number("patch_size") ?? 16,
    imageSize: imageSizeOf(args, pretrained),
    channels: number("in_chans") ?? numbersField(pretrained, "input_size")?.[0] ?? 3,
    classes: ofHead("num_classes") ?? 1000,
    width: number("embed_dim") ?? 768,
    depth: number("depth") ?? 12,
    heads: number("num_heads") ?? 12,
    mlpRatio: number("mlp_ratio") ?? 4,
    gatedMlp: args["mlp_layer"] === "swiglu",
    activation: choiceField(args, "act_layer", ACTIVATION_LAYERS) ?? "gelu",
    eps: number("eps") ?? 1e-6,
    classToken: flagField(args, "class_token") ?? true,
    distilled,
    registers: number("reg_tokens") ?? 0,
    noEmbedClass: flagField(args, "no_embed_class") ?? false,
    qkvBias: flagField(args, "qkv_bias") ?? true,
    layerScale: (number("init_values") ?? 0) !== 0,
    preNorm: flagField(args, "pre_norm") ?? false,
    pool: distilled && pool === "cls" ? "distilled" : pool,
    fcNorm: fcNormOf(args, pool),
  };
}
