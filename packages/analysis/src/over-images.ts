// What the images of a result have in common: means over them, and how sure these are.
import { PrismaError } from "@prisma/tensor";
import type { Axis, LabelledValues } from "./result.ts";

/** What {@link overImages} gives. */
export interface ImageStatistics {
  /** Mean over the images, without the axis `image`. */
  readonly means: LabelledValues;
  /** Standard error of each mean: the sample's standard deviation over the root of `count`. Null for fewer than two images. */
  readonly standardErrors: LabelledValues | null;
  /** Images that the means are over. */
  readonly count: number;
}

/** Mean of `values`. */
function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function standardError(values: readonly number[]): number {
  const mean = meanOf(values);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

/**
 * Values of each image, one row an image.
 * @throws PrismaError ARGUMENT_INVALID unless `image` is the first axis and the numbers are as many as the axes say
 */
function rowsOf({ axes, values }: LabelledValues): Float32Array[] {
  if (!Array.isArray(axes) || !(values instanceof Float32Array)) {
    throw new PrismaError(
      "ARGUMENT_INVALID",
      "overImages: expected values with their axes, such as the effects of a result",
    );
  }
  const [images, ...rest]: readonly Axis[] = axes;
  const size = rest.reduce((product, { labels }) => product * labels.length, 1);
  const total = images?.labels.length ?? 0;
  if (images?.name === "image" && values.length === total * size)
    return images.labels.map((_, image) => values.subarray(image * size, (image + 1) * size));
  const found = axes.map(({ name, labels }) => `${name} ${labels.length}`).join(", ");
  throw new PrismaError(
    "ARGUMENT_INVALID",
    `overImages: ${values.length} values over [${found}]; expected values whose first axis is image`,
    { values: values.length },
  );
}

/**
 * Mean and standard error of `values` [image, ...] over the images: [...]. An image without any value, NaN throughout, is
 * left out: a run that was cancelled had not reached it, or its effects could not be normalized. A place without value
 * in an image that counts has none in the mean either: NaN, never a mean over fewer images than its neighbours.
 * @throws PrismaError ARGUMENT_INVALID for values whose first axis is not `image`
 * @example
 * const { effects } = await ablate(model, images, { sweep: "heads", kind: "zero", target: ["Dress", "Trouser"] });
 * const { means, standardErrors, count } = overImages(effects);
 * means.axes.map(({ name }) => name); // ["layer", "head"]
 * count; // 1
 * standardErrors; // null
 */
export function overImages(values: LabelledValues): ImageStatistics {
  const rows = rowsOf(values).filter((row) => !row.every(Number.isNaN));
  const axes = values.axes.slice(1);
  const size = axes.reduce((product, { labels }) => product * labels.length, 1);
  const labelled = (of: (cell: readonly number[]) => number): LabelledValues => ({
    axes,
    values: Float32Array.from({ length: size }, (_, place) =>
      of(rows.map((row) => row[place] ?? Number.NaN)),
    ),
  });
  const count = rows.length;
  return {
    means: labelled(meanOf),
    standardErrors: count > 1 ? labelled(standardError) : null,
    count,
  };
}
