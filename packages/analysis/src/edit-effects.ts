// What edits do to a metric, over the images of a batch: means and their standard errors.
import type { Axis, LabelledValues } from "./result.ts";

/** Values of cells over a batch. */
export interface ImageStatistics {
  /** Mean over the images. */
  readonly means: LabelledValues;
  /** Standard error of that mean, the sample's deviation over the root of the number of images; null for one image. */
  readonly standardErrors: LabelledValues | null;
}

/** Mean of `values`. */
export function meanOf(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

function standardError(values: Float32Array): number {
  const mean = meanOf(values);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

/** Statistics of `values` [cells, B] over the images; the cells lie along `axes`. */
export function overImages(
  values: Float32Array,
  batch: number,
  axes: readonly Axis[],
): ImageStatistics {
  const rows = Array.from({ length: values.length / batch }, (_, cell) =>
    values.subarray(cell * batch, (cell + 1) * batch),
  );
  const labelled = (of: (row: Float32Array) => number): LabelledValues => ({
    axes,
    values: Float32Array.from(rows, of),
  });
  return {
    means: labelled(meanOf),
    standardErrors: batch > 1 ? labelled(standardError) : null,
  };
}
