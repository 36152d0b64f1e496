// The checks every figure makes on its numbers before it draws any of them.
import { VizError } from "./viz-error.ts";

/**
 * Checks that a shape has the expected axes, whole sizes of at least one, and as many values as it says.
 * @throws VizError VIZ_SHAPE
 */
export function checkShape(
  figure: string,
  shape: readonly number[],
  length: number,
  axes: readonly string[],
): void {
  const found = `[${shape.join(", ")}]`;
  if (
    shape.length !== axes.length ||
    !shape.every((size) => Number.isSafeInteger(size) && size > 0)
  ) {
    throw new VizError("VIZ_SHAPE", `${figure}: shape ${found} is not [${axes.join(", ")}]`, {
      shape: [...shape],
      axes: [...axes],
    });
  }
  const expected = shape.reduce((product, size) => product * size, 1);
  if (length !== expected) {
    throw new VizError(
      "VIZ_SHAPE",
      `${figure}: shape ${found} needs ${expected} values, found ${length}`,
      { shape: [...shape], expected, found: length },
    );
  }
}

/**
 * Checks that an update keeps the shape a figure was made with.
 * @throws VizError VIZ_SHAPE
 */
export function checkSameShape(
  figure: string,
  first: readonly number[],
  next: readonly number[],
): void {
  if (next.length === first.length && next.every((size, axis) => size === first[axis])) return;
  throw new VizError(
    "VIZ_SHAPE",
    `${figure}: shape [${next.join(", ")}] is not the figure's [${first.join(", ")}]; draw a new figure`,
    { expected: [...first], found: [...next] },
  );
}

/**
 * Checks that a list has one entry for each of `expected` things.
 * @throws VizError VIZ_SHAPE
 */
export function checkCount(figure: string, what: string, found: number, expected: number): void {
  if (found === expected) return;
  throw new VizError("VIZ_SHAPE", `${figure}: ${found} ${what} for ${expected} places`, {
    what,
    expected,
    found,
  });
}

/**
 * Checks that an index is a whole number from 0 to `size - 1`.
 * @throws VizError VIZ_INDEX
 */
export function checkIndex(figure: string, what: string, index: number, size: number): void {
  if (Number.isSafeInteger(index) && index >= 0 && index < size) return;
  throw new VizError("VIZ_INDEX", `${figure}: ${what} ${index} is not one of 0 to ${size - 1}`, {
    what,
    index,
    size,
  });
}

/**
 * The value at an index of an array.
 * @throws VizError VIZ_VALUE when it is not a finite number.
 */
export function finiteAt(figure: string, data: ArrayLike<number>, index: number): number {
  const value = data[index];
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new VizError(
    "VIZ_VALUE",
    `${figure}: value ${String(value)} at index ${index} is not a finite number`,
    {
      index,
      value: String(value),
    },
  );
}
