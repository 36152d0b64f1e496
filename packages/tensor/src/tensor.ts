// Tensors: the operations a user calls, each a checked node of the graph wrapped in a handle.
import type { Operand } from "./arithmetic-tensor.ts";
import { kindOf, PrismaError } from "./errors.ts";
import type { Node } from "./graph/node.ts";
import * as indexing from "./ops/indexing.ts";
import type { Range } from "./ops/indexing.ts";
import * as movement from "./ops/movement.ts";
import { matmul } from "./ops/matmul.ts";
import { triangle } from "./ops/triangle.ts";
import { ReductionTensor } from "./reduction-tensor.ts";
import type { Shape } from "./shape.ts";
import { nodeOf } from "./tensor-handle.ts";

/**
 * An n-dimensional array, immutable and lazy: an operation returns at once, and values are computed when they are asked
 * for (`data`, `array`, `item`, `realize`). Shapes broadcast as in NumPy; types combine as bool < u32 < i32 < f32.
 */
export class Tensor extends ReductionTensor {
  protected override wrap(node: Node): Tensor {
    return new Tensor(node);
  }

  /**
   * Names the value, for `explain` and error messages; returns this tensor.
   * @example
   * explain(tensor([1]).mul(2).named("doubled")).kernels[0]!.labels; // ["doubled"]
   */
  named(name: string): this {
    if (typeof name !== "string")
      throw new PrismaError(
        "ARGUMENT_INVALID",
        `named: the name is ${kindOf(name)}; it must be text`,
      );
    this.node.rename(name);
    return this;
  }

  // ---- products ----

  /**
   * Matrix product of the last two axes, the others broadcast, as NumPy; f32. [.., m, k] x [.., k, n] -> [.., m, n]. Gradient: g other^T and this^T g.
   * @throws PrismaError SHAPE_MISMATCH
   * @example
   * await tensor([[1, 2]]).matmul(tensor([[3], [4]])).array(); // [[11]]
   */
  matmul(other: Tensor): Tensor {
    return this.wrap(matmul(this.node, nodeOf(other, "the other matrix")));
  }

  // ---- shape ----

  /**
   * Same elements in the same order under another shape; one size may be -1.
   * Gradient: g in the shape before.
   * @throws PrismaError SHAPE_MISMATCH
   * @example
   * await tensor([1, 2, 3, 4]).reshape([2, -1]).array(); // [[1, 2], [3, 4]]
   */
  reshape(shape: Shape): Tensor {
    return this.wrap(movement.reshape(this.node, shape));
  }

  /**
   * Axis i of the result is axis `axes[i]`.
   * Gradient: g with its axes put back.
   * @throws PrismaError AXIS_INVALID
   * @example
   * await tensor([[1, 2], [3, 4]]).permute([1, 0]).array(); // [[1, 3], [2, 4]]
   */
  permute(axes: readonly number[]): Tensor {
    return this.wrap(movement.permute(this.node, axes));
  }

  /**
   * Two axes exchanged, the last two by default.
   * Gradient: g with the same axes exchanged.
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
   * Gradient: g in the shape before.
   * @example
   * tensor([[1, 2]]).squeeze().shape; // [2]
   */
  squeeze(axis?: number): Tensor {
    return this.wrap(movement.squeeze(this.node, axis));
  }

  /**
   * With a new axis of size 1 before `axis`.
   * Gradient: g in the shape before.
   * @example
   * tensor([1, 2]).unsqueeze(0).shape; // [1, 2]
   */
  unsqueeze(axis: number): Tensor {
    return this.wrap(movement.unsqueeze(this.node, axis));
  }

  /**
   * The named axes back to front.
   * Gradient: g flipped likewise.
   * @example
   * await tensor([1, 2, 3]).flip([0]).array(); // [3, 2, 1]
   */
  flip(axes: readonly number[]): Tensor {
    return this.wrap(movement.flip(this.node, axes));
  }

  /**
   * `value` around the tensor: for each axis how many before and after.
   * Gradient: g without the padding.
   * @throws PrismaError ARGUMENT_INVALID
   * @example
   * await tensor([1]).pad([[1, 2]]).array(); // [0, 1, 0, 0]
   */
  pad(widths: readonly (readonly [before: number, after: number])[], value = 0): Tensor {
    return this.wrap(movement.pad(this.node, widths, value));
  }

  /**
   * The lower triangle of the last two axes, zeros above: kept is what stands at most `diagonal` places right of the main diagonal. [.., m, n] -> [.., m, n]. Gradient: g where kept.
   * @throws PrismaError SHAPE_INVALID below two axes, ARGUMENT_INVALID
   * @example
   * await tensor([[1, 2], [3, 4]]).tril().array(); // [[1, 0], [3, 4]]
   */
  tril(diagonal = 0): Tensor {
    return this.wrap(triangle("tril", this.node, diagonal));
  }

  /**
   * The upper triangle of the last two axes, zeros below: kept is what stands at least `diagonal` places right of the main diagonal. [.., m, n] -> [.., m, n]. Gradient: g where kept.
   * @throws PrismaError SHAPE_INVALID below two axes, ARGUMENT_INVALID
   * @example
   * await tensor([[1, 2], [3, 4]]).triu(1).array(); // [[0, 2], [0, 0]]
   */
  triu(diagonal = 0): Tensor {
    return this.wrap(triangle("triu", this.node, diagonal));
  }

  // ---- parts ----

  /**
   * Cut along `axis` into parts: of these sizes, or each of one size and the last one smaller (PyTorch's split). Views; nothing is copied. Gradient: each part's, at its place.
   * @throws PrismaError ARGUMENT_INVALID when sizes do not add up, AXIS_INVALID
   * @example
   * const [a, b] = tensor([1, 2, 3]).split(2);
   * await b!.array(); // [3]
   */
  split(parts: number | readonly number[], axis = 0): Tensor[] {
    return movement.split(this.node, parts, axis).map((part) => this.wrap(part));
  }

  /**
   * The part that `ranges` name, axis by axis: a place (the axis goes), `[from, to)`, `{ list }` of places, or null for all; negatives count from the end, missing ranges are null.
   * Gradient: g at the places taken, added up where one was taken more than once, else 0.
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
    return this.wrap(
      indexing.set(
        this.node,
        ranges,
        typeof value === "number" ? value : nodeOf(value, "the value"),
      ),
    );
  }

  /**
   * PyTorch's gather: out[.., i, ..] = x[.., index[.., i, ..], ..]. A place outside gives NaN, 0 for integers. Gradient: {@link scatterAdd}.
   * @throws PrismaError SHAPE_MISMATCH, DTYPE_MISMATCH
   * @example
   * await tensor([5, 6]).gather(0, tensor([1, 0, 1], { dtype: "i32" })).array(); // [6, 5, 6]
   */
  gather(axis: number, index: Tensor): Tensor {
    return this.wrap(indexing.gather(this.node, axis, nodeOf(index, "the index")));
  }

  /**
   * Slices along `axis` at the places of a one-dimensional `index`. A place outside gives NaN, 0 for integers.
   * Gradient: g added up at the places taken, else 0.
   * @throws PrismaError SHAPE_MISMATCH, DTYPE_MISMATCH
   * @example
   * await tensor([[1, 2], [3, 4]]).indexSelect(0, tensor([1], { dtype: "i32" })).array(); // [[3, 4]]
   */
  indexSelect(axis: number, index: Tensor): Tensor {
    return this.wrap(indexing.indexSelect(this.node, axis, nodeOf(index, "the index")));
  }

  /**
   * NumPy's take: elements of the flattened tensor at the places of `index`, in the shape of `index`; with `axis` slices along it, whose axis becomes those of `index`. A place outside gives NaN, 0 for integers. Gradient: added up at the places.
   * @throws PrismaError AXIS_INVALID, DTYPE_MISMATCH
   * @example
   * await tensor([[1, 2], [3, 4]]).take(tensor([3, 0], { dtype: "i32" })).array(); // [4, 1]
   */
  take(index: Tensor, axis?: number): Tensor {
    return this.wrap(indexing.take(this.node, nodeOf(index, "the index"), axis));
  }

  /**
   * This tensor with `source` added at `index` along `axis`, in index order; places outside are ignored. Gradient: g, and gathered.
   * @throws PrismaError SHAPE_MISMATCH, DTYPE_MISMATCH
   * @example
   * await zeros([2]).scatterAdd(0, tensor([1, 1], { dtype: "i32" }), tensor([3, 4])).array(); // [0, 7]
   */
  scatterAdd(axis: number, index: Tensor, source: Tensor): Tensor {
    return this.wrap(
      indexing.scatterAdd(
        this.node,
        axis,
        nodeOf(index, "the index"),
        nodeOf(source, "the source"),
      ),
    );
  }

  /**
   * A new last axis of `classes`: 1 where it equals this integer, else 0, f32.
   * Not differentiable.
   * @throws PrismaError DTYPE_MISMATCH
   * @example
   * await tensor([1], { dtype: "i32" }).oneHot(3).array(); // [[0, 1, 0]]
   */
  oneHot(classes: number): Tensor {
    return this.wrap(indexing.oneHot(this.node, classes));
  }
}
