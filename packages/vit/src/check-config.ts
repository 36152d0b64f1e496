// Checks of a configuration: each field is what the model can compute, or an error says what it should be.
import { PrismaError } from "@prisma/tensor";
import type { ActivationName, ClassificationType, ViTConfig } from "./config.ts";

const activationNames: readonly ActivationName[] = [
  "relu",
  "gelu",
  "silu",
  "gelu_new",
  "gelu_fast",
  "quick_gelu",
];
const classificationTypes: readonly ClassificationType[] = [
  "cls",
  "gaap",
  "avg",
  "map",
  "distilled",
];

type Rule = readonly [expected: string, holds: (value: unknown) => boolean];

const positive: Rule = ["a whole number of at least 1", (value) => isWhole(value, 1)];
const flag: Rule = ["true or false", (value) => typeof value === "boolean"];

function isWhole(value: unknown, least: number): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= least;
}

function oneOf(values: readonly (string | null)[]): Rule {
  return [
    `one of ${values.map((value) => JSON.stringify(value)).join(", ")}`,
    (value) => values.some((allowed) => allowed === value),
  ];
}

const RULES: Readonly<Record<keyof ViTConfig, Rule>> = {
  nLayers: ["a whole number of at least 0", (value) => isWhole(value, 0)],
  dModel: positive,
  dHead: positive,
  nHeads: positive,
  dMlp: positive,
  nChannels: positive,
  patchSize: positive,
  imageSize: [
    "two whole numbers of at least 1",
    (value) => Array.isArray(value) && value.length === 2 && value.every((one) => isWhole(one, 1)),
  ],
  nClasses: positive,
  useClsToken: flag,
  useDistToken: flag,
  nRegisters: ["a whole number of at least 0", (value) => isWhole(value, 0)],
  activationName: oneOf(activationNames),
  eps: [
    "a number above 0",
    (value) => typeof value === "number" && Number.isFinite(value) && value > 0,
  ],
  normalizationType: oneOf(["LN", "LNPre", null]),
  layerNormPre: flag,
  attnOnly: flag,
  gatedMlp: flag,
  useAttnScale: flag,
  classificationType: oneOf(classificationTypes),
  fcNorm: flag,
  returnType: oneOf(["pre_logits", "class_logits"]),
  normalizeOutput: flag,
};

/**
 * Checks every field of `config` and what they must be to each other.
 * @throws PrismaError CONFIG_INVALID
 */
export function checkConfig(config: ViTConfig): void {
  const known = new Map<string, Rule>(Object.entries(RULES));
  const values = new Map<string, unknown>(Object.entries(config));
  for (const field of values.keys()) {
    if (!known.has(field)) throw invalidConfig(field, values.get(field), "no such field");
  }
  for (const [field, [expected, holds]] of known) {
    if (!holds(values.get(field))) throw invalidConfig(field, values.get(field), expected);
  }
  checkTogether(config);
}

type Contradiction = readonly [found: boolean, field: keyof ViTConfig, expected: string];

/** What one field asks for and another rules out. */
function contradictions(config: ViTConfig): readonly Contradiction[] {
  const { classificationType, useClsToken, useDistToken, normalizationType } = config;
  return [
    [
      config.imageSize.some((size) => size < config.patchSize),
      "imageSize",
      `at least one patch of ${config.patchSize}`,
    ],
    [
      classificationType === "cls" && !useClsToken,
      "classificationType",
      '"gaap", "avg" or "map", as there is no CLS token',
    ],
    [
      classificationType === "distilled" && !(useClsToken && useDistToken),
      "classificationType",
      'one but "distilled", as CLS and distillation token are not both there',
    ],
    [
      config.fcNorm && classificationType !== "avg",
      "fcNorm",
      'false, as classificationType is not "avg"',
    ],
    [
      config.layerNormPre && normalizationType === null,
      "layerNormPre",
      "false, as normalizationType is null",
    ],
    [config.gatedMlp && config.attnOnly, "gatedMlp", "false, as there is no MLP"],
  ];
}

function checkTogether(config: ViTConfig): void {
  for (const [found, field, expected] of contradictions(config))
    if (found) throw invalidConfig(field, config[field], expected);
}

/** The error for one field of a configuration. */
export function invalidConfig(field: string, found: unknown, expected: string): PrismaError {
  const shown = JSON.stringify(found) ?? String(found);
  const cut = shown.length > 80 ? `${shown.slice(0, 80)}...` : shown;
  return new PrismaError("CONFIG_INVALID", `config: ${field} is ${cut}; expected ${expected}`, {
    field,
    found: cut,
    expected,
  });
}
