// Leaves of random programs: shapes, layouts in memory and values, each kind with a share so that rare things are not rare.
import type { Tensor } from "@prisma/tensor";
import type { Shape } from "../../src/shape.ts";
import type { RandomSource } from "./random-source.ts";

/** Things to draw from, each with its share of the draws; the last takes what is left. */
type Shares<T> = readonly (readonly [share: number, item: T])[];

function draw<T>(random: RandomSource, shares: Shares<T>): T {
  let left = random.unit();
  const [, item] = shares.find(([share]) => (left -= share) < 0) ?? shares[shares.length - 1]!;
  return item;
}

/** Sizes at the edges of vectors, tiles and blocks. */
export const EDGES: readonly number[] = [
  3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 129, 255, 256, 257,
];

const SHAPES: Shares<(random: RandomSource) => number[]> = [
  [0.12, () => []],
  [0.12, (random) => withOne(random, plain(random, 1, 4), 0)],
  [0.1, (random) => withOne(random, plain(random, 2, 4), 1)],
  [0.13, (random) => withOne(random, plain(random, 1, 3), random.pick(EDGES))],
  [0.07, (random) => plain(random, 5, 8)],
  [1, (random) => plain(random, 1, 4)],
];

function plain(random: RandomSource, fewest: number, most: number): number[] {
  return Array.from({ length: random.between(fewest, most) }, () => random.between(1, 9));
}

function withOne(random: RandomSource, shape: number[], size: number): number[] {
  shape[random.below(shape.length)] = size;
  return shape;
}

/** A shape of at most 4,096 elements. */
export function randomShape(random: RandomSource): number[] {
  let size = 1;
  return draw(
    random,
    SHAPES,
  )(random).map((one) => {
    const kept = size * one > 4096 ? 1 : one;
    size *= kept;
    return kept;
  });
}

/** Axes a tensor may have. */
const MOST_AXES = 8;

/** Makes a tensor of a shape. */
type Make = (shape: Shape) => Tensor;
/** Makes a tensor of `shape` that is a view of one that `make` makes. */
type Layout = (make: Make, shape: Shape, random: RandomSource) => Tensor;

/** `shape` with another size along `axis`. */
const resized = (shape: Shape, axis: number, size: number): number[] =>
  shape.map((one, i) => (i === axis ? size : one));

const transposed: Layout = (make, shape, random) => {
  const axes = random.shuffle([...shape.keys()]);
  return make(axes.map((axis) => shape[axis]!)).permute(axes.map((_, i) => axes.indexOf(i)));
};

const reversed: Layout = (make, shape, random) => make(shape).flip([random.below(shape.length)]);

/** Every second row of an axis: of its pairs, the first or the second. */
const stepped: Layout = (make, shape, random) => {
  if (shape.length === MOST_AXES) return make(shape);
  const axis = random.below(shape.length);
  const pairs = [...shape.slice(0, axis + 1), 2, ...shape.slice(axis + 1)];
  return make(resized(shape, axis, 2 * shape[axis]!))
    .reshape(pairs)
    .get([...shape.slice(0, axis + 1).map(() => null), random.below(2)]);
};

const offset: Layout = (make, shape, random) => {
  const axis = random.below(shape.length);
  const from = random.between(1, 3);
  const size = shape[axis]!;
  return make(resized(shape, axis, from + size + random.below(2))).get(
    shape.map((_, i) => (i === axis ? [from, from + size] : null)),
  );
};

const expanded: Layout = (make, shape, random) =>
  make(resized(shape, random.below(shape.length), 1)).expand(shape);

const SINGLE: readonly Layout[] = [transposed, reversed, stepped, offset, expanded];

const viewOfView: Layout = (make, shape, random) =>
  random.pick(SINGLE)((inner) => random.pick(SINGLE)(make, inner, random), shape, random);

const dense: Layout = (make, shape) => make(shape);

const LAYOUTS: Shares<Layout> = [
  ...SINGLE.map((layout) => [0.04, layout] as const),
  [0.06, viewOfView],
  [1, dense],
];

/** A tensor of `shape` that lies in memory in a random way. */
export function randomLayout(make: Make, shape: Shape, random: RandomSource): Tensor {
  return shape.length === 0 ? make(shape) : draw(random, LAYOUTS)(make, shape, random);
}

/** Kinds of numbers a program's leaves hold. */
export type ValueKind = "normal" | "tiny" | "huge" | "near-equal" | "special";

const KINDS: Shares<ValueKind> = [
  [0.1, "tiny"],
  [0.1, "huge"],
  [0.1, "near-equal"],
  [0.1, "special"],
  [1, "normal"],
];

/** The kind of a program's numbers. */
export function randomKind(random: RandomSource): ValueKind {
  return draw(random, KINDS);
}

/** Size of the numbers of a kind: multiples of 1/64 of it, so that sums and products of a few are exact. */
export const UNIT: Readonly<Record<ValueKind, number>> = {
  normal: 1,
  tiny: 2 ** -100,
  huge: 2 ** 100,
  "near-equal": 1,
  special: 1,
};

const SPECIALS = [NaN, Infinity, -Infinity, -0, 1e-40, 1e30];

/** One number of `kind`. */
export function randomValue(random: RandomSource, kind: ValueKind): number {
  if (kind === "near-equal") return 1 + random.below(16) * 2 ** -20;
  if (kind === "special" && random.chance(0.2)) return random.pick(SPECIALS);
  return (random.between(-128, 128) / 64) * UNIT[kind];
}
