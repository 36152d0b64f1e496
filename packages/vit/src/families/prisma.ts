// Our own layout: `config.json` has the fields of `ViTConfig`, weights go by the names of ViT-Prisma.
import type { Tensor } from "@prisma/tensor";
import { invalidConfig } from "../check-config.ts";
import { createConfig, type ViTConfig, type ViTConfigInput } from "../config.ts";
import { prismaPreprocess } from "../images/prisma-preprocess.ts";
import { parameterShapes } from "../parameter-shapes.ts";
import { numberField, objectField, stringsField } from "./config-file.ts";
import {
  same,
  stacked,
  type Family,
  type ModelDescription,
  type ModelFacts,
  type WeightSource,
} from "./family.ts";

function required<T>(value: T | undefined, field: string, expected: string): T {
  if (value === undefined) throw invalidConfig(field, value, expected);
  return value;
}

function read({ config: file }: ModelDescription): ModelFacts {
  const { labels: _labels, preprocess: section, processing: _processing, ...fields } = file;
  const nLayers = required(numberField(file, "nLayers"), "nLayers", "a number");
  const dModel = required(numberField(file, "dModel"), "dModel", "a number");
  // What the fields hold is checked, one by one, by createConfig.
  const config = createConfig({ ...(fields as Partial<ViTConfigInput>), nLayers, dModel });
  const preprocess =
    section === undefined ? null : prismaPreprocess(objectField(file, "preprocess"), config);
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
