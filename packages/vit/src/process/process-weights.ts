// Several ways to rewrite weights, one after the other in their order, and the parameters of a model that come of it.
import { kindOf, PrismaError, quoteName, type Tensor } from "@prisma/tensor";
import { prisma } from "../families/prisma.ts";
import { fillParameters } from "../fill-parameters.ts";
import { centerHead } from "./center-head.ts";
import { centerWritingWeights } from "./center-writing-weights.ts";
import { foldLayerNorm } from "./fold-layer-norm.ts";
import { foldValueBiases } from "./fold-value-biases.ts";
import { refactorAttention } from "./refactor-attention.ts";
import { PROCESSING, type ModelWeights, type ProcessingName } from "./model-weights.ts";

type Step = (weights: ModelWeights) => ModelWeights | Promise<ModelWeights>;

const STEPS: Readonly<Record<ProcessingName, Step>> = {
  foldLayerNorm,
  centerWritingWeights,
  centerHead,
  foldValueBiases,
  refactorAttention,
};

/** What `true` stands for: what leaves the output as it is, number for number. */
const DEFAULT: readonly ProcessingName[] = [
  "foldLayerNorm",
  "centerWritingWeights",
  "foldValueBiases",
];

/** @throws PrismaError ARGUMENT_INVALID for what names no processing */
function stepsOf(asked: true | readonly ProcessingName[]): readonly ProcessingName[] {
  if (asked === true) return DEFAULT;
  const list: unknown = asked;
  if (!Array.isArray(list))
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `process: ${kindOf(asked)} was given; expected true, or a list of ${PROCESSING.join(", ")}`,
    );
  const unknown = asked.find((name) => !PROCESSING.includes(name));
  if (unknown !== undefined)
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `process: there is no ${typeof unknown === "string" ? quoteName(unknown) : kindOf(unknown)}; there is ${PROCESSING.join(", ")}`,
    );
  if (asked.length === 0)
    throw new PrismaError("ARGUMENT_INVALID", "process: the list of steps is empty");
  return PROCESSING.filter((name) => asked.includes(name));
}

/**
 * `weights` after the steps asked for, in the order of {@link PROCESSING} whatever the order asked: parameters of their own,
 * realized, queries, keys and values of a block in one buffer. The caller disposes them.
 * @throws PrismaError ARGUMENT_INVALID for a step that is none, or would change what the model computes; OUT_OF_MEMORY
 */
export async function processWeights(
  weights: ModelWeights,
  asked: true | readonly ProcessingName[],
): Promise<{ readonly parameters: Map<string, Tensor>; readonly processing: readonly string[] }> {
  const steps = stepsOf(asked);
  const made: ModelWeights[] = [];
  try {
    for (const step of steps) made.push(await STEPS[step](made.at(-1) ?? weights));
    const last = made.pop() ?? weights;
    const description = { config: {}, preprocessor: null };
    const sources = prisma.weights(last.config, description);
    return {
      parameters: await fillParameters(last.parameters, sources),
      processing: last.processing,
    };
  } finally {
    for (const { parameters } of made) parameters.forEach((parameter) => parameter.dispose());
  }
}
