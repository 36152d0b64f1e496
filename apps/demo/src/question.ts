// The question the page asks of a scene: why this class rather than that one.
import { largest } from "./predictions.ts";

/** Two classes by number: the answer, and what it is held against. */
export interface Question {
  readonly of: number;
  readonly against: number;
}

/** The answer against the other garment of the scene, or against the runner-up when neither garment is another class. */
export function questionOf(logits: ArrayLike<number>, garments: readonly number[]): Question {
  const of = largest(logits);
  const other = garments.find((label) => label !== of);
  return { of, against: other ?? runnerUp(logits, of) };
}

/** The class with the largest logit but `best`. */
export function runnerUp(logits: ArrayLike<number>, best: number): number {
  return largest(Array.from(logits, (logit, at) => (at === best ? -Infinity : logit)));
}

/** How far the first class is above the second. */
export function marginOf(logits: ArrayLike<number>, { of, against }: Question): number {
  return (logits[of] ?? Number.NaN) - (logits[against] ?? Number.NaN);
}
