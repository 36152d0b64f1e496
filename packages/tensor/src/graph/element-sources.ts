// Element sources: which elements of its inputs one element of a node is computed from, kind by kind as `node.ts` says.
import { sizeOf, stridesOf, type Shape } from "../shape.ts";
import type { Node, NodeKind, OpOf } from "./node.ts";

/** One element of a node's value, by its row-major place. */
export interface Element {
  readonly node: Node;
  readonly place: number;
}

/** Values of nodes that decide where others are read from: conditions and indices. */
export type ValueAt = (element: Element) => number;

type Rules = {
  readonly [Kind in NodeKind]: (
    at: Element,
    op: OpOf<Kind>,
    valueAt: ValueAt,
  ) => readonly Element[];
};

/** Coordinates of element `place` of `shape`. */
export function coordinatesOf(place: number, shape: Shape): number[] {
  const strides = stridesOf(shape);
  return shape.map((size, axis) => Math.floor(place / (strides[axis] ?? 1)) % size);
}

function placeOf(coordinates: readonly number[], shape: Shape): number {
  return coordinates.reduce((place, c, axis) => place * (shape[axis] ?? 1) + c, 0);
}

function input({ node }: Element, position: number): readonly Node[] {
  return node.inputs.slice(position, position + 1);
}

/** The same place of every input. */
const pointwise = ({ node, place }: Element): Element[] =>
  node.inputs.map((one) => ({ node: one, place }));

/** The element of input `position` at the coordinates that `move` makes of the result's. */
function moved(
  at: Element,
  position: number,
  move: (coordinates: readonly number[], shape: Shape) => readonly number[],
): Element[] {
  return input(at, position).map((node) => ({
    node,
    place: placeOf(move(coordinatesOf(at.place, at.node.shape), node.shape), node.shape),
  }));
}

/** Every coordinate of `shape`. */
function allCoordinates(shape: Shape): number[][] {
  return Array.from({ length: sizeOf(shape) }, (_, place) => coordinatesOf(place, shape));
}

function concatSource({ node, place }: Element, axis: number): Element[] {
  const coordinates = coordinatesOf(place, node.shape);
  let rest = coordinates[axis] ?? 0;
  for (const part of node.inputs) {
    const size = part.shape[axis] ?? 0;
    const own = coordinates.with(axis, rest);
    if (rest < size) return [{ node: part, place: placeOf(own, part.shape) }];
    rest -= size;
  }
  return [];
}

function padSource(at: Element, before: readonly number[]): Element[] {
  const inside = coordinatesOf(at.place, at.node.shape).map((c, axis) => c - (before[axis] ?? 0));
  const [x] = at.node.inputs;
  const isInside = inside.every((c, axis) => c >= 0 && c < (x?.shape[axis] ?? 0));
  return isInside
    ? moved(at, 0, () => inside)
    : input(at, 1).map((node) => ({ node, place: at.place }));
}

/** Rows of the last axis as wholes. */
function wholeRow(at: Element): Element[] {
  const row = Math.floor(at.place / (at.node.shape.at(-1) ?? 1));
  return input(at, 0).flatMap((node) => {
    const length = node.shape.at(-1) ?? 1;
    return Array.from({ length }, (_, i) => ({ node, place: row * length + i }));
  });
}

function reduced(at: Element, axes: readonly number[]): Element[] {
  const from = coordinatesOf(at.place, at.node.shape);
  return input(at, 0).flatMap((node) =>
    allCoordinates(axes.map((axis) => node.shape[axis] ?? 1)).map((inner) => {
      const whole = from.map((c, axis) => inner[axes.indexOf(axis)] ?? c);
      return { node, place: placeOf(whole, node.shape) };
    }),
  );
}

/** Both factors of every product that is summed. */
function factors(at: Element, op: OpOf<"contract">): Element[] {
  const [a, b] = at.node.inputs;
  const sizeOfLabel = (label: number): number =>
    a?.shape[op.a.indexOf(label)] ?? b?.shape[op.b.indexOf(label)] ?? 1;
  const summed = [...new Set([...op.a, ...op.b])].filter((label) => !op.out.includes(label));
  const outer = coordinatesOf(at.place, at.node.shape);
  return allCoordinates(summed.map(sizeOfLabel)).flatMap((inner) => {
    const coordinate = (label: number): number =>
      outer[op.out.indexOf(label)] ?? inner[summed.indexOf(label)] ?? 0;
    return at.node.inputs.map((node, position) => {
      const labels = position === 0 ? op.a : op.b;
      return { node, place: placeOf(labels.map(coordinate), node.shape) };
    });
  });
}

function gathered(at: Element, axis: number, valueAt: ValueAt): Element[] {
  const index = input(at, 1).map((node) => ({ node, place: at.place }));
  const [wanted = -1] = index.map(valueAt);
  const [x] = at.node.inputs;
  const isThere = wanted >= 0 && wanted < (x?.shape[axis] ?? 0);
  return isThere ? [...index, ...moved(at, 0, (from) => from.with(axis, wanted))] : index;
}

/** The sources whose index along `axis` says this place. */
function scattered(at: Element, axis: number, valueAt: ValueAt): Element[] {
  const to = coordinatesOf(at.place, at.node.shape);
  const [index, source] = at.node.inputs;
  if (index === undefined || source === undefined) return [];
  return Array.from({ length: index.shape[axis] ?? 0 }, (_, i) =>
    placeOf(to.with(axis, i), index.shape),
  )
    .filter((place) => valueAt({ node: index, place }) === to[axis])
    .flatMap((place) => [
      { node: index, place },
      { node: source, place },
    ]);
}

/** A condition and the choice it makes; what is not chosen has no part in the result. */
function chosen(at: Element, valueAt: ValueAt): readonly Element[] {
  const [condition, a, b] = pointwise(at);
  const taken = condition !== undefined && valueAt(condition) !== 0 ? a : b;
  return [condition, taken].filter((one) => one !== undefined);
}

const none = (): Element[] => [];

const RULES: Rules = {
  leaf: none,
  scalar: none,
  index: none,
  map: (at, op, valueAt) => (op.fn === "select" ? chosen(at, valueAt) : pointwise(at)),
  reshape: pointwise,
  permute: (at, op) => moved(at, 0, (from) => op.axes.map((_, a) => from[op.axes.indexOf(a)] ?? 0)),
  expand: (at) =>
    moved(at, 0, (from, shape) =>
      shape.map((size, a) => (size === 1 ? 0 : (from[a + from.length - shape.length] ?? 0))),
    ),
  slice: (at, op) =>
    moved(at, 0, (from) => from.map((c, a) => (op.starts[a] ?? 0) + c * (op.steps[a] ?? 1))),
  pad: (at, op) => padSource(at, op.before),
  concat: (at, op) => concatSource(at, op.axis),
  reduce: (at, op) => reduced(at, op.axes),
  contract: factors,
  gather: (at, op, valueAt) => gathered(at, op.axis, valueAt),
  scatterAdd: (at, op, valueAt) => scattered(at, op.axis, valueAt),
  argSort: wholeRow,
  argTopK: wholeRow,
};

/**
 * Elements of the inputs that decide the value of `at`, in input order and then row-major. Of a choice only the branch
 * that is taken, so that what is hidden has no part.
 */
export function sourcesOf(at: Element, valueAt: ValueAt): readonly Element[] {
  const { op } = at.node;
  const rule = RULES[op.kind] as (at: Element, op: Node["op"], valueAt: ValueAt) => Element[];
  return rule(at, op, valueAt);
}
