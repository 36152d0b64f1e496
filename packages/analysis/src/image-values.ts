// Values of several images side by side, NaN for images that were not reached.
import type { Axis, LabelledValues } from "./result.ts";

/** Puts an axis `image` of `total` before `axes`; `rows` holds the values of the first images. */
export function imageValues(
  axes: readonly Axis[],
  rows: readonly ArrayLike<number>[],
  total: number,
): LabelledValues {
  const size = axes.reduce((product, axis) => product * axis.labels.length, 1);
  const values = new Float32Array(total * size).fill(Number.NaN);
  rows.forEach((row, image) => values.set(row, image * size));
  const labels = Array.from({ length: total }, (_, image) => String(image));
  return { axes: [{ name: "image", labels }, ...axes], values };
}

/** One value an image, NaN for images that were not reached. */
export function imageNumbers(values: readonly number[], total: number): number[] {
  return Array.from({ length: total }, (_, image) => values[image] ?? Number.NaN);
}
