// From logits to shares of one.

/** The softmax of logits: shares that sum to one. */
export function softmax(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits);
  const top = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - top));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** Index of the largest value, the first of several equal ones. */
export function largest(values: ArrayLike<number>): number {
  const all = Array.from(values);
  return all.indexOf(Math.max(...all));
}

/** Most classes that are shown at once. */
const SHOWN = 12;

/** Classes to show: all where they are few, otherwise the likeliest by `logits`, best first. */
export function shownClasses(logits: ArrayLike<number>): readonly number[] {
  const all = Array.from({ length: logits.length }, (_, at) => at);
  if (all.length <= SHOWN) return all;
  return all.sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0)).slice(0, SHOWN);
}
