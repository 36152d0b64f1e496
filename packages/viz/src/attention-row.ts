// One query's attention over all keys, checked, with the sentence that says what it shows.
import { finiteAt } from "./check-array.ts";
import { formatPercent } from "./format-value.ts";
import { scaleColor } from "./color-scale.ts";
import type { ColorScale } from "./color-scale.ts";

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
  scale: ColorScale,
): AttentionRow {
  const weights = Array.from({ length: count }, (_, key) => finiteAt(figure, data, offset + key));
  return { weights, colors: weights.map((weight) => scaleColor(scale, weight)) };
}

/** Index of the largest weight, the first of several equal ones. */
export function strongestKey(weights: readonly number[]): number {
  return weights.reduce(
    (best, weight, key) => (weight > (weights[best] ?? -Infinity) ? key : best),
    0,
  );
}

/** The finding in words: "CLS looks most at (1,6), 41%". */
export function describeRow(row: AttentionRow, query: number, names: readonly string[]): string {
  const key = strongestKey(row.weights);
  return `${names[query] ?? ""} looks most at ${names[key] ?? ""}, ${formatPercent(row.weights[key] ?? 0)}`;
}
