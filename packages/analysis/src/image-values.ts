// Values of several images side by side, NaN for images that were not reached.
import type { Axis, LabelledValues } from "./result.ts";

/** The axis that comes first in every result: `total` images, by their number in the batch. */
export function imageAxis(total: number): Axis {
  return { name: "image", labels: Array.from({ length: total }, (_, image) => String(image)) };
}

/** Puts an axis `image` of `total` before `axes`; `rows` holds the values of the first images. */
export function imageValues(
  axes: readonly Axis[],
  rows: readonly ArrayLike<number>[],
  total: number,
): LabelledValues {
  const size = axes.reduce((product, axis) => product * axis.labels.length, 1);
  const values = new Float32Array(total * size).fill(Number.NaN);
  rows.forEach((row, image) => values.set(row, image * size));
  return { axes: [imageAxis(total), ...axes], values };
}

/** One value an image, `[image]`, NaN for images that were not reached. */
export function imageNumbers(numbers: ArrayLike<number>, total: number): LabelledValues {
  const values = Float32Array.from({ length: total }, (_, image) => numbers[image] ?? Number.NaN);
  return { axes: [imageAxis(total)], values };
}
