// Weights of a model as processing takes and gives them: nothing is changed in place.
import { alias, PrismaError, scope, type Tensor } from "@prisma/tensor";
import type { ViTConfig } from "../config.ts";

/** Ways to rewrite weights, in the order in which they are applied. */
export const PROCESSING = [
  "foldLayerNorm",
  "centerWritingWeights",
  "centerHead",
  "foldValueBiases",
  "refactorAttention",
] as const;

/** A way to rewrite weights. */
export type ProcessingName = (typeof PROCESSING)[number];

/** A model's configuration and weights, and what was done to them. */
export interface ModelWeights {
  readonly config: ViTConfig;
  /** By the names of `model.parameters`. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** What was done to the weights, in order. */
  readonly processing: readonly string[];
}

/** Weights being rewritten. */
export interface WeightEdit {
  /** The parameter `name` as it is by now; null where the model has none. */
  readonly get: (name: string) => Tensor | null;
  /** Gives the parameter `name`, which the model has, another value. */
  readonly set: (name: string, value: Tensor) => void;
}

/** @throws PrismaError ARGUMENT_INVALID, always: `reason` says why `step` would change what the model computes */
export function refuse(step: ProcessingName, reason: string): never {
  throw new PrismaError("ARGUMENT_INVALID", `${step}: ${reason}`, { step, reason });
}

/**
 * `weights` after `change`, which `step` names: lazy tensors of the caller's, those that are not changed too.
 * @throws PrismaError ARGUMENT_INVALID where the same, or what comes after it, was done before
 */
export function editWeights(
  weights: ModelWeights,
  step: ProcessingName,
  change: (edit: WeightEdit) => void,
): ModelWeights {
  const later = PROCESSING.slice(PROCESSING.indexOf(step));
  const done = weights.processing.find((name) => later.some((one) => one === name));
  if (done !== undefined)
    refuse(step, `${done} was done to these weights before; the order is ${PROCESSING.join(", ")}`);
  const parameters = scope(() => {
    const edited = new Map(weights.parameters);
    change({
      get: (name) => edited.get(name) ?? null,
      set: (name, value) => edited.set(name, value),
    });
    const own = (name: string, one: Tensor): Tensor => {
      // Halves are widened, all of them, since what is computed is f32, and parameters of one buffer have one type.
      if (one.dtype === "f16") return one.cast("f32");
      return one === weights.parameters.get(name) ? alias(one) : one;
    };
    return new Map([...edited].map(([name, one]) => [name, own(name, one)]));
  });
  return { ...weights, parameters, processing: [...weights.processing, step] };
}
