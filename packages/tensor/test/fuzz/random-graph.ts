// Random short programs of tensor operations, for comparing devices with the float64 reference.
import { arange, concat, einsum, stack, tensor, where, type Tensor } from "@prisma/tensor";
import type { Node } from "../../src/graph/node.ts";
import { sizeOf, type Shape } from "../../src/shape.ts";
import { RandomSource } from "./random-source.ts";

/** A random program: its results, the values of its leaves, and what it did. */
export interface RandomProgram {
  readonly outputs: readonly Tensor[];
  readonly leaves: ReadonlyMap<Node, ArrayLike<number>>;
  readonly steps: readonly string[];
}

/** Sizes at the edges of vectors, tiles and blocks. */
const EDGES = [3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 129, 255, 256, 257];

/** Kinds of shapes with the share of programs that start from each, so that rare things are not rare. */
const KINDS: readonly (readonly [share: number, sizes: (random: RandomSource) => number[]])[] = [
  [0.1, () => []],
  [0.1, (random) => withOne(random, plain(random, 1, 4), 0)],
  [0.1, (random) => withOne(random, plain(random, 2, 4), 1)],
  [0.1, (random) => withOne(random, plain(random, 1, 3), random.pick(EDGES))],
  [0.05, (random) => plain(random, 5, 8)],
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
function randomShape(random: RandomSource): number[] {
  let draw = random.unit();
  const [, sizes] = KINDS.find(([share]) => (draw -= share) < 0)!;
  let size = 1;
  return sizes(random).map((one) => {
    const kept = size * one > 4096 ? 1 : one;
    size *= kept;
    return kept;
  });
}

/** Writes a random program, one step after another. */
class Writer {
  readonly leaves = new Map<Node, ArrayLike<number>>();
  readonly steps: string[] = [];
  readonly pool: Tensor[] = [];

  constructor(readonly random: RandomSource) {}

  leaf(shape: Shape): Tensor {
    // Multiples of 1/64 in [-2, 2]: sums and products of a few are exact, so that larger errors are faults.
    const values = Float32Array.from(
      { length: sizeOf(shape) },
      () => this.random.between(-128, 128) / 64,
    );
    const x = tensor(values, { shape });
    this.leaves.set(x.node, values);
    this.pool.push(x);
    return x;
  }

  /** Something of exactly `shape`, or that broadcasts to it. */
  partner(shape: Shape): Tensor {
    const fits = this.pool.filter(
      (x) =>
        x.dtype === "f32" &&
        x.shape.length === shape.length &&
        x.shape.every((size, axis) => size === shape[axis]),
    );
    if (fits.length > 0 && this.random.chance(0.5)) return this.random.pick(fits);
    const drop = this.random.chance(0.3) ? this.random.below(shape.length + 1) : 0;
    return this.leaf(
      shape.slice(drop).map((size) => (this.random.chance(0.25) && size > 0 ? 1 : size)),
    );
  }

  /** Something of exactly the shape of `x`. */
  partnerOf(x: Tensor): Tensor {
    return this.random.chance(0.5) ? x : this.leaf(x.shape);
  }

  step(): void {
    const x = this.random.pick(this.pool);
    const [name, apply] = this.random.pick(STEPS);
    const y = apply(this, x);
    if (y === null || y.size > 20_000) return;
    this.steps.push(`${name} ${JSON.stringify(x.shape)} -> ${JSON.stringify(y.shape)}`);
    this.pool.push(y);
  }

  axis(x: Tensor): number {
    return this.random.below(x.rank);
  }
}

type Step = readonly [name: string, apply: (w: Writer, x: Tensor) => Tensor | null];

const some = (w: Writer, x: Tensor): number[] =>
  [...x.shape.keys()].filter(() => w.random.chance(0.5));
const whole = (x: Tensor): boolean => x.size > 0;

const STEPS: readonly Step[] = [
  ["add", (w, x) => x.add(w.partner(x.shape))],
  ["sub", (w, x) => x.sub(w.partner(x.shape))],
  ["mul", (w, x) => x.mul(w.partner(x.shape))],
  ["mul number", (_, x) => x.mul(0.5)],
  ["add number", (_, x) => x.add(-0.25)],
  ["div", (w, x) => x.div(w.partner(x.shape).abs().add(1))],
  ["maximum", (w, x) => x.maximum(w.partner(x.shape))],
  ["minimum", (w, x) => x.minimum(w.partner(x.shape))],
  ["tanh", (_, x) => x.tanh()],
  ["exp", (_, x) => x.clamp(-4, 2).exp()],
  ["gelu", (_, x) => x.clamp(-6, 6).gelu()],
  ["sigmoid", (_, x) => x.sigmoid()],
  ["relu", (_, x) => x.relu()],
  ["abs log", (_, x) => x.abs().add(1).log()],
  ["square", (_, x) => x.clamp(-8, 8).square()],
  ["with itself", (w, x) => (w.random.chance(0.5) ? x.clamp(-8, 8).mul(x) : x.add(x))],
  ["sqrt", (_, x) => x.abs().add(0.5).sqrt()],
  ["where", (w, x) => where(x.greater(0.1), x, w.partner(x.shape))],
  ["permute", (w, x) => x.permute(w.random.shuffle([...x.shape.keys()]))],
  ["reshape", (_, x) => (whole(x) ? x.reshape([-1]) : null)],
  ["reshape split", (w, x) => split(w, x)],
  ["unsqueeze", (w, x) => (x.rank < 6 ? x.unsqueeze(w.random.below(x.rank + 1)) : null)],
  ["squeeze", (_, x) => x.squeeze()],
  ["flip", (w, x) => x.flip(some(w, x))],
  ["slice", (w, x) => x.get(x.shape.map((size) => range(w, size)))],
  [
    "pick",
    (w, x) =>
      x.rank > 0 && whole(x)
        ? x.get(x.shape.map((size, axis) => (axis === 0 ? w.random.below(size) : null)))
        : null,
  ],
  [
    "pad",
    (w, x) =>
      x.size < 2000
        ? x.pad(
            x.shape.map(() => [w.random.below(3), w.random.below(3)] as const),
            w.random.pick([0, 1.5]),
          )
        : null,
  ],
  ["concat", (w, x) => (x.rank > 0 ? concat([x, w.partnerOf(x)], w.axis(x)) : null)],
  ["stack", (w, x) => (x.rank < 5 ? stack([x, w.partnerOf(x)], w.random.below(x.rank + 1)) : null)],
  [
    "set",
    (w, x) =>
      x.rank > 0
        ? x.set(
            x.shape.map((size) => range(w, size)),
            0.75,
          )
        : null,
  ],
  [
    "expand",
    (w, x) =>
      x.size < 3000 && x.rank < 5
        ? x.unsqueeze(0).expand([w.random.between(1, 4), ...x.shape])
        : null,
  ],
  ["sum", (w, x) => x.sum(some(w, x), { keepDims: w.random.chance(0.5) })],
  ["mean", (w, x) => (whole(x) ? x.mean(some(w, x), { keepDims: true }) : null)],
  ["max", (w, x) => (whole(x) ? x.max(some(w, x)) : null)],
  ["min", (w, x) => (whole(x) ? x.min(some(w, x), { keepDims: w.random.chance(0.5) }) : null)],
  ["softmax", (w, x) => (x.rank > 0 && whole(x) ? x.clamp(-20, 20).softmax(w.axis(x)) : null)],
  [
    "logSoftmax",
    (w, x) => (x.rank > 0 && whole(x) ? x.clamp(-20, 20).logSoftmax(w.axis(x)) : null),
  ],
  [
    "layerNorm",
    (w, x) =>
      x.rank > 0 && whole(x)
        ? x.clamp(-20, 20).layerNorm({
            eps: 0.1,
            weight: w.leaf([x.shape[x.rank - 1]!]),
            bias: w.leaf([x.shape[x.rank - 1]!]),
          })
        : null,
  ],
  [
    "variance",
    (w, x) => (whole(x) ? x.clamp(-20, 20).variance(some(w, x), { correction: 0 }) : null),
  ],
  ["sin", (_, x) => x.clamp(-99, 99).sin()],
  ["cos", (_, x) => x.clamp(-99, 99).cos()],
  ["prod", (w, x) => (x.size < 300 ? x.clamp(-1.5, 1.5).prod(some(w, x)) : null)],
  ["any", (w, x) => x.greater(0.5).any(some(w, x)).cast("f32")],
  ["all", (w, x) => x.greater(-1).all(some(w, x), { keepDims: true }).cast("f32")],
  ["cumsum", (w, x) => (x.rank > 0 ? x.cumsum(w.axis(x)) : null)],
  ["sort", (w, x) => (x.rank > 0 ? x.sort(w.axis(x), { descending: w.random.chance(0.5) }) : null)],
  [
    "tril",
    (w, x) =>
      x.rank >= 2 ? x[w.random.pick(["tril", "triu"] as const)](w.random.between(-2, 2)) : null,
  ],
  [
    "split",
    (w, x) => (x.rank > 0 ? w.random.pick(x.split(w.random.between(1, 4), w.axis(x))) : null),
  ],
  ["take", (w, x) => (whole(x) ? x.take(indices(w, x.size)) : null)],
  ["diagonal", (w, x) => diagonal(w, x)],
  [
    "einsum of three",
    (w, x) =>
      x.rank === 2
        ? einsum("ab,bc,ad->cd", x.clamp(-9, 9), w.leaf([x.shape[1]!, 3]), w.leaf([x.shape[0]!, 2]))
        : null,
  ],
  [
    "matmul",
    (w, x) =>
      x.rank >= 2
        ? x.clamp(-9, 9).matmul(w.leaf([x.shape[x.rank - 1]!, w.random.between(1, 9)]))
        : null,
  ],
  [
    "matmul batch",
    (w, x) => (x.rank >= 2 ? x.clamp(-9, 9).matmul(x.clamp(-9, 9).transpose()) : null),
  ],
  [
    "einsum",
    (w, x) =>
      x.rank === 3
        ? einsum(
            "abc,acd->bda",
            x.clamp(-9, 9),
            w.leaf([x.shape[0]!, x.shape[2]!, w.random.between(1, 7)]),
          )
        : null,
  ],
  [
    "outer",
    (w, x) =>
      x.rank === 1 && x.size < 70 ? einsum("a,b->ba", x, w.leaf([w.random.between(1, 9)])) : null,
  ],
  [
    "indexSelect",
    (w, x) => (x.rank > 0 && whole(x) ? x.indexSelect(0, indices(w, x.shape[0]!)) : null),
  ],
  [
    "argmax",
    (w, x) => (x.rank > 0 && whole(x) ? x.argmax(w.axis(x)).cast("f32").mul(0.125) : null),
  ],
  [
    "topK",
    (w, x) =>
      x.rank > 0 && whole(x)
        ? x.topK(w.random.between(1, Math.min(5, x.shape[x.rank - 1]!))).values
        : null,
  ],
  ["one hot", (w, x) => (x.rank > 0 && whole(x) ? indices(w, 5).oneHot(5) : null)],
  [
    "arange",
    (w, x) =>
      x.rank > 0
        ? x.add(
            arange(x.shape[x.rank - 1]!)
              .mul(3)
              .remainder(5),
          )
        : null,
  ],
];

function split(w: Writer, x: Tensor): Tensor | null {
  const last = x.shape[x.rank - 1];
  if (last === undefined || last < 2 || x.rank > 4 || x.size === 0) return null;
  const factors = [2, 3, 4, 5, 7, 8].filter((factor) => last % factor === 0);
  if (factors.length === 0) return null;
  return x.reshape([...x.shape.slice(0, -1), w.random.pick(factors), -1]);
}

/** The diagonal of a product of the last axis with itself. */
function diagonal(w: Writer, x: Tensor): Tensor | null {
  if (x.rank !== 2 || x.size > 300) return null;
  const product = x.clamp(-9, 9).matmul(x.clamp(-9, 9).transpose());
  return einsum(w.random.chance(0.5) ? "aa->a" : "aa->", product);
}

function range(w: Writer, size: number): readonly [number, number] | null {
  if (w.random.chance(0.4)) return null;
  const from = w.random.below(size + 1);
  return [from, w.random.between(from, size)];
}

function indices(w: Writer, size: number): Tensor {
  const values = Int32Array.from({ length: w.random.between(1, 6) }, () => w.random.below(size));
  const index = tensor(values);
  w.leaves.set(index.node, values);
  return index;
}

/** A program of `length` steps from `seed`, with one to three results. */
export function randomProgram(seed: number, length: number): RandomProgram {
  const writer = new Writer(new RandomSource(seed));
  writer.leaf(randomShape(writer.random));
  for (let i = 0; i < length; i++) writer.step();
  const results = writer.random
    .shuffle(writer.pool.filter((x) => x.node.op.kind !== "leaf"))
    .slice(0, 2);
  const last = writer.pool[writer.pool.length - 1]!;
  return { outputs: [...new Set([last, ...results])], leaves: writer.leaves, steps: writer.steps };
}
