// Indexing: ranges read and written, gathers and scatters.
import { promote } from "../dtype.ts";
import { kindOf, PrismaError } from "../errors.ts";
import {
  expandNode,
  gatherNode,
  indexNode,
  mapNode,
  numberLike,
  padNode,
  reshapeNode,
  scalarNode,
  scatterAddNode,
  sliceNode,
} from "../graph/build.ts";
import { Node, type DeviceTag } from "../graph/node.ts";
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
import { assertDType, assertNumeric, assertOneDevice, castNode, exactScalar } from "./checks.ts";

/** Of one axis: a place (the axis goes), a half-open range, a list of places, or all of it. Negatives count from the end. */
export type Range =
  | number
  | readonly [from: number, to: number]
  | { readonly list: readonly number[] }
  | null;

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
    throw new PrismaError(
      "INDEX_OUT_OF_RANGE",
      `${operation}: place ${place} is not on axis ${axis} of size ${size}`,
      { place, axis, size },
    );
  }
  return at;
}

function boundIn(operation: string, bound: number, size: number, axis: number): number {
  const at = bound < 0 ? bound + size : bound;
  if (!Number.isInteger(bound) || at < 0 || at > size) {
    throw new PrismaError(
      "INDEX_OUT_OF_RANGE",
      `${operation}: bound ${bound} is not on axis ${axis} of size ${size}`,
      { bound, axis, size },
    );
  }
  return at;
}

/** @throws PrismaError ARGUMENT_INVALID when `range` has none of the forms of one */
function assertRange(operation: string, range: Exclude<Range, null>, axis: number): void {
  const isList = typeof range === "object" && "list" in range && Array.isArray(range.list);
  const isPair = Array.isArray(range) && range.length === 2;
  if (typeof range === "number" || isList || isPair) return;
  throw new PrismaError(
    "ARGUMENT_INVALID",
    `${operation}: the range of axis ${axis} is ${kindOf(range)}; it may be a place, [from, to], { list: places } or null`,
    { axis },
  );
}

function spanOf(operation: string, range: Range, size: number, axis: number): Span {
  if (range === null) return { from: 0, size, list: null, dropped: false };
  assertRange(operation, range, axis);
  if (typeof range === "number")
    return { from: placeIn(operation, range, size, axis), size: 1, list: null, dropped: true };
  if ("list" in range)
    return {
      from: 0,
      size: range.list.length,
      list: range.list.map((place) => placeIn(operation, place, size, axis)),
      dropped: false,
    };
  const [from, to] = [
    boundIn(operation, range[0], size, axis),
    boundIn(operation, range[1], size, axis),
  ];
  if (to < from)
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `${operation}: the range [${range.join(", ")}) of axis ${axis} ends before it starts`,
      { axis },
    );
  return { from, size: to - from, list: null, dropped: false };
}

function spansOf(operation: string, x: Node, ranges: readonly Range[]): Span[] {
  assertList(operation, "ranges", ranges);
  if (ranges.length > x.shape.length) {
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `${operation}: ${ranges.length} ranges were given for ${formatShape(x.shape)}`,
      { shape: [...x.shape] },
    );
  }
  return x.shape.map((size, axis) => spanOf(operation, ranges[axis] ?? null, size, axis));
}

/** `numbers` as an i32 leaf, so that other numbers replay the same plan. */
function integers(numbers: readonly number[], device: DeviceTag | null): Node {
  const leaf = new Node({ kind: "leaf" }, [], [numbers.length], "i32", device, "list");
  leaf.setSource({ load: () => Int32Array.from(numbers) });
  return leaf;
}

/** The one-dimensional `row` along `axis`, repeated over the other axes of `shape`. */
function along(row: Node, axis: number, shape: Shape): Node {
  return expandNode(
    reshapeNode(
      row,
      shape.map((size, a) => (a === axis ? size : 1)),
    ),
    shape,
  );
}

/** `x` with the places of `row` along `axis`. */
function pick(x: Node, row: Node, axis: number): Node {
  const [count = 0] = row.shape;
  return gatherNode(
    x,
    along(
      row,
      axis,
      x.shape.map((size, a) => (a === axis ? count : size)),
    ),
    axis,
  );
}

/** The part of `x` that `ranges` name, axis by axis. */
export function get(x: Node, ranges: readonly Range[]): Node {
  const spans = spansOf("get", x, ranges);
  const sizes = spans.map((span, axis) => (span.list === null ? span.size : (x.shape[axis] ?? 1)));
  const ranged = sliceNode(
    x,
    spans.map((span) => span.from),
    sizes,
  );
  const part = spans.reduce(
    (part, { list }, axis) => (list === null ? part : pick(part, integers(list, x.device), axis)),
    ranged,
  );
  return reshapeNode(
    part,
    part.shape.filter((_, axis) => spans[axis]?.dropped !== true),
  );
}

/** For each place on an axis, where it is in `list` (the last time, as later values win), or -1. */
function positionsIn(list: readonly number[], size: number): number[] {
  const positions = new Array<number>(size).fill(-1);
  list.forEach((place, position) => (positions[place] = position));
  return positions;
}

/** `value` repeated to the sizes of the region that `spans` name. */
function fillRegion(value: Node, spans: readonly Span[]): Node {
  const kept = spans.flatMap((span) => (span.dropped ? [] : [span.size]));
  if (!sameShape(broadcastShapes("set", value.shape, kept), kept)) {
    throw new PrismaError(
      "SHAPE_MISMATCH",
      `set: a value of ${formatShape(value.shape)} does not fill the region ${formatShape(kept)}`,
      { value: [...value.shape], region: kept },
    );
  }
  return reshapeNode(
    expandNode(value, kept),
    spans.map((span) => span.size),
  );
}

/** `value` in the type of `x`, which must be as wide. */
function valueLike(value: Node | number, x: Node): Node {
  if (typeof value === "number") return exactScalar("set", value, x.dtype);
  assertOneDevice("set", [x, value]);
  assertNoWider("set", value, x);
  return castNode(value, x.dtype);
}

/** @throws PrismaError DTYPE_MISMATCH when the type of `x` does not hold what `value` may be */
function assertNoWider(operation: string, value: Node, x: Node): void {
  if (promote(value.dtype, x.dtype) === x.dtype) return;
  throw new PrismaError(
    "DTYPE_MISMATCH",
    `${operation}: a value of ${value.dtype} would lose digits in a tensor of ${x.dtype}; cast() one of them`,
    { value: value.dtype, tensor: x.dtype },
  );
}

/** `x` with `value`, broadcast, in the part that `ranges` name; a place listed twice takes the last. */
export function set(x: Node, ranges: readonly Range[], value: Node | number): Node {
  const spans = spansOf("set", x, ranges);
  const filled = fillRegion(valueLike(value, x), spans);
  if (sizeOf(filled.shape) === 0) return x;
  const positions = spans.map(({ list }, axis) =>
    list === null ? null : integers(positionsIn(list, x.shape[axis] ?? 0), x.device),
  );
  const whole = positions.reduce<Node>(
    (part, row, axis) => (row === null ? part : pick(part, row, axis)),
    filled,
  );
  const before = spans.map((span) => span.from);
  const ranged = padNode(
    expandNode(scalarNode(1, "bool"), whole.shape),
    before,
    x.shape,
    scalarNode(0, "bool"),
  );
  const inside = positions.reduce<Node>(
    (found, row, axis) =>
      row === null
        ? found
        : mapNode("and", found, along(mapNode("ge", row, numberLike(0, row)), axis, x.shape)),
    ranged,
  );
  return mapNode("select", inside, padNode(whole, before, x.shape), x);
}

/** PyTorch's gather: out[.., i, ..] = x[.., index[.., i, ..], ..]; `index` may be smaller on other axes. */
export function gather(x: Node, axis: number, index: Node): Node {
  const at = normalizeAxis("gather", axis, x.shape.length);
  assertDType("gather", index, ["i32", "u32"]);
  assertOneDevice("gather", [x, index]);
  const fits =
    index.shape.length === x.shape.length &&
    index.shape.every((size, a) => a === at || size <= (x.shape[a] ?? 0));
  if (!fits)
    throw new PrismaError(
      "SHAPE_MISMATCH",
      `gather: an index of ${formatShape(index.shape)} does not fit ${formatShape(x.shape)} along axis ${at}`,
      { axis: at },
    );
  const part = sliceNode(
    x,
    x.shape.map(() => 0),
    x.shape.map((size, a) => (a === at ? size : (index.shape[a] ?? size))),
  );
  return gatherNode(part, castNode(index, "i32"), at);
}

/** Rows of `x` along `axis` at the places of a one-dimensional `index`. */
export function indexSelect(x: Node, axis: number, index: Node): Node {
  const at = normalizeAxis("indexSelect", axis, x.shape.length);
  assertDType("indexSelect", index, ["i32", "u32"]);
  assertOneDevice("indexSelect", [x, index]);
  if (index.shape.length !== 1)
    throw new PrismaError(
      "SHAPE_MISMATCH",
      `indexSelect: the index must have one axis, not ${formatShape(index.shape)}`,
      { index: [...index.shape] },
    );
  return pick(x, castNode(index, "i32"), at);
}

/** Elements of `x` at the places of `index`: of the flattened tensor, or slices along `axis` (NumPy's take). */
export function take(x: Node, index: Node, axis: number | undefined): Node {
  const at = axis === undefined ? 0 : normalizeAxis("take", axis, x.shape.length);
  assertDType("take", index, ["i32", "u32"]);
  assertOneDevice("take", [x, index]);
  const from = axis === undefined ? reshapeNode(x, [sizeOf(x.shape)]) : x;
  const row = reshapeNode(castNode(index, "i32"), [sizeOf(index.shape)]);
  const shape = [...from.shape.slice(0, at), ...index.shape, ...from.shape.slice(at + 1)];
  assertShape("take", shape);
  return reshapeNode(pick(from, row, at), shape);
}

/** `x` with `source` added at `index` along `axis`; sources are added in index order. */
export function scatterAdd(x: Node, axis: number, index: Node, source: Node): Node {
  const at = normalizeAxis("scatterAdd", axis, x.shape.length);
  const base = assertNumeric("scatterAdd", x);
  assertDType("scatterAdd", index, ["i32", "u32"]);
  assertNoWider("scatterAdd", source, base);
  assertOneDevice("scatterAdd", [x, index, source]);
  const fits =
    sameShape(index.shape, source.shape) &&
    source.shape.length === x.shape.length &&
    source.shape.every((size, a) => a === at || size === x.shape[a]);
  if (!fits) {
    throw new PrismaError(
      "SHAPE_MISMATCH",
      `scatterAdd: index ${formatShape(index.shape)} and source ${formatShape(source.shape)} must be equal and fit ${formatShape(x.shape)} beside axis ${at}`,
      { axis: at },
    );
  }
  const added = scatterAddNode(castNode(index, "i32"), castNode(source, base.dtype), at, x.shape);
  return mapNode("add", base, added);
}

/** A new last axis of `classes`, 1 where it equals the index; f32. */
export function oneHot(index: Node, classes: number): Node {
  assertDType("oneHot", index, ["i32", "u32"]);
  const shape = [...index.shape, classes];
  assertShape("oneHot", shape);
  const spread = expandNode(reshapeNode(castNode(index, "i32"), [...index.shape, 1]), shape);
  return castNode(mapNode("eq", spread, indexNode(shape, shape.length - 1, index.device)), "f32");
}
