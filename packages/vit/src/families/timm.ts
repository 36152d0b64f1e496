// timm's layout on the Hub: `config.json` names an architecture, weights are those of `VisionTransformer`.
import { invalidConfig } from "../check-config.ts";
import {
  createConfig,
  type ActivationName,
  type ClassificationType,
  type ViTConfig,
} from "../config.ts";
import { timmPreprocess } from "../images/timm-preprocess.ts";
import {
  choiceField,
  flagField,
  isObject,
  numberField,
  numbersField,
  objectField,
  stringField,
  stringsField,
} from "./config-file.ts";
import type { ConfigFile, Family, ModelDescription, ModelFacts } from "./family.ts";
import { timmWeights } from "./timm-weights.ts";

/** Width, depth and heads by the size word of an architecture's name. */
const SIZES = new Map<string, readonly [dModel: number, nLayers: number, nHeads: number]>([
  ["tiny", [192, 12, 3]],
  ["small", [384, 12, 6]],
  ["base", [768, 12, 12]],
  ["large", [1024, 24, 16]],
  ["huge", [1280, 32, 16]],
]);

/** Plain vision transformers: no layer scale, registers, rotary positions or distillation token. */
const ARCHITECTURE = /^(?:vit|deit)_(tiny|small|base|large|huge)_patch(\d+)_(\d+)$/;

const ACTIVATION_LAYERS = new Map<string, ActivationName>([
  ["gelu", "gelu"],
  ["gelu_tanh", "gelu_new"],
  ["quick_gelu", "quick_gelu"],
  ["relu", "relu"],
  ["silu", "silu"],
  ["swish", "silu"],
]);

/** `token` reads CLS after the norm; `avg` is the norm of the mean of the patches (timm's `fc_norm`). */
const POOLS = new Map<string, ClassificationType>([
  ["token", "cls"],
  ["avg", "avg"],
]);

/** Arguments of `VisionTransformer` that are understood; any other would change the computation unseen. */
const MODEL_ARGS: ReadonlySet<string> = new Set([
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
]);

function architectureOf(file: ConfigFile): {
  sizes: readonly [number, number, number];
  patch: number;
  image: number;
} {
  const name = stringField(file, "architecture");
  const match = ARCHITECTURE.exec(name ?? "");
  const sizes = SIZES.get(match?.[1] ?? "");
  if (match === null || sizes === undefined) {
    throw invalidConfig("architecture", name, "a plain ViT such as vit_base_patch16_224");
  }
  return { sizes, patch: Number(match[2]), image: Number(match[3]) };
}

function imageSizeOf(
  args: ConfigFile,
  pretrained: ConfigFile,
  fallback: number,
): number | readonly [number, number] {
  const size = Array.isArray(args["img_size"])
    ? numbersField(args, "img_size")
    : numberField(args, "img_size");
  if (typeof size === "number") return size;
  const [rows = fallback, columns = fallback] =
    size ?? numbersField(pretrained, "input_size")?.slice(1) ?? [];
  return [rows, columns];
}

function configOf(file: ConfigFile): ViTConfig {
  const { sizes, patch, image } = architectureOf(file);
  const [args, pretrained] = [objectField(file, "model_args"), objectField(file, "pretrained_cfg")];
  const unknown = Object.keys(args).find((name) => !MODEL_ARGS.has(name));
  if (unknown !== undefined)
    throw invalidConfig(
      `model_args.${unknown}`,
      args[unknown],
      "no argument but those of a plain ViT",
    );
  const dModel = numberField(args, "embed_dim") ?? sizes[0];
  const nClasses =
    numberField(args, "num_classes") ??
    numberField(file, "num_classes") ??
    numberField(pretrained, "num_classes") ??
    1000;
  const useClsToken = flagField(args, "class_token") ?? true;
  return createConfig({
    dModel,
    nLayers: numberField(args, "depth") ?? sizes[1],
    nHeads: numberField(args, "num_heads") ?? sizes[2],
    dMlp: Math.trunc(dModel * (numberField(args, "mlp_ratio") ?? 4)),
    nChannels: numberField(args, "in_chans") ?? 3,
    patchSize: numberField(args, "patch_size") ?? patch,
    imageSize: imageSizeOf(args, pretrained, image),
    nClasses: nClasses === 0 ? 1 : nClasses,
    returnType: nClasses === 0 ? "pre_logits" : "class_logits",
    useClsToken,
    layerNormPre: flagField(args, "pre_norm") ?? false,
    activationName: choiceField(args, "act_layer", ACTIVATION_LAYERS) ?? "gelu",
    classificationType:
      choiceField(args, "global_pool", POOLS) ?? choiceField(file, "global_pool", POOLS) ?? "cls",
    eps: 1e-6,
  });
}

/** Class names; identifiers are spelled out where the file describes them. */
function labelsOf(file: ConfigFile): readonly string[] | null {
  const names =
    stringsField(file, "label_names") ??
    stringsField(objectField(file, "pretrained_cfg"), "label_names");
  const described = objectField(file, "label_descriptions");
  const spell = (name: string): string =>
    Object.hasOwn(described, name) ? (stringField(described, name) ?? name) : name;
  return names === undefined ? null : names.map(spell);
}

function read({ config: file }: ModelDescription): ModelFacts {
  const config = configOf(file);
  return {
    config,
    labels: labelsOf(file),
    preprocess: timmPreprocess(objectField(file, "pretrained_cfg"), {
      channels: config.nChannels,
      size: config.imageSize,
    }),
  };
}

/** Plain vision transformers in timm's layout. */
export const timm: Family = {
  name: "timm",
  recognizes: ({ config }) => "architecture" in config && isObject(config["pretrained_cfg"] ?? {}),
  read,
  weights: timmWeights,
};
