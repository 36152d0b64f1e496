// Running sums along an axis, in blocks: sums of what came before a block, and sums within it.
import { numberType } from "../dtype.ts";
import {
  expandNode,
  indexNode,
  mapNode,
  numberLike,
  padNode,
  permuteNode,
  reduceNode,
  reshapeNode,
  sliceNode,
} from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import { normalizeAxis, sizeOf } from "../shape.ts";
import { castNode } from "./checks.ts";

/** Elements in a block: within one, each running sum is a sum of its own, of at most so many terms. */
const BLOCK = 32;

/** `x` [rows, n] -> [rows, n]; n sums of a row each. */
function withinBlocks(x: Node): Node {
  const [rows = 1, length = 1] = x.shape;
  const square = [rows, length, length];
  const terms = expandNode(reshapeNode(x, [rows, 1, length]), square);
  const reached = mapNode("ge", indexNode(square, 1, x.device), indexNode(square, 2, x.device));
  const kept = mapNode("select", reached, terms, numberLike(0, terms));
  return reshapeNode(reduceNode("sum", kept, [2]), x.shape);
}

/** `x` [rows, n] -> [rows, n]: a long row is cut into blocks, whose sums are a shorter row. */
function alongRows(x: Node): Node {
  const [rows = 1, length = 1] = x.shape;
  if (length <= BLOCK) return withinBlocks(x);
  const count = Math.ceil(length / BLOCK);
  const padded = padNode(x, [0, 0], [rows, count * BLOCK]);
  const within = withinBlocks(reshapeNode(padded, [rows * count, BLOCK]));
  const totals = reshapeNode(sliceNode(within, [0, BLOCK - 1], [rows * count, 1]), [rows, count]);
  const ends = alongRows(sliceNode(totals, [0, 0], [rows, count - 1]));
  const before = reshapeNode(padNode(ends, [0, 1], [rows, count]), [rows * count, 1]);
  const sums = mapNode("add", within, expandNode(before, within.shape));
  return sliceNode(reshapeNode(sums, padded.shape), [0, 0], x.shape);
}

/** Sums of the elements up to each along `axis`; bools are counted. */
export function cumsum(x: Node, axis: number): Node {
  const at = normalizeAxis("cumsum", axis, x.shape.length);
  const values = castNode(x, numberType(x.dtype));
  if (sizeOf(x.shape) === 0) return values;
  const last = x.shape.length - 1;
  const order = x.shape.map((_, i) => (i === at ? last : i === last ? at : i));
  const moved = permuteNode(values, order);
  const length = x.shape[at] ?? 1;
  const sums = alongRows(reshapeNode(moved, [sizeOf(x.shape) / length, length]));
  return permuteNode(reshapeNode(sums, moved.shape), order);
}
