// Our own layout: `config.json` has the fields of `ViTConfig`, weights go by the names of ViT-Prisma.
import type { Tensor } from "@prisma/tensor";
import { invalidConfig } from "../check-config.ts";
import { createConfig, type ViTConfig, type ViTConfigInput } from "../config.ts";
import type { PreprocessConfig } from "../images/prepare-image.ts";
import { parameterShapes } from "../parameter-shapes.ts";
import {
  choiceField,
  numberField,
  numbersField,
  objectField,
  stringsField,
} from "./config-file.ts";
import {
  same,
  stacked,
  type ConfigFile,
  type Family,
  type ModelDescription,
  type ModelFacts,
  type WeightSource,
} from "./family.ts";

const FITS = new Map([
  ["cover", "cover"],
  ["stretch", "stretch"],
] as const);
const INTERPOLATIONS = new Map([
  ["bilinear", "bilinear"],
  ["bicubic", "bicubic"],
] as const);

function required<T>(value: T | undefined, field: string, expected: string): T {
  if (value === undefined) throw invalidConfig(field, value, expected);
  return value;
}

/** The `preprocess` section: the fields of `PreprocessConfig`. */
function preprocessOf(section: ConfigFile, config: ViTConfig): PreprocessConfig {
  const perChannel = (field: string): readonly number[] => {
    const values = numbersField(section, field) ?? [];
    if (values.length === config.nChannels) return values;
    throw invalidConfig(
      `preprocess.${field}`,
      section[field],
      `${config.nChannels} numbers, one a channel`,
    );
  };
  const [rows, columns] = numbersField(section, "resizeTo") ?? config.imageSize;
  return {
    channels: config.nChannels,
    size: config.imageSize,
    resizeTo: [
      required(rows, "preprocess.resizeTo", "two numbers"),
      required(columns, "preprocess.resizeTo", "two numbers"),
    ],
    fit: choiceField(section, "fit", FITS) ?? "cover",
    interpolation: choiceField(section, "interpolation", INTERPOLATIONS) ?? "bilinear",
    mean: perChannel("mean"),
    std: perChannel("std"),
  };
}

function read({ config: file }: ModelDescription): ModelFacts {
  const { labels: _labels, preprocess: section, processing: _processing, ...fields } = file;
  const nLayers = required(numberField(file, "nLayers"), "nLayers", "a number");
  const dModel = required(numberField(file, "dModel"), "dModel", "a number");
  // What the fields hold is checked, one by one, by createConfig.
  const config = createConfig({ ...(fields as Partial<ViTConfigInput>), nLayers, dModel });
  const preprocess =
    section === undefined ? null : preprocessOf(objectField(file, "preprocess"), config);
  const labels = stringsField(file, "labels") ?? null;
  return { config, labels, preprocess, processing: stringsField(file, "processing") ?? [] };
}

/** Matrices that read the same stream, by the one that comes first; together they are computed in one product. */
const TOGETHER: readonly (readonly [first: RegExp, rest: readonly string[]])[] = [
  [/^(?<stem>.*\.W_)Q$/, ["K", "V"]],
  [/^(?<stem>.*\.b_)Q$/, ["K", "V"]],
  [/^(?<stem>.*\.W_)gate$/, ["in"]],
  [/^(?<stem>.*\.b_)gate$/, ["in"]],
];

/** Parameters that lie in one buffer with `name`, itself first. */
function bufferOf(name: string): readonly string[] {
  for (const [first, rest] of TOGETHER) {
    const stem = first.exec(name)?.groups?.["stem"];
    if (stem !== undefined) return [name, ...rest.map((part) => stem + part)];
  }
  return [name];
}

function weights(config: ViTConfig): WeightSource[] {
  const sources: WeightSource[] = [];
  const placed = new Set<string>();
  for (const [name, shape] of parameterShapes(config)) {
    if (placed.has(name)) continue;
    const names = bufferOf(name);
    names.forEach((one) => placed.add(one));
    const into = Object.fromEntries(
      names.map((one, i) => [one, (made: Tensor) => made.get([i])] as const),
    );
    sources.push(names.length === 1 ? same(name, name, shape) : stacked(names, shape, into));
  }
  return sources;
}

/** Vision transformers in our own layout. */
export const prisma: Family = {
  name: "prisma",
  recognizes: ({ config }) => "nLayers" in config,
  read,
  weights,
};
