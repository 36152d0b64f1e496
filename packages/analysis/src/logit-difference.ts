// Class differences of logits, before they are computed and when they are there as numbers.
import type { FoundTarget } from "@prisma/hooks";
import { PrismaError, tensor, where, type Tensor } from "@prisma/tensor";

/** A target that compares a class with another or with the mean of all. */
export interface ClassDifference extends FoundTarget {
  readonly against: number | "mean";
}

/** What `target` is for the logits of one answer. */
export function logitDifference(logits: ArrayLike<number>, { of, against }: FoundTarget): number {
  const at = (place: number): number => logits[place] ?? Number.NaN;
  if (against === null) return at(of);
  if (against !== "mean") return at(of) - at(against);
  const sum = Array.from(logits).reduce((total, logit) => total + logit, 0);
  return at(of) - sum / logits.length;
}

function assertClasses({ of, against }: ClassDifference, classes: number): void {
  const wrong = [of, against].find((index) => index !== "mean" && index >= classes);
  if (wrong === undefined) return;
  throw new PrismaError(
    "ARGUMENT_INVALID",
    `target: there is no class ${wrong}; classes are 0 to ${classes - 1}`,
    { class: wrong },
  );
}

/** The logit of one class for each image. `[B]` */
function ownLogits(logits: Tensor, classes: readonly number[]): Tensor {
  const index = tensor(classes, { shape: [classes.length, 1], dtype: "i32" });
  return logits.gather(1, index).reshape([classes.length]);
}

/** For each image its own difference. `[B]` */
function ownDifferences(logits: Tensor, targets: readonly ClassDifference[]): Tensor {
  const own = ownLogits(
    logits,
    targets.map(({ of }) => of),
  );
  const isMean = targets.map(({ against }) => against === "mean");
  const others = targets.map(({ against }) => (against === "mean" ? 0 : against));
  const against = where(tensor(isMean), logits.mean(1), ownLogits(logits, others));
  return own.sub(against);
}

/**
 * `targets`, one for all images or one for each, of `logits` [B, C], lazily: [B].
 * @throws PrismaError ARGUMENT_INVALID for a class that the logits do not have
 */
export function logitDifferences(logits: Tensor, targets: readonly ClassDifference[]): Tensor {
  targets.forEach((target) => assertClasses(target, logits.shape[1] ?? 0));
  const [target] = targets;
  if (target === undefined || targets.length > 1) return ownDifferences(logits, targets);
  const against = target.against === "mean" ? logits.mean(1) : logits.get([null, target.against]);
  return logits.get([null, target.of]).sub(against);
}
