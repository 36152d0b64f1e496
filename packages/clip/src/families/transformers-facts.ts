// What configurations of transformers' CLIP and SigLIP have in common: activations, and pictures as their processors make them.
import {
  transformersPreprocess,
  type ActivationName,
  type PreprocessConfig,
  type ViTConfig,
} from "@prisma/vit";
import { invalidConfig } from "../text-config.ts";
import type { JsonObject } from "../tokenizer/tokenizer-file.ts";
import type { ClipDescription } from "./clip-family.ts";
import { objectIn, textIn } from "./fields.ts";

/** Activations by transformers' names. */
export const HIDDEN_ACTS: ReadonlyMap<string, ActivationName> = new Map([
  ["quick_gelu", "quick_gelu"],
  ["gelu", "gelu"],
  ["gelu_pytorch_tanh", "gelu_new"],
  ["gelu_new", "gelu_new"],
  ["gelu_fast", "gelu_fast"],
  ["relu", "relu"],
  ["silu", "silu"],
  ["swish", "silu"],
]);

/** The section `name` of a model's configuration; older files repeat it as `name_dict`, which counts. */
export function sectionOf(config: JsonObject, name: string): JsonObject {
  return { ...objectIn(config, name), ...objectIn(config, `${name}_dict`) };
}

/**
 * Pictures as a processor of transformers makes them.
 * @throws PrismaError CONFIG_INVALID for what is not done, and for another size than the model reads
 */
export function processorFacts(
  { config, preprocessor }: ClipDescription,
  { nChannels, imageSize }: ViTConfig,
): PreprocessConfig | null {
  if (preprocessor === null) return null;
  const modelType = textIn(config, "model_type");
  const model = { channels: nChannels, ...(modelType === undefined ? {} : { modelType }) };
  const facts = transformersPreprocess(preprocessor, model);
  if (facts.size[0] === imageSize[0] && facts.size[1] === imageSize[1]) return facts;
  throw invalidConfig("preprocessor size", facts.size, `the model's ${imageSize.join(" x ")}`);
}
