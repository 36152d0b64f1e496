// timm's layout on the Hub: `config.json` names an architecture, weights are those of `VisionTransformer`.
import { createConfig, type ViTConfig } from "../config.ts";
import { timmPreprocess } from "../images/timm-preprocess.ts";
import { isObject, objectField, stringField, stringsField } from "./config-file.ts";
import type { ConfigFile, Family, ModelDescription, ModelFacts } from "./family.ts";
import { timmArguments } from "./timm-arguments.ts";
import { timmWeights } from "./timm-weights.ts";

function configOf(file: ConfigFile): ViTConfig {
  const args = timmArguments(file);
  const hidden = Math.trunc(args.width * args.mlpRatio);
  return createConfig({
    dModel: args.width,
    nLayers: args.depth,
    nHeads: args.heads,
    // A packed gate is half of what the first layer gives.
    dMlp: args.gatedMlp ? Math.trunc(hidden / 2) : hidden,
    nChannels: args.channels,
    patchSize: args.patchSize,
    imageSize: args.imageSize,
    nClasses: args.classes === 0 ? 1 : args.classes,
    returnType: args.classes === 0 ? "pre_logits" : "class_logits",
    useClsToken: args.classToken,
    useDistToken: args.distilled,
    nRegisters: args.registers,
    layerNormPre: args.preNorm,
    gatedMlp: args.gatedMlp,
    activationName: args.activation,
    classificationType: args.pool,
    fcNorm: args.pool === "avg" && args.fcNorm,
    eps: args.eps,
  });
}

/** timm's tags end with the data set that a checkpoint was last trained on, such as `augreg_in21k_ft_in1k`. */
function isOfImageNet(file: ConfigFile, classes: number): boolean {
  const tag = stringField(objectField(file, "pretrained_cfg"), "tag") ?? "";
  return classes === 1000 && /(^|_)in1k$/.test(tag);
}

/** Class names; identifiers are spelled out where the file describes them. */
function labelsOf(file: ConfigFile, { nClasses }: ViTConfig): ModelFacts["labels"] {
  const names =
    stringsField(file, "label_names") ??
    stringsField(objectField(file, "pretrained_cfg"), "label_names");
  const described = objectField(file, "label_descriptions");
  const spell = (name: string): string =>
    Object.hasOwn(described, name) ? (stringField(described, name) ?? name) : name;
  if (names !== undefined) return names.map(spell);
  return isOfImageNet(file, nClasses) ? "imagenet-1k" : null;
}

function read({ config: file }: ModelDescription): ModelFacts {
  const config = configOf(file);
  return {
    config,
    labels: labelsOf(file, config),
    preprocess: timmPreprocess(objectField(file, "pretrained_cfg"), {
      channels: config.nChannels,
      size: config.imageSize,
    }),
  };
}

/** Vision transformers in timm's layout. */
export const timm: Family = {
  name: "timm",
  recognizes: ({ config }) => "architecture" in config && isObject(config["pretrained_cfg"] ?? {}),
  read,
  withImageSize: ({ config, preprocessor }, size) => ({
    config: { ...config, model_args: { ...objectField(config, "model_args"), img_size: size } },
    preprocessor,
  }),
  weights: timmWeights,
};
