// Movement: reshape, permute, expand, slice, flip, pad, concat and stack, as checked nodes.
import { promote } from "../dtype.ts";
import { PrismaError } from "../errors.ts";
import {
  concatNode,
  expandNode,
  padNode,
  permuteNode,
  reshapeNode,
  sliceNode,
} from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import {
  assertList,
  assertShape,
  broadcastShapes,
  formatShape,
  normalizeAxis,
  sameShape,
  sizeOf,
  type Shape,
} from "../shape.ts";
import { assertOneDevice, castNode, exactScalar } from "./checks.ts";

/** Same elements in the same order; one size may be -1 and is worked out. */
export function reshape(x: Node, shape: Shape): Node {
  assertList("reshape", "shape", shape);
  const holes = shape.filter((size) => size === -1).length;
  const known = shape.reduce((product, size) => (size === -1 ? product : product * size), 1);
  const rest = sizeOf(x.shape) / known;
  const full = shape.map((size) => (size === -1 ? rest : size));
  if (holes > 1 || (holes === 1 && !Number.isInteger(rest))) {
    throw new PrismaError(
      "SHAPE_MISMATCH",
      `reshape: ${formatShape(x.shape)} cannot take the shape ${formatShape(shape)}`,
      { from: [...x.shape], to: [...shape] },
    );
  }
  assertShape("reshape", full);
  if (sizeOf(full) !== sizeOf(x.shape)) {
    throw new PrismaError(
      "SHAPE_MISMATCH",
      `reshape: ${formatShape(x.shape)} has ${sizeOf(x.shape)} elements, ${formatShape(full)} has ${sizeOf(full)}`,
      { from: [...x.shape], to: full },
    );
  }
  return reshapeNode(x, full);
}

/** Axis i of the result is axis `axes[i]`. */
export function permute(x: Node, axes: readonly number[]): Node {
  assertList("permute", "axes", axes);
  const order = axes.map((axis) => normalizeAxis("permute", axis, x.shape.length));
  if (order.length !== x.shape.length || new Set(order).size !== order.length) {
    throw new PrismaError(
      "AXIS_INVALID",
      `permute: [${axes.join(",")}] does not name each of the ${x.shape.length} axes of ${formatShape(x.shape)} once`,
      { axes: [...axes] },
    );
  }
  return permuteNode(x, order);
}

/** Two axes exchanged. */
export function transpose(x: Node, a: number, b: number): Node {
  const [first, second] = [
    normalizeAxis("transpose", a, x.shape.length),
    normalizeAxis("transpose", b, x.shape.length),
  ];
  return permuteNode(
    x,
    x.shape.map((_, axis) => (axis === first ? second : axis === second ? first : axis)),
  );
}

/** Sizes of 1 repeated to `shape`. */
export function expand(x: Node, shape: Shape): Node {
  assertShape("expand", shape);
  if (!sameShape(broadcastShapes("expand", x.shape, shape), shape)) {
    throw new PrismaError(
      "SHAPE_MISMATCH",
      `expand: ${formatShape(x.shape)} does not expand to ${formatShape(shape)}`,
      { from: [...x.shape], to: [...shape] },
    );
  }
  return expandNode(x, shape);
}

/** Without the axes of size 1 named, or all of them. */
export function squeeze(x: Node, axis?: number): Node {
  if (axis === undefined)
    return reshapeNode(
      x,
      x.shape.filter((size) => size !== 1),
    );
  const at = normalizeAxis("squeeze", axis, x.shape.length);
  if (x.shape[at] !== 1) {
    throw new PrismaError(
      "SHAPE_MISMATCH",
      `squeeze: axis ${axis} of ${formatShape(x.shape)} has size ${x.shape[at]}, not 1`,
      { axis },
    );
  }
  return reshapeNode(
    x,
    x.shape.filter((_, i) => i !== at),
  );
}

/** With a new axis of size 1 before `axis`. */
export function unsqueeze(x: Node, axis: number): Node {
  const at = normalizeAxis("unsqueeze", axis, x.shape.length + 1);
  return reshapeNode(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}

/** The named axes back to front. */
export function flip(x: Node, axes: readonly number[]): Node {
  assertList("flip", "axes", axes);
  const flipped = new Set(axes.map((axis) => normalizeAxis("flip", axis, x.shape.length)));
  if (sizeOf(x.shape) === 0) return x;
  const starts = x.shape.map((size, axis) => (flipped.has(axis) ? size - 1 : 0));
  return sliceNode(
    x,
    starts,
    x.shape,
    x.shape.map((_, axis) => (flipped.has(axis) ? -1 : 1)),
  );
}

/** `value` around `x`: per axis how many before and after. */
export function pad(
  x: Node,
  widths: readonly (readonly [before: number, after: number])[],
  value: number,
): Node {
  assertList("pad", "widths", widths);
  const isWidth = (width: readonly number[]): boolean =>
    Array.isArray(width) &&
    width.length === 2 &&
    width.every((count) => Number.isInteger(count) && count >= 0);
  if (widths.length !== x.shape.length || !widths.every(isWidth)) {
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `pad: give [before, after] of at least 0 for each of the ${x.shape.length} axes of ${formatShape(x.shape)}`,
      { widths },
    );
  }
  const shape = x.shape.map(
    (size, axis) => size + (widths[axis]?.[0] ?? 0) + (widths[axis]?.[1] ?? 0),
  );
  assertShape("pad", shape);
  return padNode(
    x,
    widths.map(([before]) => before),
    shape,
    exactScalar("pad", value, x.dtype),
  );
}

/** Tensors one after another along `axis`, in their common type. */
export function concat(inputs: readonly Node[], axis: number): Node {
  const [first] = inputs;
  if (first === undefined)
    throw new PrismaError("ARGUMENT_INVALID", "concat: no tensors were given");
  assertOneDevice("concat", inputs);
  const at = normalizeAxis("concat", axis, first.shape.length);
  for (const input of inputs) {
    const fits =
      input.shape.length === first.shape.length &&
      input.shape.every((size, i) => i === at || size === first.shape[i]);
    if (!fits) {
      throw new PrismaError(
        "SHAPE_MISMATCH",
        `concat: ${formatShape(first.shape)} and ${formatShape(input.shape)} differ beside axis ${at}`,
        { axis: at },
      );
    }
  }
  const dtype = inputs.map((input) => input.dtype).reduce(promote);
  const filled = inputs.filter((input) => input.shape[at] !== 0);
  return concatNode(
    (filled.length === 0 ? [first] : filled).map((input) => castNode(input, dtype)),
    at,
  );
}

/** Sizes of the parts of an axis of `size`: as given, or all of one size but the last. */
function partSizes(parts: number | readonly number[], size: number): readonly number[] {
  if (typeof parts !== "number") {
    assertList("split", "sizes", parts);
    return parts;
  }
  const count = parts > 0 ? Math.max(1, Math.ceil(size / parts)) : 0;
  return Array.from({ length: count }, (_, i) => Math.min(parts, size - i * parts));
}

/** Cut along `axis` into parts of the given sizes, or of one size, the last one smaller. */
export function split(x: Node, parts: number | readonly number[], axis: number): Node[] {
  const at = normalizeAxis("split", axis, x.shape.length);
  const size = x.shape[at] ?? 0;
  const sizes = partSizes(parts, size);
  const whole = [parts].flat().every((part) => Number.isInteger(part) && part >= 0);
  if (!whole || sizes.reduce((sum, part) => sum + part, 0) !== size || sizes.length === 0)
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `split: [${[parts].flat().join(", ")}] does not cut axis ${at} of ${formatShape(x.shape)}: give the size of all parts, at least 1, or sizes that add up to ${size}`,
      { axis: at, size },
    );
  let from = 0;
  return sizes.map((part) => {
    const starts = x.shape.map((_, i) => (i === at ? from : 0));
    from += part;
    return sliceNode(
      x,
      starts,
      x.shape.map((all, i) => (i === at ? part : all)),
    );
  });
}

/** Tensors of one shape along a new axis. */
export function stack(inputs: readonly Node[], axis: number): Node {
  const [first] = inputs;
  if (first === undefined)
    throw new PrismaError("ARGUMENT_INVALID", "stack: no tensors were given");
  for (const input of inputs) {
    if (!sameShape(input.shape, first.shape)) {
      throw new PrismaError(
        "SHAPE_MISMATCH",
        `stack: ${formatShape(first.shape)} and ${formatShape(input.shape)} differ`,
        {},
      );
    }
  }
  return concat(
    inputs.map((input) => unsqueeze(input, axis)),
    normalizeAxis("stack", axis, first.shape.length + 1),
  );
}
