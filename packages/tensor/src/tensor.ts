// Tensors: the operations a user calls, each a checked node of the graph wrapped in a handle.
import { ElementwiseTensor, type Operand } from "./elementwise-tensor.ts";
import type { Node } from "./graph/node.ts";
import * as indexing from "./ops/indexing.ts";
import type { Range } from "./ops/indexing.ts";
import * as movement from "./ops/movement.ts";
import { matmul } from "./ops/matmul.ts";
import * as reduction from "./ops/reduction.ts";
import type { Axes } from "./ops/reduction.ts";
import type { Shape } from "./shape.ts";

/** Whether reduced axes stay, with size 1. */
export interface KeepDims {
  readonly keepDims?: boolean;
}

/**
 * An n-dimensional array, immutable and lazy: an operation returns at once, and values are computed when they are asked
 * for (`data`, `array`, `item`, `realize`). Shapes broadcast as in NumPy; types combine as bool < u32 < i32 < f32.
 */
export class Tensor extends ElementwiseTensor {
  protected override wrap(node: Node): Tensor {
    return new Tensor(node);
  }

  /** Names the value, for `explain` and error messages; returns this tensor. */
  named(name: string): this {
    this.node.label = `${name}`;
    return this;
  }

  // ---- reductions ----

  /**
   * Sum; bools are counted; 0 over nothing. Gradient: g, spread.
   * @param axes one, several, or all when absent; negatives count from the end
   * @throws PrismaError AXIS_INVALID
   * @example
   * await tensor([[1, 2], [3, 4]]).sum(0).array(); // [4, 6]
   */
  sum(axes?: Axes, options: KeepDims = {}): Tensor {
    return this.wrap(reduction.sum(this.node, axes, options.keepDims ?? false));
  }

  /**
   * Mean in f32; NaN over nothing. Gradient: g / count, spread.
   * @param axes one, several, or all when absent; negatives count from the end
   * @throws PrismaError AXIS_INVALID
   * @example
   * await tensor([[1, 2], [3, 4]]).mean(1).array(); // [1.5, 3.5]
   */
  mean(axes?: Axes, options: KeepDims = {}): Tensor {
    return this.wrap(reduction.mean(this.node, axes, options.keepDims ?? false));
  }

  /**
   * Largest; NaN where there is one; an error over nothing. Gradient: shared evenly among equals (PyTorch's amax).
   * @param axes one, several, or all when absent; negatives count from the end
   * @throws PrismaError AXIS_INVALID
   * @example
   * await tensor([[1, 2], [3, 4]]).max(0).array(); // [3, 4]
   */
  max(axes?: Axes, options: KeepDims = {}): Tensor {
    return this.wrap(reduction.extreme("max", this.node, axes, options.keepDims ?? false));
  }

  /**
   * Smallest; NaN where there is one; an error over nothing. Gradient: shared evenly among equals.
   * @param axes one, several, or all when absent; negatives count from the end
   * @throws PrismaError AXIS_INVALID
   * @example
   * await tensor([[1, 2], [3, 4]]).min(0).array(); // [1, 2]
   */
  min(axes?: Axes, options: KeepDims = {}): Tensor {
    return this.wrap(reduction.extreme("min", this.node, axes, options.keepDims ?? false));
  }

  /**
   * Variance in f32, divided by the count less `correction` (1: PyTorch's default; 0: of the population). Gradient: 2 g (x - mean) / that number.
   * @param axes one, several, or all when absent; negatives count from the end
   * @throws PrismaError AXIS_INVALID, ARGUMENT_INVALID
   * @example
   * await tensor([1, 2, 3]).variance().item(); // 1
   */
  variance(axes?: Axes, options: KeepDims & { readonly correction?: number } = {}): Tensor {
    return this.wrap(reduction.variance(this.node, axes, options.correction ?? 1, options.keepDims ?? false));
  }

  /**
   * Standard deviation, the root of {@link variance}. Gradient: NaN where it is 0, as PyTorch.
   * @param axes one, several, or all when absent; negatives count from the end
   * @throws PrismaError AXIS_INVALID, ARGUMENT_INVALID
   * @example
   * await tensor([1, 3, 5]).std().item(); // 2
   */
  std(axes?: Axes, options: KeepDims & { readonly correction?: number } = {}): Tensor {
    return this.wrap(reduction.std(this.node, axes, options.correction ?? 1, options.keepDims ?? false));
  }

  /**
   * Euclidean length in f32. Gradient: g x / norm, NaN at 0.
   * @param axes one, several, or all when absent; negatives count from the end
   * @throws PrismaError AXIS_INVALID
   * @example
   * await tensor([3, 4]).norm().item(); // 5
   */
  norm(axes?: Axes, options: KeepDims = {}): Tensor {
    return this.wrap(reduction.norm(this.node, axes, options.keepDims ?? false));
  }

  /**
   * log of the sum of exponentials, safe against overflow; -inf for a row of -inf. Gradient: g softmax(x).
   * @param axes one, several, or all when absent; negatives count from the end
   * @throws PrismaError AXIS_INVALID
   * @example
   * await tensor([0]).logsumexp().item(); // 0
   */
  logsumexp(axes?: Axes, options: KeepDims = {}): Tensor {
    return this.wrap(reduction.logsumexp(this.node, axes, options.keepDims ?? false));
  }

  /**
   * i32 place of the first largest along `axis`, or in the flattened tensor; a NaN wins. No gradient.
   * @throws PrismaError AXIS_INVALID, SHAPE_INVALID when empty
   * @example
   * await tensor([1, 3, 2]).argmax().item(); // 1
   */
  argmax(axis?: number, options: KeepDims = {}): Tensor {
    return this.wrap(reduction.argExtreme("argmax", this.node, axis, options.keepDims ?? false));
  }

  /**
   * i32 place of the first smallest along `axis`, or in the flattened tensor; a NaN wins. No gradient.
   * @throws PrismaError AXIS_INVALID, SHAPE_INVALID when empty
   * @example
   * await tensor([1, 3, 2]).argmin().item(); // 0
   */
  argmin(axis?: number, options: KeepDims = {}): Tensor {
    return this.wrap(reduction.argExtreme("argmin", this.node, axis, options.keepDims ?? false));
  }

  /**
   * Exponentials along `axis` divided by their sum, f32, the maximum subtracted first; a row of -inf gives NaN, as PyTorch.
   * @example
   * await tensor([0, 0]).softmax().array(); // [0.5, 0.5]
   */
  softmax(axis = -1): Tensor {
    return this.wrap(reduction.softmax(this.node, axis));
  }

  /**
   * Logarithm of {@link softmax}, computed without forming it.
   * @example
   * await tensor([5]).logSoftmax().array(); // [0]
   */
  logSoftmax(axis = -1): Tensor {
    return this.wrap(reduction.logSoftmax(this.node, axis));
  }

  /**
   * Last axis brought to mean 0 and variance 1 (of the population, plus `eps` under the root; Ba et al. 2016), then times `weight` plus `bias`, each [size of the last axis].
   * @throws PrismaError SHAPE_MISMATCH
   * @example
   * await tensor([1, -1]).layerNorm({ eps: 0 }).array(); // [1, -1]
   */
  layerNorm(options: { readonly weight?: Tensor; readonly bias?: Tensor; readonly eps?: number } = {}): Tensor {
    return this.wrap(reduction.layerNorm(this.node, options.weight?.node ?? null, options.bias?.node ?? null, options.eps ?? 1e-5));
  }

  /**
   * The `k` largest along the last axis and their i32 places, largest first, ties by place, NaN counted largest. Rows of at most 4,096. Gradient: g at the places.
   * @throws PrismaError ARGUMENT_INVALID, SIZE_LIMIT
   * @example
   * await tensor([1, 3, 2]).topK(2).values.array(); // [3, 2]
   */
  topK(k: number): { readonly values: Tensor; readonly indices: Tensor } {
    return this.#pair(indexing.topK(this.node, k));
  }

  #pair({ values, indices }: { readonly values: Node; readonly indices: Node }): { readonly values: Tensor; readonly indices: Tensor } {
    return { values: this.wrap(values), indices: this.wrap(indices) };
  }

  // ---- products ----

  /**
   * Matrix product of the last two axes, the others broadcast, as NumPy; f32. [.., m, k] x [.., k, n] -> [.., m, n]. Gradient: g other^T and this^T g.
   * @throws PrismaError SHAPE_MISMATCH
   * @example
   * await tensor([[1, 2]]).matmul(tensor([[3], [4]])).array(); // [[11]]
   */
  matmul(other: Tensor): Tensor {
    return this.wrap(matmul(this.node, other.node));
  }

  // ---- shape ----

  /**
   * Same elements in the same order under another shape; one size may be -1.
   * @throws PrismaError SHAPE_MISMATCH
   * @example
   * await tensor([1, 2, 3, 4]).reshape([2, -1]).array(); // [[1, 2], [3, 4]]
   */
  reshape(shape: Shape): Tensor {
    return this.wrap(movement.reshape(this.node, shape));
  }

  /**
   * Axis i of the result is axis `axes[i]`.
   * @throws PrismaError AXIS_INVALID
   * @example
   * await tensor([[1, 2], [3, 4]]).permute([1, 0]).array(); // [[1, 3], [2, 4]]
   */
  permute(axes: readonly number[]): Tensor {
    return this.wrap(movement.permute(this.node, axes));
  }

  /**
   * Two axes exchanged, the last two by default.
   * @example
   * await tensor([[1, 2]]).transpose().array(); // [[1], [2]]
   */
  transpose(a = -1, b = -2): Tensor {
    return this.wrap(movement.transpose(this.node, a, b));
  }

  /**
   * Axes of size 1 repeated to `shape`. Gradient: summed over what was repeated.
   * @throws PrismaError SHAPE_MISMATCH
   * @example
   * await tensor([1]).expand([3]).array(); // [1, 1, 1]
   */
  expand(shape: Shape): Tensor {
    return this.wrap(movement.expand(this.node, shape));
  }

  /**
   * Without `axis`, which must have size 1, or without all axes of size 1.
   * @example
   * tensor([[1, 2]]).squeeze().shape; // [2]
   */
  squeeze(axis?: number): Tensor {
    return this.wrap(movement.squeeze(this.node, axis));
  }

  /**
   * With a new axis of size 1 before `axis`.
   * @example
   * tensor([1, 2]).unsqueeze(0).shape; // [1, 2]
   */
  unsqueeze(axis: number): Tensor {
    return this.wrap(movement.unsqueeze(this.node, axis));
  }

  /**
   * The named axes back to front.
   * @example
   * await tensor([1, 2, 3]).flip([0]).array(); // [3, 2, 1]
   */
  flip(axes: readonly number[]): Tensor {
    return this.wrap(movement.flip(this.node, axes));
  }

  /**
   * `value` around the tensor: for each axis how many before and after.
   * @throws PrismaError ARGUMENT_INVALID
   * @example
   * await tensor([1]).pad([[1, 2]]).array(); // [0, 1, 0, 0]
   */
  pad(widths: readonly (readonly [before: number, after: number])[], value = 0): Tensor {
    return this.wrap(movement.pad(this.node, widths, value));
  }

  // ---- parts ----

  /**
   * The part that `ranges` name, axis by axis: a place (the axis goes), `[from, to)`, `{ list }` of places, or null for all; negatives count from the end, missing ranges are null.
   * @throws PrismaError INDEX_OUT_OF_RANGE
   * @example
   * await tensor([[1, 2], [3, 4]]).get([1]).array(); // [3, 4]
   */
  get(ranges: readonly Range[]): Tensor {
    return this.wrap(indexing.get(this.node, ranges));
  }

  /**
   * A new tensor with `value`, broadcast, in the part that `ranges` name; of a place listed twice the last value stays. Gradient: to both.
   * @throws PrismaError INDEX_OUT_OF_RANGE, SHAPE_MISMATCH, DTYPE_MISMATCH for a value of a wider type
   * @example
   * await tensor([1, 2, 3]).set([[0, 2]], 9).array(); // [9, 9, 3]
   */
  set(ranges: readonly Range[], value: Operand): Tensor {
    return this.wrap(indexing.set(this.node, ranges, typeof value === "number" ? value : value.node));
  }

  /**
   * PyTorch's gather: out[.., i, ..] = x[.., index[.., i, ..], ..]. A place outside gives NaN, 0 for integers. Gradient: {@link scatterAdd}.
   * @throws PrismaError SHAPE_MISMATCH, DTYPE_MISMATCH
   * @example
   * await tensor([5, 6]).gather(0, tensor([1, 0, 1], { dtype: "i32" })).array(); // [6, 5, 6]
   */
  gather(axis: number, index: Tensor): Tensor {
    return this.wrap(indexing.gather(this.node, axis, index.node));
  }

  /**
   * Slices along `axis` at the places of a one-dimensional `index`. A place outside gives NaN, 0 for integers.
   * @throws PrismaError SHAPE_MISMATCH, DTYPE_MISMATCH
   * @example
   * await tensor([[1, 2], [3, 4]]).indexSelect(0, tensor([1], { dtype: "i32" })).array(); // [[3, 4]]
   */
  indexSelect(axis: number, index: Tensor): Tensor {
    return this.wrap(indexing.indexSelect(this.node, axis, index.node));
  }

  /**
   * This tensor with `source` added at `index` along `axis`, in index order; places outside are ignored. Gradient: g, and gathered.
   * @throws PrismaError SHAPE_MISMATCH, DTYPE_MISMATCH
   * @example
   * await zeros([2]).scatterAdd(0, tensor([1, 1], { dtype: "i32" }), tensor([3, 4])).array(); // [0, 7]
   */
  scatterAdd(axis: number, index: Tensor, source: Tensor): Tensor {
    return this.wrap(indexing.scatterAdd(this.node, axis, index.node, source.node));
  }

  /**
   * A new last axis of `classes`: 1 where it equals this integer, else 0, f32.
   * @throws PrismaError DTYPE_MISMATCH
   * @example
   * await tensor([1], { dtype: "i32" }).oneHot(3).array(); // [[0, 1, 0]]
   */
  oneHot(classes: number): Tensor {
    return this.wrap(indexing.oneHot(this.node, classes));
  }
}
