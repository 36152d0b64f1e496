// Reductions over axes, and the row functions built from them.
import { numberType } from "../dtype.ts";
import { PrismaError } from "../errors.ts";
import { expandNode, mapNode, numberLike, reduceNode, reshapeNode } from "../graph/build.ts";
import type { Node, Reduction } from "../graph/node.ts";
import { formatShape, normalizeAxes, normalizeAxis, sizeOf } from "../shape.ts";
import { assertNumber, assertNumeric, assertOneDevice, castNode } from "./checks.ts";

/** Axes to reduce: one, several, or all when absent. */
export type Axes = number | readonly number[] | undefined;

function finish(x: Node, reduced: Node, axes: readonly number[], keepDims: boolean): Node {
  return keepDims
    ? reduced
    : reshapeNode(
        reduced,
        x.shape.filter((_, axis) => !axes.includes(axis)),
      );
}

function assertNotEmpty(operation: string, x: Node, axes: readonly number[]): void {
  if (axes.some((axis) => x.shape[axis] === 0)) {
    throw new PrismaError(
      "SHAPE_INVALID",
      `${operation}: ${formatShape(x.shape)} is empty along a reduced axis, so there is no ${operation}`,
      { shape: [...x.shape] },
    );
  }
}

/** Elements that become one. */
function countOf(x: Node, axes: readonly number[]): number {
  return axes.reduce((product, axis) => product * (x.shape[axis] ?? 1), 1);
}

function reduceBy(fn: Reduction, name: string, x: Node, axes: Axes, keepDims: boolean): Node {
  const list = normalizeAxes(name, axes, x.shape.length);
  if (fn !== "sum" && fn !== "prod") assertNotEmpty(name, x, list);
  return finish(x, reduceNode(fn, x, list), list, keepDims);
}

/** Sum; bools are counted. 0 over nothing. */
export function sum(x: Node, axes: Axes, keepDims: boolean): Node {
  return reduceBy("sum", "sum", castNode(x, numberType(x.dtype)), axes, keepDims);
}

/** Product; bools count as 0 and 1. 1 over nothing. */
export function prod(x: Node, axes: Axes, keepDims: boolean): Node {
  return reduceBy("prod", "prod", castNode(x, numberType(x.dtype)), axes, keepDims);
}

/** Whether some element is not 0; false over nothing. */
export function any(x: Node, axes: Axes, keepDims: boolean): Node {
  const found = castNode(castNode(x, "bool"), "u32");
  return castNode(reduceBy("sum", "any", found, axes, keepDims), "bool");
}

/** Whether no element is 0; true over nothing. */
export function all(x: Node, axes: Axes, keepDims: boolean): Node {
  return mapNode("not", any(mapNode("not", castNode(x, "bool")), axes, keepDims));
}

/** Largest or smallest; NaN where there is one. */
export function extreme(fn: "max" | "min", x: Node, axes: Axes, keepDims: boolean): Node {
  return reduceBy(fn, fn, assertNumeric(fn, x), axes, keepDims);
}

/** Mean, f32; NaN over nothing. */
export function mean(x: Node, axes: Axes, keepDims: boolean): Node {
  const list = normalizeAxes("mean", axes, x.shape.length);
  const total = reduceNode("sum", castNode(x, "f32"), list);
  return finish(x, mapNode("div", total, numberLike(countOf(x, list), total)), list, keepDims);
}

/** Mean of squared distances from the mean, divided by the count less `correction`. */
export function variance(x: Node, axes: Axes, correction: number, keepDims: boolean): Node {
  const list = normalizeAxes("variance", axes, x.shape.length);
  assertNumber("variance", "correction", correction);
  if (!(correction >= 0 && correction < Infinity))
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `variance: the correction is ${correction}; it must be a number of at least 0`,
      { correction },
    );
  const values = castNode(x, "f32");
  const centered = mapNode("sub", values, expandNode(mean(values, list, true), values.shape));
  const total = reduceNode("sum", mapNode("square", centered), list);
  return finish(
    x,
    mapNode("div", total, numberLike(Math.max(0, countOf(x, list) - correction), total)),
    list,
    keepDims,
  );
}

/** Square root of {@link variance}. */
export function std(x: Node, axes: Axes, correction: number, keepDims: boolean): Node {
  return mapNode("sqrt", variance(x, axes, correction, keepDims));
}

/** Euclidean length. */
export function norm(x: Node, axes: Axes, keepDims: boolean): Node {
  const list = normalizeAxes("norm", axes, x.shape.length);
  return finish(
    x,
    mapNode("sqrt", reduceNode("sum", mapNode("square", castNode(x, "f32")), list)),
    list,
    keepDims,
  );
}

/** i32 place of the first extreme along `axis`, or in the flattened tensor. */
export function argExtreme(
  fn: "argmax" | "argmin",
  x: Node,
  axis: number | undefined,
  keepDims: boolean,
): Node {
  const values = assertNumeric(fn, x);
  if (axis === undefined) {
    const place = reduceBy(fn, fn, reshapeNode(values, [sizeOf(x.shape)]), 0, false);
    return keepDims
      ? reshapeNode(
          place,
          x.shape.map(() => 1),
        )
      : place;
  }
  return reduceBy(fn, fn, values, normalizeAxis(fn, axis, x.shape.length), keepDims);
}

/** The maximum over `axes`, held fixed: what it is subtracted for does not depend on it, and rounding would say otherwise. */
function largest(x: Node, axes: readonly number[]): Node {
  return mapNode("detach", reduceNode("max", x, axes));
}

/** `x` less its maximum over `axes`; where that is infinite nothing is subtracted, so that inf - inf does not arise. */
function shifted(
  x: Node,
  axes: readonly number[],
): { readonly centered: Node; readonly shift: Node } {
  const top = largest(x, axes);
  const shift = mapNode("select", mapNode("isFinite", top), top, numberLike(0, top));
  return { centered: mapNode("sub", x, expandNode(shift, x.shape)), shift };
}

/** log of the sum of exponentials; -inf for a row of -inf. */
export function logsumexp(x: Node, axes: Axes, keepDims: boolean): Node {
  const values = castNode(x, "f32");
  const list = normalizeAxes("logsumexp", axes, x.shape.length);
  assertNotEmpty("logsumexp", x, list);
  const { centered, shift } = shifted(values, list);
  const total = reduceNode("sum", mapNode("exp", centered), list);
  return finish(x, mapNode("add", mapNode("log", total), shift), list, keepDims);
}

/** Exponentials divided by their sum; a row of -inf gives NaN, as PyTorch. */
export function softmax(x: Node, axis: number): Node {
  const values = castNode(x, "f32");
  const list = [normalizeAxis("softmax", axis, x.shape.length)];
  assertNotEmpty("softmax", x, list);
  const top = largest(values, list);
  const exps = mapNode("exp", mapNode("sub", values, expandNode(top, values.shape)));
  return mapNode("div", exps, expandNode(reduceNode("sum", exps, list), exps.shape));
}

/** `x - logsumexp(x)` along `axis`. */
export function logSoftmax(x: Node, axis: number): Node {
  const values = castNode(x, "f32");
  const list = [normalizeAxis("logSoftmax", axis, x.shape.length)];
  assertNotEmpty("logSoftmax", x, list);
  const top = largest(values, list);
  const centered = mapNode("sub", values, expandNode(top, values.shape));
  const total = mapNode("log", reduceNode("sum", mapNode("exp", centered), list));
  return mapNode("sub", centered, expandNode(total, centered.shape));
}

/** Last axis brought to mean 0 and variance 1, then scaled and shifted. */
export function layerNorm(x: Node, weight: Node | null, bias: Node | null, eps: number): Node {
  assertOneDevice(
    "layerNorm",
    [x, weight, bias].filter((node) => node !== null),
  );
  assertNumber("layerNorm", "eps", eps);
  if (!(eps >= 0))
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `layerNorm: eps is ${eps}; it must be a number of at least 0`,
      { eps },
    );
  const values = castNode(x, "f32");
  const last = [values.shape.length - 1];
  if (values.shape.length === 0)
    throw new PrismaError("SHAPE_INVALID", "layerNorm: a scalar has no axis to normalise", {});
  const centered = mapNode("sub", values, expandNode(mean(values, last, true), values.shape));
  const spread = mean(mapNode("square", centered), last, true);
  const scale = mapNode("sqrt", mapNode("add", spread, numberLike(eps, spread)));
  const normalized = mapNode("div", centered, expandNode(scale, centered.shape));
  const scaled =
    weight === null ? normalized : mapNode("mul", normalized, rowLike(weight, normalized));
  return bias === null ? scaled : mapNode("add", scaled, rowLike(bias, scaled));
}

function rowLike(row: Node, x: Node): Node {
  const width = x.shape[x.shape.length - 1];
  if (row.shape.length !== 1 || row.shape[0] !== width) {
    throw new PrismaError(
      "SHAPE_MISMATCH",
      `layerNorm: weight and bias must be [${width}], not ${formatShape(row.shape)}`,
      { found: [...row.shape], expected: [width] },
    );
  }
  return expandNode(castNode(row, "f32"), x.shape);
}
