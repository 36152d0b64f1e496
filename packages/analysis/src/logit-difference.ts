// Class differences of logits that are there as numbers.
import type { FoundTarget } from "@prisma/hooks";

/** What `target` is for the logits of one answer. */
export function logitDifference(logits: ArrayLike<number>, { of, against }: FoundTarget): number {
  const at = (place: number): number => logits[place] ?? Number.NaN;
  if (against === null) return at(of);
  if (against !== "mean") return at(of) - at(against);
  const sum = Array.from(logits).reduce((total, logit) => total + logit, 0);
  return at(of) - sum / logits.length;
}
