// The largest logits, with their probabilities and names.
import { PrismaError, Tensor } from "@prisma/tensor";

/** One class of an answer. */
export interface ClassRow {
  /** 1 for the largest logit. Of equal logits the lower class number comes first. */
  readonly rank: number;
  /** Class number. */
  readonly index: number;
  readonly label: string;
  readonly logit: number;
  /** Softmax over all classes. */
  readonly probability: number;
}

function rowsOf(logits: ArrayLike<number>, labels: readonly string[] | null): ClassRow[] {
  const values = Array.from(logits);
  const largest = Math.max(...values);
  const sum = values.reduce((total, logit) => total + Math.exp(logit - largest), 0);
  const order = values.map((_, index) => index).sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0));
  return order.map((index, place) => {
    const logit = values[index] ?? Number.NaN;
    const label = labels?.[index] ?? `class ${index}`;
    return { rank: place + 1, index, label, logit, probability: Math.exp(logit - largest) / sum };
  });
}

/**
 * All classes of one answer, largest logit first. `logits`: `[C]` or `[1, C]`. Without `labels` they are called `class 3`.
 * @throws PrismaError CANCELLED; SHAPE_MISMATCH; ARGUMENT_INVALID when they are no tensor, when there is a NaN among the logits, or another number of labels
 */
export async function rankClasses(
  logits: Tensor,
  labels: readonly string[] | null,
  options: { readonly signal?: AbortSignal } = {},
): Promise<ClassRow[]> {
  if (!(logits instanceof Tensor))
    throw new PrismaError(
      "ARGUMENT_INVALID",
      "topK: logits must be a tensor of shape [C] or [1,C]",
    );
  const classes = logits.shape.at(-1) ?? 0;
  if (logits.size !== classes || classes === 0) {
    throw new PrismaError(
      "SHAPE_MISMATCH",
      `topK: logits are [${logits.shape.join(",")}]; expected [C] or [1,C]`,
      { shape: [...logits.shape] },
    );
  }
  if (labels !== null && labels.length !== classes) {
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `topK: ${labels.length} labels for ${classes} classes`,
    );
  }
  const values = await logits.data(options);
  const broken = values.findIndex((value: number) => Number.isNaN(value));
  if (broken >= 0) {
    throw new PrismaError("ARGUMENT_INVALID", `topK: the logit of class ${broken} is NaN`, {
      class: broken,
    });
  }
  return rowsOf(values, labels);
}

/** @throws PrismaError ARGUMENT_INVALID unless `k` is a whole number of at least 1 */
export function assertCount(k: number, doing: string): void {
  if (Number.isInteger(k) && k >= 1) return;
  throw new PrismaError(
    "ARGUMENT_INVALID",
    `${doing}: k is ${k}; expected a whole number of at least 1`,
    { k },
  );
}

/**
 * The `k` largest of `logits`, `[C]` or `[1, C]`, largest first; all when there are fewer.
 * @throws PrismaError SHAPE_MISMATCH, ARGUMENT_INVALID
 * @example
 * const [best] = await topK(tensor([0.5, 2]), ["cat", "dog"], 1);
 * best?.label; // "dog"
 */
export async function topK(
  logits: Tensor,
  labels: readonly string[] | null,
  k: number,
): Promise<ClassRow[]> {
  assertCount(k, "topK");
  return (await rankClasses(logits, labels)).slice(0, k);
}
