// Shapes: sizes, strides, broadcasting and axis arithmetic, all in plain numbers and checked before use.
import { kindOf, PrismaError } from "./errors.ts";

/** Sizes of the axes of a tensor, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

/** Largest rank a tensor may have. */
export const MAX_RANK = 8;

/** Number of elements of `shape`: the product of its sizes, 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Element strides of a dense row-major tensor of `shape`. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] ?? 1;
  }
  return strides;
}

/**
 * True when both shapes have the same rank and sizes.
 * @example
 * sameShape([2, 3], [3, 2]); // false
 */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/**
 * `shape` as text for messages: `[2,3]`.
 * @example
 * formatShape([2, 3]); // "[2,3]"
 */
export function formatShape(shape: Shape): string {
  return `[${shape.map(String).join(",")}]`;
}

/** @throws PrismaError ARGUMENT_INVALID when `list`, called `role` in the message, is no array */
export function assertList(operation: string, role: string, list: readonly unknown[]): void {
  if (!Array.isArray(list))
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `${operation}: the ${role} is ${kindOf(list)}; it must be an array`,
    );
}

/**
 * Checks that `shape` has at most {@link MAX_RANK} axes of whole, non-negative size and at most 2^32 - 1 elements.
 * @throws PrismaError ARGUMENT_INVALID, SHAPE_INVALID, SIZE_LIMIT
 */
export function assertShape(operation: string, shape: Shape): void {
  assertList(operation, "shape", shape);
  if (shape.length > MAX_RANK) {
    throw new PrismaError("SIZE_LIMIT", `${operation}: rank ${shape.length} is above ${MAX_RANK}`, {
      shape: [...shape],
    });
  }
  for (const size of shape) {
    if (!Number.isInteger(size) || size < 0) {
      throw new PrismaError(
        "SHAPE_INVALID",
        `${operation}: ${formatShape(shape)} has size ${String(size)}; sizes are whole numbers of at least 0`,
        { shape: [...shape] },
      );
    }
  }
  if (sizeOf(shape) >= 2 ** 32) {
    throw new PrismaError(
      "SIZE_LIMIT",
      `${operation}: ${formatShape(shape)} has ${sizeOf(shape)} elements; the limit is 2^32 - 1`,
      { shape: [...shape] },
    );
  }
}

/**
 * Shape both operands are expanded to, by NumPy's rule: aligned at the last axis, equal sizes or 1.
 * @throws PrismaError SHAPE_MISMATCH
 */
export function broadcastShapes(operation: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  const out: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new PrismaError(
        "SHAPE_MISMATCH",
        `${operation}: ${formatShape(a)} and ${formatShape(b)} do not broadcast: sizes ${left} and ${right} differ and neither is 1`,
        { left: [...a], right: [...b] },
      );
    }
    out.push(left === 1 ? right : left);
  }
  return out;
}

const showAxis = (axis: number): string => (typeof axis === "number" ? `${axis}` : kindOf(axis));

/**
 * `axis` as a number in `[0, rank)`; negatives count from the end.
 * @throws PrismaError AXIS_INVALID
 */
export function normalizeAxis(operation: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new PrismaError(
      "AXIS_INVALID",
      `${operation}: axis ${showAxis(axis)} is not an axis of a tensor of rank ${rank}`,
      { axis, rank },
    );
  }
  return axis < 0 ? axis + rank : axis;
}

/**
 * Sorted distinct axes in `[0, rank)`; `undefined` means all of them.
 * @throws PrismaError AXIS_INVALID also for an axis given twice
 */
export function normalizeAxes(
  operation: string,
  axes: number | readonly number[] | undefined,
  rank: number,
): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  const given = typeof axes === "number" ? [axes] : axes;
  assertList(operation, "axes", given);
  const list = given.map((axis) => normalizeAxis(operation, axis, rank));
  const distinct = [...new Set(list)].sort((a, b) => a - b);
  if (distinct.length !== list.length) {
    throw new PrismaError(
      "AXIS_INVALID",
      `${operation}: an axis is named twice in [${[...list].join(",")}]`,
      { axes: [...list], rank },
    );
  }
  return distinct;
}
