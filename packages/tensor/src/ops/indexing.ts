// Indexing: ranges read and written, gathers, scatters and the largest of a row.
import { PrismaError } from "../errors.ts";
import { argTopKNode, expandNode, gatherNode, indexNode, mapNode, padNode, reshapeNode, scalarNode, scatterAddNode, sliceNode } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import { broadcastShapes, formatShape, normalizeAxis, sameShape } from "../shape.ts";
import { assertDType, assertOneDevice, castNode } from "./checks.ts";

/** Of one axis: a place (the axis goes), a half-open range, a list of places, or all of it. Negatives count from the end. */
export type Range = number | readonly [from: number, to: number] | { readonly list: readonly number[] } | null;

/** A range with its bounds worked out. */
interface Span {
  readonly from: number;
  readonly size: number;
  readonly list: readonly number[] | null;
  readonly dropped: boolean;
}

function placeIn(operation: string, place: number, size: number, axis: number): number {
  const at = place < 0 ? place + size : place;
  if (!Number.isInteger(place) || at < 0 || at >= size) {
    throw new PrismaError("INDEX_OUT_OF_RANGE", `${operation}: place ${place} is not on axis ${axis} of size ${size}`, { place, axis, size });
  }
  return at;
}

function boundIn(operation: string, bound: number, size: number, axis: number): number {
  const at = bound < 0 ? bound + size : bound;
  if (!Number.isInteger(bound) || at < 0 || at > size) {
    throw new PrismaError("INDEX_OUT_OF_RANGE", `${operation}: bound ${bound} is not on axis ${axis} of size ${size}`, { bound, axis, size });
  }
  return at;
}

function spanOf(operation: string, range: Range, size: number, axis: number): Span {
  if (range === null) return { from: 0, size, list: null, dropped: false };
  if (typeof range === "number") return { from: placeIn(operation, range, size, axis), size: 1, list: null, dropped: true };
  if ("list" in range) return { from: 0, size: range.list.length, list: range.list.map((place) => placeIn(operation, place, size, axis)), dropped: false };
  const [from, to] = [boundIn(operation, range[0], size, axis), boundIn(operation, range[1], size, axis)];
  if (to < from) throw new PrismaError("ARGUMENT_INVALID", `${operation}: the range [${range.join(", ")}) of axis ${axis} ends before it starts`, { axis });
  return { from, size: to - from, list: null, dropped: false };
}

function spansOf(operation: string, x: Node, ranges: readonly Range[]): Span[] {
  if (ranges.length > x.shape.length) {
    throw new PrismaError("ARGUMENT_INVALID", `${operation}: ${ranges.length} ranges were given for ${formatShape(x.shape)}`, { shape: [...x.shape] });
  }
  return x.shape.map((size, axis) => spanOf(operation, ranges[axis] ?? null, size, axis));
}

/** The elements of `list`, as a node that counts as i32 along `axis` of a shape. */
function listNode(list: readonly number[], axis: number, shape: readonly number[], x: Node): Node {
  // Written as a chain of selects over the coordinate: lists are short, and their numbers stay inputs of the plan.
  const coordinate = indexNode(shape, axis, x.device);
  return list.reduce<Node>((found, place, i) => {
    const here = mapNode("eq", coordinate, expandNode(scalarNode(i, "i32"), shape));
    return mapNode("select", here, expandNode(scalarNode(place, "i32"), shape), found);
  }, expandNode(scalarNode(0, "i32"), shape));
}

/** The part of `x` that `ranges` name, axis by axis. */
export function get(x: Node, ranges: readonly Range[]): Node {
  const spans = spansOf("get", x, ranges);
  const sizes = spans.map((span, axis) => (span.list === null ? span.size : (x.shape[axis] ?? 1)));
  let part = sliceNode(x, spans.map((span) => span.from), sizes);
  spans.forEach((span, axis) => {
    if (span.list === null) return;
    const shape = part.shape.map((size, a) => (a === axis ? span.size : size));
    part = gatherNode(part, listNode(span.list, axis, shape, x), axis);
  });
  return reshapeNode(part, part.shape.filter((_, axis) => spans[axis]?.dropped !== true));
}

/** `x` with `value`, broadcast, in the part that `ranges` name. */
export function set(x: Node, ranges: readonly Range[], value: Node): Node {
  assertOneDevice("set", [x, value]);
  const spans = spansOf("set", x, ranges);
  if (spans.some((span) => span.list !== null)) return setLists(x, spans, value);
  const region = spans.map((span) => span.size);
  const kept = region.filter((_, axis) => spans[axis]?.dropped !== true);
  if (!sameShape(broadcastShapes("set", value.shape, kept), kept)) {
    throw new PrismaError("SHAPE_MISMATCH", `set: a value of ${formatShape(value.shape)} does not fill the region ${formatShape(kept)}`, { value: [...value.shape], region: kept });
  }
  const fitted = reshapeNode(expandNode(castNode(value, x.dtype), kept), region);
  const before = spans.map((span) => span.from);
  const inside = padNode(expandNode(scalarNode(1, "bool"), region), before, x.shape, scalarNode(0, "bool"));
  return mapNode("select", inside, padNode(fitted, before, x.shape), x);
}

/** Sets place by place along the first listed axis. */
function setLists(x: Node, spans: readonly Span[], value: Node): Node {
  const axis = spans.findIndex((span) => span.list !== null);
  const list = spans[axis]?.list ?? [];
  const others = (place: number): Range[] =>
    spans.map((span, a) => (a === axis ? [place, place + 1] : span.list !== null ? { list: span.list } : span.dropped ? span.from : [span.from, span.from + span.size]));
  const region = spans.flatMap((span) => (span.dropped ? [] : [span.size]));
  if (!sameShape(broadcastShapes("set", value.shape, region), region)) {
    throw new PrismaError("SHAPE_MISMATCH", `set: a value of ${formatShape(value.shape)} does not fill the region ${formatShape(region)}`, { value: [...value.shape], region });
  }
  const filled = expandNode(value, region);
  const at = spans.slice(0, axis).filter((span) => !span.dropped).length;
  return list.reduce((result, place, i) => {
    const one = sliceNode(filled, region.map((_, a) => (a === at ? i : 0)), region.map((size, a) => (a === at ? 1 : size)));
    return set(result, others(place), one);
  }, x);
}

/** PyTorch's gather: out[.., i, ..] = x[.., index[.., i, ..], ..]; `index` may be smaller on other axes. */
export function gather(x: Node, axis: number, index: Node): Node {
  const at = normalizeAxis("gather", axis, x.shape.length);
  assertDType("gather", index, ["i32", "u32"]);
  assertOneDevice("gather", [x, index]);
  const fits = index.shape.length === x.shape.length && index.shape.every((size, a) => a === at || size <= (x.shape[a] ?? 0));
  if (!fits) throw new PrismaError("SHAPE_MISMATCH", `gather: an index of ${formatShape(index.shape)} does not fit ${formatShape(x.shape)} along axis ${at}`, { axis: at });
  const part = sliceNode(x, x.shape.map(() => 0), x.shape.map((size, a) => (a === at ? size : (index.shape[a] ?? size))));
  return gatherNode(part, castNode(index, "i32"), at);
}

/** Rows of `x` along `axis` at the places of a one-dimensional `index`. */
export function indexSelect(x: Node, axis: number, index: Node): Node {
  const at = normalizeAxis("indexSelect", axis, x.shape.length);
  assertDType("indexSelect", index, ["i32", "u32"]);
  if (index.shape.length !== 1) throw new PrismaError("SHAPE_MISMATCH", `indexSelect: the index must have one axis, not ${formatShape(index.shape)}`, {});
  const shape = x.shape.map((size, a) => (a === at ? (index.shape[0] ?? 0) : size));
  const spread = expandNode(reshapeNode(castNode(index, "i32"), shape.map((size, a) => (a === at ? size : 1))), shape);
  return gatherNode(x, spread, at);
}

/** `x` with `source` added at `index` along `axis`; sources are added in index order. */
export function scatterAdd(x: Node, axis: number, index: Node, source: Node): Node {
  const at = normalizeAxis("scatterAdd", axis, x.shape.length);
  assertDType("scatterAdd", index, ["i32", "u32"]);
  assertOneDevice("scatterAdd", [x, index, source]);
  const fits = sameShape(index.shape, source.shape) && source.shape.length === x.shape.length && source.shape.every((size, a) => a === at || size === x.shape[a]);
  if (!fits) {
    throw new PrismaError("SHAPE_MISMATCH", `scatterAdd: index ${formatShape(index.shape)} and source ${formatShape(source.shape)} must be equal and fit ${formatShape(x.shape)} beside axis ${at}`, { axis: at });
  }
  const added = scatterAddNode(castNode(index, "i32"), castNode(source, x.dtype), at, x.shape);
  return mapNode("add", x, added);
}

/** A new last axis of `classes`, 1 where it equals the index; f32. */
export function oneHot(index: Node, classes: number): Node {
  assertDType("oneHot", index, ["i32", "u32"]);
  const shape = [...index.shape, classes];
  const spread = expandNode(reshapeNode(castNode(index, "i32"), [...index.shape, 1]), shape);
  return castNode(mapNode("eq", spread, indexNode(shape, shape.length - 1, index.device)), "f32");
}

/** Longest row {@link topK} sorts. */
const TOP_K_LIMIT = 4096;

/** The `k` largest along the last axis and their places, largest first. */
export function topK(x: Node, k: number): { readonly values: Node; readonly indices: Node } {
  assertDType("topK", x, ["f32", "i32", "u32"]);
  const length = x.shape[x.shape.length - 1] ?? 0;
  if (!Number.isInteger(k) || k < 1 || k > length) {
    throw new PrismaError("ARGUMENT_INVALID", `topK: k is ${k}, the last axis of ${formatShape(x.shape)} has ${length} elements`, { k, length });
  }
  if (length > TOP_K_LIMIT) throw new PrismaError("SIZE_LIMIT", `topK: rows of ${length} are longer than ${TOP_K_LIMIT}`, { length, limit: TOP_K_LIMIT });
  const indices = argTopKNode(x, k);
  const part = sliceNode(x, x.shape.map(() => 0), x.shape);
  return { values: gatherNode(part, indices, x.shape.length - 1), indices };
}
