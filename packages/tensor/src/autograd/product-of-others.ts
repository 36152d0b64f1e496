// For each element of a row the product of all the others, without a division: what the gradient of a product is made of.
import {
  expandNode,
  indexNode,
  mapNode,
  numberLike,
  padNode,
  permuteNode,
  reduceNode,
  reshapeNode,
  scalarNode,
  sliceNode,
} from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import { sizeOf } from "../shape.ts";

/** Elements in a block: within one, each element's product is formed by itself. */
const BLOCK = 32;

/** `x` [n, b] -> [n, b]: for each element the product of the others of its block. */
function withinBlocks(x: Node): Node {
  const [blocks = 1, size = 1] = x.shape;
  const square = [blocks, size, size];
  const others = expandNode(reshapeNode(x, [blocks, 1, size]), square);
  const own = mapNode("eq", indexNode(square, 1, x.device), indexNode(square, 2, x.device));
  const factors = mapNode("select", own, numberLike(1, others), others);
  return reshapeNode(reduceNode("prod", factors, [2]), [blocks, size]);
}

/** `x` [rows, n] -> [rows, n]: rows longer than a block are cut into blocks, whose products are a shorter row. */
function withinRows(x: Node): Node {
  const [rows = 1, length = 1] = x.shape;
  if (length <= BLOCK) return withinBlocks(x);
  const count = Math.ceil(length / BLOCK);
  const padded = padNode(x, [0, 0], [rows, count * BLOCK], scalarNode(1));
  const blocks = reshapeNode(padded, [rows * count, BLOCK]);
  const products = reshapeNode(reduceNode("prod", blocks, [1]), [rows, count]);
  const outside = reshapeNode(withinRows(products), [rows * count, 1]);
  const all = mapNode("mul", withinBlocks(blocks), expandNode(outside, blocks.shape));
  return sliceNode(reshapeNode(all, padded.shape), [0, 0], x.shape);
}

/**
 * Product over `axes` of all elements but the own one, in the shape of `x`. Exact zeros need no care, as nothing is
 * divided; in every order, as it is made of products.
 */
export function productOfOthers(x: Node, axes: readonly number[]): Node {
  if (sizeOf(x.shape) === 0) return x;
  const kept = [...x.shape.keys()].filter((axis) => !axes.includes(axis));
  const order = [...kept, ...axes];
  const moved = permuteNode(x, order);
  const length = sizeOf(axes.map((axis) => x.shape[axis] ?? 1));
  const rows = withinRows(reshapeNode(moved, [sizeOf(x.shape) / length, length]));
  return permuteNode(
    reshapeNode(rows, moved.shape),
    order.map((_, axis) => order.indexOf(axis)),
  );
}
