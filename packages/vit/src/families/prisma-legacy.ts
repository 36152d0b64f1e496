// Prisma's first architecture (2023), of the checkpoints in its tables: no norms, a fused bias-free qkv, a CLS token.
import type { Tensor } from "@prisma/tensor";
import { invalidConfig } from "../check-config.ts";
import { createConfig, tokenCount, type ViTConfig } from "../config.ts";
import { flagField, isObject, numberField, objectField } from "./config-file.ts";
import {
  linear,
  same,
  zero,
  type ConfigFile,
  type Family,
  type ModelDescription,
  type ModelFacts,
  type WeightSource,
} from "./family.ts";

/** Sections of the configuration that bear on the computation, with the fields that are read and the values that are computed. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, readonly unknown[] | null>>>> = {
  image: { image_size: null, patch_size: null, n_channels: null },
  transformer: {
    hidden_dim: null,
    num_heads: null,
    num_layers: null,
    mlp_dim: null,
    activation_name: ["GELU"],
    attention_only: null,
    attn_hidden_layer: [true],
    block_fn: null,
  },
  layernorm: { qknorm: [false], layer_norm_eps: [0], final_layer_norm: null },
  classification: { num_classes: null, global_pool: null, include_cls: null },
};

/** Sections that say how the model was trained. */
const TRAINING: ReadonlySet<string> = new Set(
  "dropout init training logging saving dataset".split(" "),
);

/** @throws PrismaError CONFIG_INVALID for what would change the computation, or is no field */
function checkFields(file: ConfigFile): void {
  for (const section of Object.keys(file)) {
    if (TRAINING.has(section)) continue;
    const fields = Object.hasOwn(FIELDS, section) ? FIELDS[section] : undefined;
    if (fields === undefined)
      throw invalidConfig(section, file[section], `one of ${Object.keys(FIELDS).join(", ")}`);
    for (const [field, value] of Object.entries(objectField(file, section))) {
      const computed = Object.hasOwn(fields, field) ? fields[field] : [];
      if (computed !== null && !computed?.includes(value))
        throw invalidConfig(
          `${section}.${field}`,
          value,
          computed?.length
            ? `${JSON.stringify(computed[0])}, the one value that is supported`
            : "no such field",
        );
    }
  }
}

function required(section: ConfigFile, field: string): number {
  const value = numberField(section, field);
  if (value === undefined)
    throw invalidConfig(
      field,
      value,
      field === "num_heads"
        ? "a number; heads are not in the shapes of such a checkpoint, so the configuration must say them: { transformer: { num_heads: 8 } }"
        : "a number",
    );
  return value;
}

function read({ config: file }: ModelDescription): ModelFacts {
  checkFields(file);
  const [image, transformer] = [objectField(file, "image"), objectField(file, "transformer")];
  const classes = objectField(file, "classification");
  const useClsToken =
    flagField(classes, "include_cls") ?? !(flagField(classes, "global_pool") ?? false);
  const dModel = required(transformer, "hidden_dim");
  const config = createConfig({
    nLayers: required(transformer, "num_layers"),
    dModel,
    nHeads: required(transformer, "num_heads"),
    dMlp: numberField(transformer, "mlp_dim") ?? 4 * dModel,
    attnOnly: flagField(transformer, "attention_only") ?? false,
    nChannels: required(image, "n_channels"),
    patchSize: required(image, "patch_size"),
    imageSize: required(image, "image_size"),
    nClasses: required(classes, "num_classes"),
    useClsToken,
    classificationType: useClsToken ? "cls" : "gaap",
    normalizationType: null,
  });
  return { config, labels: null, preprocess: null };
}

type Shapes = ReadonlyMap<string, readonly number[]>;

/** What the shapes say: everything but the heads. Images of this architecture are square. */
function sectionsOf(shapes: Shapes): Readonly<Record<string, ConfigFile>> {
  const sizes = (name: string): readonly number[] => shapes.get(name) ?? [];
  const [hidden, channels, patch] = sizes("patch_embedding.proj.weight");
  const useCls = shapes.has("cls_token");
  const patches = (sizes("position_embedding")[1] ?? 0) - (useCls ? 1 : 0);
  const [mlp] = sizes("blocks.0.mlp.fc1.weight");
  const layers = [...shapes.keys()].filter((name) =>
    /^blocks\.\d+\.attention\.qkv\.weight$/.test(name),
  );
  return {
    image: {
      image_size: Math.sqrt(patches) * (patch ?? 0),
      patch_size: patch,
      n_channels: channels,
    },
    transformer: {
      hidden_dim: hidden,
      num_layers: layers.length,
      attention_only: mlp === undefined,
      ...(mlp === undefined ? {} : { mlp_dim: mlp }),
    },
    classification: { num_classes: sizes("head.weight")[0], include_cls: useCls },
  };
}

/** The configuration with what the shapes say where it says nothing. */
function complete(description: ModelDescription, shapes: Shapes): ModelDescription {
  const inferred = sectionsOf(shapes);
  const config = { ...description.config };
  for (const [section, fields] of Object.entries(inferred))
    config[section] = { ...fields, ...objectField(description.config, section) };
  return { ...description, config };
}

/** Rows of the fused projection: all heads of q, then of k, then of v; it has no bias. */
function qkv(block: string, { dModel: D, nHeads: H, dHead: E }: ViTConfig): WeightSource[] {
  const part = (i: number) => (made: Tensor) => made.reshape([3, H, E, D]).get([i]).transpose(); // [H, D, E]
  const parts = ["Q", "K", "V"].map((letter, i) => [`${block}.attn.W_${letter}`, part(i)] as const);
  const biases = ["Q", "K", "V"].map(
    (letter, i) => [`${block}.attn.b_${letter}`, (made: Tensor) => made.get([i])] as const,
  );
  return [
    {
      from: { [`${block}.attention.qkv.weight`]: [3 * H * E, D] },
      into: Object.fromEntries(parts),
    },
    zero([3, H, E], Object.fromEntries(biases)),
  ];
}

function blockWeights(config: ViTConfig, layer: number): WeightSource[] {
  const { dModel: D, nHeads: H, dHead: E, dMlp: M } = config;
  const block = `blocks.${layer}`;
  const attn: WeightSource[] = [
    ...qkv(block, config),
    {
      from: { [`${block}.attention.proj.weight`]: [D, H * E] },
      into: { [`${block}.attn.W_O`]: (proj) => proj.reshape([D, H, E]).permute([1, 2, 0]) }, // [H, E, D]
    },
    same(`${block}.attention.proj.bias`, `${block}.attn.b_O`, [D]),
  ];
  if (config.attnOnly) return attn;
  return [
    ...attn,
    linear(`${block}.mlp.fc1.weight`, `${block}.mlp.W_in`, [M, D]),
    same(`${block}.mlp.fc1.bias`, `${block}.mlp.b_in`, [M]),
    linear(`${block}.mlp.fc2.weight`, `${block}.mlp.W_out`, [D, M]),
    same(`${block}.mlp.fc2.bias`, `${block}.mlp.b_out`, [D]),
  ];
}

function weights(config: ViTConfig): WeightSource[] {
  const { dModel: D, nChannels, patchSize, nClasses: C } = config;
  return [
    ...(config.useClsToken ? [same("cls_token", "cls_token", [1, 1, D])] : []),
    same("patch_embedding.proj.weight", "embed.proj.weight", [D, nChannels, patchSize, patchSize]),
    zero([D], { "embed.proj.bias": (made) => made }),
    {
      from: { position_embedding: [1, tokenCount(config), D] },
      into: { "pos_embed.W_pos": (positions) => positions.squeeze(0) },
    },
    ...Array.from({ length: config.nLayers }, (_, layer) => blockWeights(config, layer)).flat(),
    linear("head.weight", "head.W_H", [C, D]),
    same("head.bias", "head.b_H", [C]),
  ];
}

/** Checkpoints of Prisma's tables of 2023: `dSprites-*` and `ImageNet-*` of its authors. */
export const prismaLegacy: Family = {
  name: "Prisma of 2023",
  recognizes: ({ config }) => isObject(config["transformer"]),
  complete,
  read,
  weights,
};

/** Repositories of the tables whose heads are written down, in their results' notes: 8. By id, or in a URL of the Hub. */
const EIGHT_HEADS =
  /^(?:https:\/\/huggingface\.co\/)?IamYash\/dSprites-(?:tiny|base|small|medium)-(?:AttentionOnly|Attention-and-MLP)(?:[@/]|$)/;

/** The configuration of a repository of the tables, which have none, as far as it is known; null for any other. */
export function knownLegacyConfig(source: string): ConfigFile | null {
  return EIGHT_HEADS.test(source) ? { transformer: { num_heads: 8 } } : null;
}
