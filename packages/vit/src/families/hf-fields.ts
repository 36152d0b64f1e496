// What configurations of transformers have in common: which class, sizes, labels, activations, pictures, and what must not be there.
import { invalidConfig } from "../check-config.ts";
import type { ActivationName, ViTConfig } from "../config.ts";
import { transformersPreprocess } from "../images/transformers-preprocess.ts";
import type { PreprocessConfig } from "../images/preprocess-config.ts";
import {
  choiceField,
  numberField,
  numbersField,
  objectField,
  stringField,
  stringsField,
} from "./config-file.ts";
import type { ConfigFile, ModelDescription } from "./family.ts";

/** Activations by transformers' names. */
export const HIDDEN_ACTS: ReadonlyMap<string, ActivationName> = new Map([
  ["quick_gelu", "quick_gelu"],
  ["gelu", "gelu"],
  ["gelu_python", "gelu"],
  ["gelu_pytorch_tanh", "gelu_new"],
  ["gelu_new", "gelu_new"],
  ["gelu_fast", "gelu_fast"],
  ["relu", "relu"],
  ["silu", "silu"],
  ["swish", "silu"],
]);

/**
 * Fields that every configuration may have and that say nothing of what a loaded tower computes: where it comes from, how
 * it is trained, what a call returns, and how text is generated, which configurations of before 2023 repeat for images.
 */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(
  (
    "architectures model_type transformers_version _name_or_path _commit_hash torch_dtype dtype torchscript use_bfloat16 " +
    "_attn_implementation _attn_implementation_autoset attn_implementation return_dict output_attentions " +
    "output_hidden_states use_cache finetuning_task problem_type label2id id2label num_labels task_specific_params " +
    "initializer_range initializer_factor hidden_dropout_prob attention_probs_dropout_prob attention_dropout dropout " +
    "drop_path_rate gradient_checkpointing chunk_size_feed_forward tf_legacy_loss tie_encoder_decoder " +
    "tie_word_embeddings cross_attention_hidden_size tokenizer_class prefix bos_token_id eos_token_id pad_token_id " +
    "sep_token_id decoder_start_token_id bad_words_ids do_sample early_stopping diversity_penalty " +
    "encoder_no_repeat_ngram_size exponential_decay_length_penalty forced_bos_token_id forced_eos_token_id " +
    "length_penalty max_length min_length no_repeat_ngram_size num_beam_groups num_beams num_return_sequences " +
    "output_scores remove_invalid_values repetition_penalty return_dict_in_generate suppress_tokens " +
    "begin_suppress_tokens temperature top_k top_p typical_p vocab_size"
  ).split(" "),
);

/** Fields by the one value with which they change nothing. */
const NEUTRAL: Readonly<Record<string, unknown>> = {
  pruned_heads: {},
  add_cross_attention: false,
  is_decoder: false,
  is_encoder_decoder: false,
};

/** @throws PrismaError CONFIG_INVALID for a field that is neither in `read` nor known to be without effect */
export function refuseUnknownFields(file: ConfigFile, read: ReadonlySet<string>): void {
  for (const [field, value] of Object.entries(file)) {
    if (read.has(field) || WITHOUT_EFFECT.has(field) || value === null) continue;
    const neutral = Object.hasOwn(NEUTRAL, field) ? JSON.stringify(NEUTRAL[field]) : undefined;
    if (neutral === JSON.stringify(value)) continue;
    throw invalidConfig(
      field,
      value,
      neutral ?? "no such field: this layout has none of that name",
    );
  }
}

/**
 * What the first of `architectures` stands for.
 * @throws PrismaError CONFIG_INVALID, naming the classes that are read
 */
export function classOf<T>(file: ConfigFile, classes: ReadonlyMap<string, T>): T {
  const name = stringsField(file, "architectures")?.[0];
  const found = classes.get(name ?? "");
  if (found !== undefined) return found;
  throw invalidConfig("architectures", name, `one of ${[...classes.keys()].join(", ")}`);
}

/** The part of a pair's configuration named `name`; older files repeat it as `name_dict`, which counts. */
export function sectionOf(config: ConfigFile, name: string): ConfigFile {
  return { ...objectField(config, name), ...objectField(config, `${name}_dict`) };
}

/** A number, or two of them. */
function pairField(file: ConfigFile, field: string, fallback: number): readonly [number, number] {
  if (!Array.isArray(file[field])) {
    const side = numberField(file, field) ?? fallback;
    return [side, side];
  }
  const pair = numbersField(file, field) ?? [];
  const [rows, columns] = pair;
  if (pair.length === 2 && rows !== undefined && columns !== undefined) return [rows, columns];
  throw invalidConfig(field, file[field], "a number or two");
}

/** A layout's own values where its configuration is silent. */
export interface HfDefaults {
  readonly patchSize: number;
  readonly activation: ActivationName;
  readonly eps: number;
}

/**
 * Sizes, activation and norms that all towers of transformers name alike.
 * @throws PrismaError CONFIG_INVALID
 */
export function hfSizes(file: ConfigFile, defaults: HfDefaults) {
  const [rows, columns] = pairField(file, "patch_size", defaults.patchSize);
  if (rows !== columns)
    throw invalidConfig("patch_size", file["patch_size"], "a square: other patches are not cut");
  return {
    nLayers: numberField(file, "num_hidden_layers") ?? 12,
    dModel: numberField(file, "hidden_size") ?? 768,
    nHeads: numberField(file, "num_attention_heads") ?? 12,
    dMlp: numberField(file, "intermediate_size") ?? 3072,
    nChannels: numberField(file, "num_channels") ?? 3,
    patchSize: rows,
    imageSize: pairField(file, "image_size", 224),
    activationName: choiceField(file, "hidden_act", HIDDEN_ACTS) ?? defaults.activation,
    eps: numberField(file, "layer_norm_eps") ?? defaults.eps,
  } as const;
}

/** Fields that {@link hfSizes} reads. */
export const SIZE_FIELDS: readonly string[] = [
  "num_hidden_layers",
  "hidden_size",
  "num_attention_heads",
  "intermediate_size",
  "num_channels",
  "patch_size",
  "image_size",
  "hidden_act",
  "layer_norm_eps",
];

/** transformers tells two classes apart where nothing is said. */
const DEFAULT_CLASSES = 2;

/**
 * Names of the classes in order, null where there are none, and how many classes there are.
 * @throws PrismaError CONFIG_INVALID where a number has no name
 */
export function hfLabels(file: ConfigFile): {
  readonly labels: readonly string[] | null;
  readonly nClasses: number;
} {
  const names = objectField(file, "id2label");
  const count = Object.keys(names).length;
  const asked = numberField(file, "num_labels");
  if (count === 0) return { labels: null, nClasses: asked ?? DEFAULT_CLASSES };
  if (asked !== undefined && asked !== count)
    throw invalidConfig("num_labels", asked, `${count}, as id2label has`);
  const labels = Array.from({ length: count }, (_, id) => {
    const label = Object.hasOwn(names, String(id)) ? stringField(names, String(id)) : undefined;
    if (label !== undefined) return label;
    throw invalidConfig(
      "id2label",
      Object.keys(names),
      `a name for every number from 0 to ${count - 1}; ${id} has none`,
    );
  });
  return { labels, nClasses: count };
}

/**
 * Pictures as `preprocessor_config.json` asks for them; null without that file.
 * @throws PrismaError CONFIG_INVALID
 */
export function hfPictures(
  { config, preprocessor }: ModelDescription,
  { nChannels }: ViTConfig,
): PreprocessConfig | null {
  if (preprocessor === null) return null;
  const modelType = stringField(config, "model_type");
  const model = { channels: nChannels, ...(modelType === undefined ? {} : { modelType }) };
  return transformersPreprocess(preprocessor, model);
}

/**
 * {@link hfPictures}, for models whose library takes pictures of one size only.
 * @throws PrismaError CONFIG_INVALID for another size than the model reads
 */
export function hfPicturesOfSize(
  description: ModelDescription,
  config: ViTConfig,
): PreprocessConfig | null {
  const pictures = hfPictures(description, config);
  const { imageSize } = config;
  if (pictures === null) return null;
  if (pictures.size[0] === imageSize[0] && pictures.size[1] === imageSize[1]) return pictures;
  throw invalidConfig("preprocessor size", pictures.size, `the model's ${imageSize.join(" x ")}`);
}
