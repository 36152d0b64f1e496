// Cases of every operation: inputs and what is done with them; run on every device, and for gradients by finite differences.
import {
  arange,
  concat,
  einsum,
  eye,
  full,
  linspace,
  ones,
  permutation,
  randn,
  stack,
  tensor,
  uniform,
  where,
  zeros,
  type DType,
  type Tensor,
} from "@prisma/tensor";

/** An input: its shape, and the range its values are drawn from. */
export interface InputSpec {
  readonly shape: readonly number[];
  readonly from?: number;
  readonly to?: number;
  readonly dtype?: DType;
}

/** One case. Functions that are not smooth are fed values away from their kinks. */
export interface OpCase {
  readonly op: string;
  readonly inputs: readonly InputSpec[];
  readonly apply: (...inputs: Tensor[]) => Tensor;
  /** False where no gradient flows (comparisons, places, integers). */
  readonly smooth?: boolean;
}

const s = (shape: readonly number[], from = -2, to = 2): InputSpec => ({ shape, from, to });
const ints = (
  shape: readonly number[],
  from: number,
  to: number,
  dtype: DType = "i32",
): InputSpec => ({ shape, from, to, dtype });
const one = (op: string, apply: (x: Tensor) => Tensor, from = -2, to = 2): OpCase => ({
  op,
  inputs: [s([3, 5], from, to)],
  apply,
});
const index = (values: readonly number[], shape: readonly number[]): Tensor =>
  tensor([...values], { dtype: "i32" }).reshape(shape);
const rough = (
  op: string,
  inputs: readonly InputSpec[],
  apply: (...inputs: Tensor[]) => Tensor,
): OpCase => ({ op, inputs, apply, smooth: false });

/** `x` [4, 3] with no zero, one and two in its columns. */
const withZeros = (x: Tensor): Tensor =>
  x.mul(
    tensor([
      [1, 1, 0],
      [1, 0, 1],
      [1, 1, 0],
      [1, 1, 1],
    ]),
  );

/** All of them. `op` is the name of the method or function. */
export const CASES: readonly OpCase[] = [
  { op: "add", inputs: [s([2, 3]), s([3])], apply: (a, b) => a.add(b) },
  { op: "add", inputs: [s([])], apply: (a) => a.add(2) },
  { op: "sub", inputs: [s([2, 1]), s([2, 3])], apply: (a, b) => a.sub(b) },
  { op: "mul", inputs: [s([4, 1, 3]), s([2, 1])], apply: (a, b) => a.mul(b) },
  { op: "mul", inputs: [s([3])], apply: (a) => a.mul(a) },
  { op: "div", inputs: [s([2, 3]), s([3], 0.5, 2)], apply: (a, b) => a.div(b) },
  { op: "pow", inputs: [s([4], 0.5, 2), s([4])], apply: (a, b) => a.pow(b) },
  { op: "pow", inputs: [s([4])], apply: (a) => a.pow(3) },
  { op: "pow", inputs: [s([4], 0.5, 2)], apply: (a) => a.pow(2.5) },
  { op: "minimum", inputs: [s([3, 4]), s([3, 4])], apply: (a, b) => a.minimum(b) },
  { op: "maximum", inputs: [s([3, 4]), s([4])], apply: (a, b) => a.maximum(b) },
  rough("floorDiv", [ints([7], -9, 9), ints([7], -3, 3)], (a, b) => a.floorDiv(b)),
  rough("remainder", [ints([7], -9, 9), ints([7], -3, 3)], (a, b) => a.remainder(b)),
  rough("remainder", [ints([7], 0, 9, "u32"), ints([7], 0, 3, "u32")], (a, b) => a.remainder(b)),
  rough("equal", [ints([9], 0, 3), ints([9], 0, 3)], (a, b) => a.equal(b)),
  rough("notEqual", [ints([9], 0, 3), ints([9], 0, 3)], (a, b) => a.notEqual(b)),
  rough("less", [s([4, 3]), s([3])], (a, b) => a.less(b)),
  rough("lessEqual", [ints([9], 0, 3), ints([9], 0, 3)], (a, b) => a.lessEqual(b)),
  rough("greater", [s([4, 3]), s([3])], (a, b) => a.greater(b)),
  rough("greaterEqual", [ints([9], 0, 3), ints([9], 0, 3)], (a, b) => a.greaterEqual(b)),
  rough("logicalAnd", [ints([9], 0, 1), ints([9], 0, 1)], (a, b) => a.logicalAnd(b)),
  rough("logicalOr", [ints([9], 0, 1), ints([9], 0, 1)], (a, b) => a.logicalOr(b)),
  rough("logicalXor", [ints([9], 0, 1), ints([9], 0, 1)], (a, b) => a.logicalXor(b)),
  rough("logicalNot", [ints([9], 0, 1)], (a) => a.logicalNot()),
  rough("isNaN", [s([4])], (a) =>
    a
      .div(a.sub(a))
      .sub(a.div(a.sub(a)))
      .isNaN(),
  ),
  rough("isFinite", [s([4], 1, 2)], (a) => concat([a, a.div(0)]).isFinite()),
  one("neg", (x) => x.neg()),
  one("abs", (x) => x.abs(), 0.1),
  one("sign", (x) => x.sign(), 0.1),
  one("square", (x) => x.square()),
  one("relu", (x) => x.relu(), 0.1),
  one("exp", (x) => x.exp()),
  one("log", (x) => x.log(), 0.3),
  one("sqrt", (x) => x.sqrt(), 0.3),
  one("rsqrt", (x) => x.rsqrt(), 0.3),
  one("reciprocal", (x) => x.reciprocal(), 0.3),
  one("tanh", (x) => x.tanh()),
  one("sin", (x) => x.sin(), -20, 20),
  one("cos", (x) => x.cos(), -20, 20),
  one("erf", (x) => x.erf()),
  one("sigmoid", (x) => x.sigmoid(), -6, 6),
  one("gelu", (x) => x.gelu(), -5, 5),
  one("geluTanh", (x) => x.geluTanh(), -5, 5),
  one("quickGelu", (x) => x.quickGelu(), -5, 5),
  one("silu", (x) => x.silu(), -5, 5),
  one("floor", (x) => x.floor(), 0.1, 0.9),
  one("ceil", (x) => x.ceil(), 0.1, 0.9),
  one("round", (x) => x.round(), 0.1, 0.4),
  one("clamp", (x) => x.clamp(-0.5, 0.7)),
  one("clamp", (x) => x.clamp(null, 0.3)),
  {
    op: "where",
    inputs: [s([2, 3]), s([3])],
    apply: (a, b) =>
      where(
        tensor([
          [1, 0, 1],
          [0, 0, 1],
        ]),
        a,
        b,
      ),
  },
  { op: "where", inputs: [s([2, 2])], apply: (a) => a.where(tensor([true, false]), 0.5) },
  rough("detach", [s([3])], (a) => a.detach().mul(2)),
  rough("cast", [s([9], -9, 9)], (a) => a.cast("i32")),
  rough("cast", [s([9], -9, 9)], (a) => a.cast("f16")),
  rough("cast", [ints([3, 5], -9, 9, "f16")], (a) => a.transpose().cast("f32").mul(0.1)),
  rough("cast", [ints([9], -9, 9, "f16")], (a) => a.mul(0.25).cast("u32")),
  rough("cast", [ints([9], -9, 9)], (a) => a.cast("f32").add(0.5).cast("bool")),
  { op: "sum", inputs: [s([2, 3, 4])], apply: (x) => x.sum([0, 2]) },
  { op: "sum", inputs: [s([2, 3, 4])], apply: (x) => x.sum(1, { keepDims: true }) },
  { op: "sum", inputs: [s([2, 3, 70])], apply: (x) => x.sum() },
  { op: "prod", inputs: [s([2, 3, 4])], apply: (x) => x.prod([0, 2]) },
  { op: "prod", inputs: [s([3, 5])], apply: (x) => x.prod(1, { keepDims: true }) },
  { op: "prod", inputs: [s([2, 70], 0.7, 1.3)], apply: (x) => x.prod(-1) },
  { op: "prod", inputs: [s([4, 3])], apply: (x) => withZeros(x).prod(0) },
  rough("prod", [ints([3, 7], -9, 9)], (x) => x.prod(1)),
  rough("any", [ints([6, 2], 0, 1)], (x) => x.any(1)),
  rough("any", [s([2, 3, 2])], (x) => x.greater(1).any([0, 2], { keepDims: true })),
  rough("all", [ints([6, 2], 0, 1)], (x) => x.all(-1)),
  rough("all", [s([2, 3])], (x) => x.less(2).all()),
  { op: "mean", inputs: [s([3, 5])], apply: (x) => x.mean(-1) },
  { op: "max", inputs: [s([3, 5])], apply: (x) => x.max(0) },
  { op: "min", inputs: [s([3, 5])], apply: (x) => x.min() },
  { op: "variance", inputs: [s([3, 5])], apply: (x) => x.variance(1) },
  {
    op: "variance",
    inputs: [s([3, 5])],
    apply: (x) => x.variance([0, 1], { correction: 0, keepDims: true }),
  },
  { op: "std", inputs: [s([3, 5])], apply: (x) => x.std(0) },
  { op: "norm", inputs: [s([3, 5], 0.2)], apply: (x) => x.norm(1) },
  { op: "logsumexp", inputs: [s([3, 5])], apply: (x) => x.logsumexp(1) },
  { op: "cumsum", inputs: [s([3, 5])], apply: (x) => x.cumsum().square() },
  { op: "cumsum", inputs: [s([7, 2, 3])], apply: (x) => x.cumsum(0).square() },
  { op: "cumsum", inputs: [s([2, 70], -0.5, 0.5)], apply: (x) => x.cumsum(1).square() },
  rough("cumsum", [s([1100], -0.5, 0.5)], (x) => x.cumsum(0)),
  rough("cumsum", [ints([2, 33], -9, 9)], (x) => x.cumsum(1)),
  rough("cumsum", [s([2, 40])], (x) => x.greater(0).cumsum(-1)),
  rough("argmax", [s([3, 5])], (x) => x.argmax(1)),
  rough("argmin", [s([3, 5])], (x) => x.argmin()),
  { op: "softmax", inputs: [s([3, 5])], apply: (x) => x.softmax() },
  { op: "softmax", inputs: [s([3, 5])], apply: (x) => x.softmax(0) },
  { op: "logSoftmax", inputs: [s([3, 5])], apply: (x) => x.logSoftmax(-1) },
  {
    op: "layerNorm",
    inputs: [s([2, 3, 8]), s([8]), s([8])],
    apply: (x, weight, bias) => x.layerNorm({ weight, bias, eps: 1e-3 }),
  },
  { op: "topK", inputs: [s([3, 9])], apply: (x) => x.topK(3).values },
  rough("topK", [s([3, 9])], (x) => x.topK(9).indices),
  { op: "topK", inputs: [s([2, 90])], apply: (x) => x.topK(70).values.square() },
  rough("topK", [ints([5000], -9, 9)], (x) => x.topK(3).indices),
  { op: "sort", inputs: [s([3, 9])], apply: (x) => x.sort().square() },
  { op: "sort", inputs: [s([5, 2, 3])], apply: (x) => x.sort(0, { descending: true }).square() },
  rough("sort", [ints([2, 100], 0, 9, "u32")], (x) => x.sort()),
  rough("argsort", [s([3, 9])], (x) => x.argsort()),
  rough("argsort", [ints([2, 33, 2], -3, 3)], (x) => x.argsort(1)),
  rough("argsort", [ints([4, 16], -3, 3)], (x) => x.argsort(-1, { descending: true })),
  rough("argsort", [s([1, 1])], (x) => x.argsort()),
  { op: "matmul", inputs: [s([3, 4]), s([4, 5])], apply: (a, b) => a.matmul(b) },
  { op: "matmul", inputs: [s([2, 1, 3, 4]), s([5, 4, 2])], apply: (a, b) => a.matmul(b) },
  { op: "matmul", inputs: [s([4]), s([4])], apply: (a, b) => a.matmul(b) },
  { op: "matmul", inputs: [s([4]), s([2, 4, 3])], apply: (a, b) => a.matmul(b) },
  {
    op: "einsum",
    inputs: [s([2, 3, 4]), s([5, 4, 2])],
    apply: (a, b) => einsum("bpd,hde->bphe", a, b),
  },
  { op: "einsum", inputs: [s([2, 3, 4]), s([3, 2])], apply: (a, b) => einsum("abc,bd->da", a, b) },
  { op: "einsum", inputs: [s([3]), s([4])], apply: (a, b) => einsum("a,b->ba", a, b) },
  { op: "einsum", inputs: [s([3, 2]), s([3, 2])], apply: (a, b) => einsum("ab,ab->", a, b) },
  { op: "einsum", inputs: [s([3, 4, 2])], apply: (a) => einsum("abc->ca", a).square() },
  { op: "einsum", inputs: [s([3, 3])], apply: (a) => einsum("ii->", a).square() },
  { op: "einsum", inputs: [s([2, 3, 3])], apply: (a) => einsum("bii->ib", a).square() },
  { op: "einsum", inputs: [s([3, 2, 3, 3])], apply: (a) => einsum("ibii->b", a).square() },
  {
    op: "einsum",
    inputs: [s([3, 4, 3]), s([4, 2, 2])],
    apply: (a, b) => einsum("iji,jkk->ik", a, b),
  },
  {
    op: "einsum",
    inputs: [s([2, 3]), s([3, 4]), s([4, 5])],
    apply: (a, b, c) => einsum("ij,jk,kl->li", a, b, c),
  },
  {
    op: "einsum",
    inputs: [s([3]), s([3, 2]), s([2]), s([3, 3])],
    apply: (a, b, c, d) => einsum("i,ij,j,ii->ij", a, b, c, d),
  },
  { op: "reshape", inputs: [s([2, 6])], apply: (x) => x.permute([1, 0]).reshape([3, -1]).mul(2) },
  { op: "permute", inputs: [s([2, 3, 4])], apply: (x) => x.permute([2, 0, 1]).exp() },
  { op: "transpose", inputs: [s([2, 3, 4])], apply: (x) => x.transpose(0, 2).square() },
  { op: "expand", inputs: [s([3, 1])], apply: (x) => x.expand([2, 3, 4]).square() },
  { op: "squeeze", inputs: [s([1, 3, 1])], apply: (x) => x.squeeze(0).square() },
  { op: "unsqueeze", inputs: [s([3])], apply: (x) => x.unsqueeze(-1).square() },
  { op: "flip", inputs: [s([3, 4])], apply: (x) => x.flip([0, 1]).square() },
  {
    op: "pad",
    inputs: [s([3, 4])],
    apply: (x) =>
      x
        .pad(
          [
            [1, 0],
            [2, 3],
          ],
          0.5,
        )
        .square(),
  },
  { op: "tril", inputs: [s([2, 3, 4])], apply: (x) => x.tril().square() },
  { op: "tril", inputs: [s([4, 3])], apply: (x) => x.tril(1).square() },
  { op: "triu", inputs: [s([3, 3])], apply: (x) => x.triu(-1).square() },
  rough("triu", [ints([2, 3, 4], 1, 9)], (x) => x.triu(2)),
  { op: "split", inputs: [s([2, 7])], apply: (x) => x.split(3, 1)[2]!.square() },
  {
    op: "split",
    inputs: [s([5, 2])],
    apply: (x) => {
      const [a, b, c] = x.split([2, 0, 3]);
      return concat([c!, b!, a!.mul(2)]).square();
    },
  },
  { op: "concat", inputs: [s([2, 3]), s([2, 2])], apply: (a, b) => concat([a, b, a], 1).square() },
  { op: "stack", inputs: [s([2, 3]), s([2, 3])], apply: (a, b) => stack([a, b], 1).square() },
  {
    op: "get",
    inputs: [s([4, 5, 3])],
    apply: (x) => x.get([1, [1, -1], { list: [2, 0, 2] }]).square(),
  },
  {
    op: "set",
    inputs: [s([4, 5]), s([2, 1])],
    apply: (x, v) =>
      x
        .set(
          [
            [1, 3],
            [0, 4],
          ],
          v,
        )
        .square(),
  },
  {
    op: "set",
    inputs: [s([4, 5]), s([5])],
    apply: (x, v) => x.set([{ list: [3, 0] }], v).square(),
  },
  {
    op: "set",
    inputs: [s([4, 5, 3]), s([3, 1])],
    apply: (x, v) => x.set([{ list: [2, 0, 2] }, [1, 4], -1], v).square(),
  },
  {
    op: "set",
    inputs: [s([4, 5]), s([2, 3])],
    apply: (x, v) => x.set([{ list: [2, 0] }, { list: [4, 1, 0] }], v).square(),
  },
  {
    op: "set",
    inputs: [s([4])],
    apply: (x) =>
      x
        .set([{ list: [] }], 3)
        .set([[1, 1]], 4)
        .square(),
  },
  {
    op: "gather",
    inputs: [s([3, 4])],
    apply: (x) => x.gather(1, index([0, 3, 1, 1, 2, 0], [3, 2])).square(),
  },
  {
    op: "indexSelect",
    inputs: [s([3, 4])],
    apply: (x) => x.indexSelect(0, index([2, 0, 2, 1], [4])).square(),
  },
  {
    op: "take",
    inputs: [s([3, 4])],
    apply: (x) => x.take(index([11, 0, 5, 5], [2, 2])).square(),
  },
  {
    op: "take",
    inputs: [s([3, 4, 2])],
    apply: (x) => x.take(index([3, 0, 1, 0, 3, 3], [3, 2]), 1).square(),
  },
  rough("take", [s([3, 4])], (x) => x.take(index([0, 12, -1], [3]))),
  {
    op: "scatterAdd",
    inputs: [s([3, 4]), s([3, 6])],
    apply: (x, v) =>
      x
        .scatterAdd(1, index([0, 3, 3, 1, 2, 0, 1, 1, 1, 1, 1, 1, 0, 1, 2, 3, 0, 1], [3, 6]), v)
        .square(),
  },
  rough("oneHot", [ints([2, 3], 0, 4)], (x) => x.oneHot(5)),
  rough("arange", [ints([4], 0, 4)], (x) => x.add(arange(2, 6))),
  rough("eye", [s([3, 3])], (x) => x.mul(eye(3))),
  rough("linspace", [s([9])], (x) => x.add(linspace(-1, 2.5, 9))),
  rough("linspace", [s([1])], (x) =>
    x.add(linspace(3, 9, 1)).add(linspace(0, 9, 7, { dtype: "i32" })),
  ),
  rough("full", [s([3])], (x) =>
    x
      .add(full([3], 2))
      .add(zeros([3]))
      .mul(ones([3])),
  ),
  rough("permutation", [s([50])], (x) => x.add(permutation(50, { seed: 3 }))),
  rough("permutation", [s([0])], (x) => x.add(permutation(0, { seed: 3 }))),
  rough("uniform", [s([40])], (x) => x.mul(0).add(uniform([40], { seed: 12345678901 }))),
  rough("randn", [s([40])], (x) => x.mul(0).add(randn([40], { seed: 7 }))),
];
