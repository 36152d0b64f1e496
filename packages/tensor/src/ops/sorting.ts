// Sorting: rows in order, the places that bring them there, and the largest of a row.
import { PrismaError } from "../errors.ts";
import { argSortNode, argTopKNode, gatherNode, permuteNode, sliceNode } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import { formatShape, normalizeAxis, sizeOf } from "../shape.ts";
import { assertNumeric, castNode } from "./checks.ts";

/** `x` with `axis` brought to the end, and the order of axes that brings it back. */
function withLast(x: Node, axis: number): { readonly moved: Node; readonly order: number[] } {
  const last = x.shape.length - 1;
  const order = x.shape.map((_, i) => (i === axis ? last : i === last ? axis : i));
  return { moved: permuteNode(x, order), order };
}

/** Places in order along the last axis of `x`. */
function placesOf(x: Node, descending: boolean): Node {
  return sizeOf(x.shape) === 0 ? castNode(x, "i32") : argSortNode(x, descending);
}

/** i32 places that bring `axis` in order; ties by place, NaN counted largest. */
export function argsort(x: Node, axis: number, descending: boolean): Node {
  const { moved, order } = withLast(
    assertNumeric("argsort", x),
    normalizeAxis("argsort", axis, x.shape.length),
  );
  return permuteNode(placesOf(moved, descending), order);
}

/** Values along `axis` in order; NaN counted largest. */
export function sort(x: Node, axis: number, descending: boolean): Node {
  const { moved, order } = withLast(
    assertNumeric("sort", x),
    normalizeAxis("sort", axis, x.shape.length),
  );
  const sorted = gatherNode(moved, placesOf(moved, descending), moved.shape.length - 1);
  return permuteNode(sorted, order);
}

/** Longest row, and most places of it, that are found one after another; others come of a sort. */
const SHORT_ROW = 4096;
const FEW = 64;

/** The `k` largest along the last axis and their places, largest first. */
export function topK(x: Node, k: number): { readonly values: Node; readonly indices: Node } {
  const values = assertNumeric("topK", x);
  const last = x.shape.length - 1;
  const length = x.shape[last] ?? 0;
  if (!Number.isInteger(k) || k < 1 || k > length) {
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `topK: k is ${String(k)}, the last axis of ${formatShape(x.shape)} has ${length} elements`,
      { k, length },
    );
  }
  const shape = [...x.shape.slice(0, -1), k];
  const indices =
    length <= SHORT_ROW && k <= FEW
      ? argTopKNode(values, k)
      : sliceNode(
          placesOf(values, true),
          shape.map(() => 0),
          shape,
        );
  return { values: gatherNode(values, indices, last), indices };
}
