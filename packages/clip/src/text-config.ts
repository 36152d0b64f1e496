// The configuration of a text tower.
import { PrismaError } from "@prisma/tensor";
import type { BlockConfig } from "@prisma/vit";

/**
 * Where a text is read. `eot`: at the first token whose id is `eotId`. `argmax`: at the first of the largest ids, as the
 * release of CLIP does, whose end token has the largest. `last`: at the last position (SigLIP).
 */
export type TextPooling = "eot" | "argmax" | "last";

/** Configuration of a text tower, complete. */
export interface TextConfig<Layers extends number = number> extends BlockConfig {
  /** Blocks. */
  readonly nLayers: Layers;
  /** Tokens V of the vocabulary. */
  readonly vocabSize: number;
  /** Most tokens T of a text. */
  readonly contextLength: number;
  /** Width C of the embedding that texts and images share. */
  readonly projectionDim: number;
  /** Whether a token sees only itself and those before it. */
  readonly causal: boolean;
  readonly pooling: TextPooling;
  /** Id of the end token. */
  readonly eotId: number;
}

/** The error for one field of a configuration. */
export function invalidConfig(field: string, found: unknown, expected: string): PrismaError {
  const shown = (JSON.stringify(found) ?? String(found)).slice(0, 80);
  return new PrismaError("CONFIG_INVALID", `config: ${field} is ${shown}; expected ${expected}`, {
    field,
    found: shown,
    expected,
  });
}

/** Most of what a size may be; more than any model has, and far below where memory ends. */
const LARGEST: Readonly<Record<string, number>> = {
  nLayers: 1000,
  dModel: 65_536,
  dHead: 65_536,
  nHeads: 1024,
  dMlp: 1_048_576,
  vocabSize: 1_000_000,
  contextLength: 65_536,
  projectionDim: 65_536,
};

/**
 * A text tower's configuration with what all have in common.
 * @throws PrismaError CONFIG_INVALID naming the field
 */
export function createTextConfig(
  facts: Omit<TextConfig, "dHead" | "normalizationType" | "attnOnly" | "gatedMlp" | "useAttnScale">,
): TextConfig {
  const dHead = facts.dModel / facts.nHeads;
  const sizes = new Map<string, unknown>(Object.entries({ ...facts, dHead }));
  for (const [field, largest] of Object.entries(LARGEST)) {
    const size = sizes.get(field);
    if (!Number.isInteger(size) || Number(size) < 1 || Number(size) > largest)
      throw invalidConfig(`text ${field}`, size, `a whole number from 1 to ${largest}`);
  }
  if (!(facts.eps > 0)) throw invalidConfig("text eps", facts.eps, "a number above 0");
  const shared = {
    normalizationType: "LN",
    attnOnly: false,
    gatedMlp: false,
    useAttnScale: true,
  } as const;
  return { ...facts, ...shared, dHead };
}
