// Steps of random programs: one operation each, on a tensor of any shape, or none where it does not apply.
import {
  arange,
  concat,
  einsum,
  PrismaError,
  stack,
  tensor,
  where,
  type Tensor,
} from "@prisma/tensor";
import type { Writer } from "./random-graph.ts";

/** A step: applied to `x`, with leaves and choices from the writer. */
export type Step = readonly [name: string, apply: (w: Writer, x: Tensor) => Tensor | null];

const some = (w: Writer, x: Tensor): number[] =>
  [...x.shape.keys()].filter(() => w.random.chance(0.5));
const whole = (x: Tensor): boolean => x.size > 0;

/** What a program may do next; null where it does not apply. */
export const STEPS: readonly Step[] = [
  ["add", (w, x) => x.add(w.partner(x.shape))],
  ["sub", (w, x) => x.sub(w.partner(x.shape))],
  ["mul", (w, x) => x.mul(w.partner(x.shape))],
  ["mul number", (_, x) => x.mul(0.5)],
  ["add number", (_, x) => x.add(-0.25)],
  ["div", (w, x) => x.div(w.partner(x.shape).abs().add(1))],
  ["maximum", (w, x) => x.maximum(w.partner(x.shape))],
  ["minimum", (w, x) => x.minimum(w.partner(x.shape))],
  ["to f16", (w, x) => toHalves(w, x)],
  ["tanh", (_, x) => x.tanh()],
  ["exp", (_, x) => x.clamp(-4, 2).exp()],
  // Below -2 gelu keeps an absolute precision, which huge or infinite factors would show.
  ["gelu", (w, x) => x.clamp(w.kind === "normal" ? -6 : -2, 6).gelu()],
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
        ? einsum(
            "ab,bc,ad->cd",
            x.clamp(-9, 9),
            w.leaf([x.shape[1]!, 3]).clamp(-9, 9),
            w.leaf([x.shape[0]!, 2]),
          )
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

/** `x` as f16 where its numbers are not computed: the next half of those may hang on the last bit. */
function toHalves(w: Writer, x: Tensor): Tensor | null {
  let node = x.node;
  while (["reshape", "permute", "expand", "slice"].includes(node.op.kind)) node = node.inputs[0]!;
  return node.op.kind === "leaf" && node.dtype === "f32" && w.kind !== "huge"
    ? x.cast("f16")
    : null;
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

/** A reduction along an axis without elements: those that have a value there, and one that must refuse. */
export const overNothing: Step = [
  "over nothing",
  (w, x) => {
    const axis = x.shape.indexOf(0);
    const fn = w.random.pick(["sum", "prod", "any", "all", "max"] as const);
    if (fn === "sum" || fn === "prod") return x[fn](axis);
    if (fn !== "max") return x.greater(0)[fn](axis).cast("f32");
    assertRefused(() => x.max(axis));
    return null;
  },
];

function assertRefused(apply: () => unknown): void {
  try {
    apply();
  } catch (error) {
    if (error instanceof PrismaError && error.kind === "BAD_INPUT") return;
    throw error;
  }
  throw new Error("the largest of nothing was not refused");
}
