// What cells of a lens say: the likeliest class of each, and how many agree with an answer.
import { PrismaError } from "@prisma/tensor";

/** The likeliest class somewhere. */
export interface LikeliestClass {
  /** Class number; of equal logits the lower. */
  readonly index: number;
  readonly label: string;
  /** Softmax over all classes. */
  readonly probability: number;
}

/** Rows of `logits` [..., C]. */
export function classRows(logits: Float32Array, classes: number): Float32Array[] {
  return Array.from({ length: logits.length / classes }, (_, row) =>
    logits.subarray(row * classes, (row + 1) * classes),
  );
}

/**
 * The likeliest class of `logits` [C], whose names are `labels`.
 * @throws PrismaError ARGUMENT_INVALID when one is NaN
 */
export function likeliestClass(logits: Float32Array, labels: readonly string[]): LikeliestClass {
  if (logits.some(Number.isNaN))
    throw new PrismaError("ARGUMENT_INVALID", "logitLens: there is a NaN among the logits");
  const largest = logits.reduce((best, logit) => Math.max(best, logit), Number.NEGATIVE_INFINITY);
  const sum = logits.reduce((total: number, logit) => total + Math.exp(logit - largest), 0);
  const index = logits.indexOf(largest);
  return { index, label: labels[index] ?? "", probability: 1 / sum };
}

/** For each layer, the share of its `positions` whose likeliest class is `answer`; `cells` is [layer, position]. */
export function agreementByLayer(
  cells: readonly LikeliestClass[],
  positions: number,
  answer: LikeliestClass,
): number[] {
  return Array.from({ length: cells.length / positions }, (_, layer) => {
    const row = cells.slice(layer * positions, (layer + 1) * positions);
    return row.filter(({ index }) => index === answer.index).length / positions;
  });
}
