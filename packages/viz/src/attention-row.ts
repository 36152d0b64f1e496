// One query's attention over all keys, checked, with the sentence that says what it shows.
import type { AttentionLook } from "./attention-measure.ts";
import { finiteAt } from "./check-array.ts";

/** The attention of one query: weights and their colours in token order. */
export interface AttentionRow {
  readonly weights: readonly number[];
  readonly colors: readonly string[];
}

/** Where a row lies in an attention pattern: `count` weights from `offset` on. */
export interface RowPlace {
  readonly data: ArrayLike<number>;
  readonly offset: number;
  readonly count: number;
}

/**
 * Reads and colours one row.
 * @throws VizError VIZ_VALUE for a weight that is not finite or outside the scale.
 */
export function readAttentionRow(
  figure: string,
  { data, offset, count }: RowPlace,
  look: AttentionLook,
): AttentionRow {
  const weights = Array.from({ length: count }, (_, key) => finiteAt(figure, data, offset + key));
  return { weights, colors: weights.map(look.color) };
}

/** Index of the largest weight, the first of several equal ones. */
export function strongestKey(weights: readonly number[]): number {
  return weights.reduce(
    (best, weight, key) => (weight > (weights[best] ?? -Infinity) ? key : best),
    0,
  );
}

/** The finding in words: "CLS looks most at (1,6), 41%". */
export function describeRow(
  { weights }: AttentionRow,
  query: number,
  { names, look }: { readonly names: readonly string[]; readonly look: AttentionLook },
): string {
  const key = strongestKey(weights);
  return `${names[query] ?? ""} ${look.verb} ${names[key] ?? ""}, ${look.long(weights[key] ?? 0)}`;
}
