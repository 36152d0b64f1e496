// Reductions of a tensor over axes, and what is made of them: softmax, norms, the largest of a row.
import { checkOptions } from "./check-options.ts";
import { ElementwiseTensor } from "./elementwise-tensor.ts";
import { kindOf, PrismaError } from "./errors.ts";
import type { Node } from "./graph/node.ts";
import { cumsum } from "./ops/cumsum.ts";
import * as reduction from "./ops/reduction.ts";
import type { Axes } from "./ops/reduction.ts";
import * as sorting from "./ops/sorting.ts";
import { nodeOf } from "./tensor-handle.ts";
import type { Tensor } from "./tensor.ts";

/** Whether reduced axes stay, with size 1. */
export interface KeepDims {
  readonly keepDims?: boolean;
}

/** Whether the largest comes first. */
export interface Descending {
  readonly descending?: boolean;
}

/** The option `name`, false where it is absent. @throws PrismaError ARGUMENT_INVALID for other options than it and `more` */
function flagOf<Name extends string>(
  operation: string,
  name: Name,
  options: Readonly<Partial<Record<Name, boolean>>>,
  more: readonly string[] = [],
): boolean {
  checkOptions(operation, options, [name, ...more]);
  const value = options[name] ?? false;
  if (typeof value !== "boolean")
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `${operation}: ${name} is ${kindOf(value)}; it must be true or false`,
    );
  return value;
}

/** The operations of {@link Tensor} that combine elements along axes. */
export abstract class ReductionTensor extends ElementwiseTensor {
  /**
   * Sum; bools are counted; 0 over nothing. Gradient: g, spread.
   * @param axes one, several, or all when absent; negatives count from the end
   * @throws PrismaError AXIS_INVALID
   * @example
   * await tensor([[1, 2], [3, 4]]).sum(0).array(); // [4, 6]
   */
  sum(axes?: Axes, options: KeepDims = {}): Tensor {
    return this.wrap(reduction.sum(this.node, axes, flagOf("sum", "keepDims", options)));
  }

  /**
   * Product; bools count as 0 and 1; integers wrap; 1 over nothing. Gradient: g times the product of the others, right where elements are 0.
   * @param axes one, several, or all when absent; negatives count from the end
   * @throws PrismaError AXIS_INVALID
   * @example
   * await tensor([[1, 2], [3, 4]]).prod(1).array(); // [2, 12]
   */
  prod(axes?: Axes, options: KeepDims = {}): Tensor {
    return this.wrap(reduction.prod(this.node, axes, flagOf("prod", "keepDims", options)));
  }

  /**
   * Whether some element is not 0 (NaN is not), as bool; false over nothing. No gradient.
   * @param axes one, several, or all when absent; negatives count from the end
   * @throws PrismaError AXIS_INVALID
   * @example
   * await tensor([[0, 2], [0, 0]]).any(1).array(); // [true, false]
   */
  any(axes?: Axes, options: KeepDims = {}): Tensor {
    return this.wrap(reduction.any(this.node, axes, flagOf("any", "keepDims", options)));
  }

  /**
   * Whether no element is 0 (NaN is not), as bool; true over nothing. No gradient.
   * @param axes one, several, or all when absent; negatives count from the end
   * @throws PrismaError AXIS_INVALID
   * @example
   * await tensor([[1, 2], [0, 1]]).all(1).array(); // [true, false]
   */
  all(axes?: Axes, options: KeepDims = {}): Tensor {
    return this.wrap(reduction.all(this.node, axes, flagOf("all", "keepDims", options)));
  }

  /**
   * Mean in f32; NaN over nothing. Gradient: g / count, spread.
   * @param axes one, several, or all when absent; negatives count from the end
   * @throws PrismaError AXIS_INVALID
   * @example
   * await tensor([[1, 2], [3, 4]]).mean(1).array(); // [1.5, 3.5]
   */
  mean(axes?: Axes, options: KeepDims = {}): Tensor {
    return this.wrap(reduction.mean(this.node, axes, flagOf("mean", "keepDims", options)));
  }

  /**
   * Largest; NaN where there is one; an error over nothing. Gradient: shared evenly among equals (PyTorch's amax).
   * @param axes one, several, or all when absent; negatives count from the end
   * @throws PrismaError AXIS_INVALID
   * @example
   * await tensor([[1, 2], [3, 4]]).max(0).array(); // [3, 4]
   */
  max(axes?: Axes, options: KeepDims = {}): Tensor {
    return this.wrap(reduction.extreme("max", this.node, axes, flagOf("max", "keepDims", options)));
  }

  /**
   * Smallest; NaN where there is one; an error over nothing. Gradient: shared evenly among equals.
   * @param axes one, several, or all when absent; negatives count from the end
   * @throws PrismaError AXIS_INVALID
   * @example
   * await tensor([[1, 2], [3, 4]]).min(0).array(); // [1, 2]
   */
  min(axes?: Axes, options: KeepDims = {}): Tensor {
    return this.wrap(reduction.extreme("min", this.node, axes, flagOf("min", "keepDims", options)));
  }

  /**
   * Variance in f32, divided by the count less `correction` (1: PyTorch's default; 0: of the population). Gradient: 2 g (x - mean) / that number.
   * @param axes one, several, or all when absent; negatives count from the end
   * @throws PrismaError AXIS_INVALID, ARGUMENT_INVALID
   * @example
   * await tensor([1, 2, 3]).variance().item(); // 1
   */
  variance(axes?: Axes, options: KeepDims & { readonly correction?: number } = {}): Tensor {
    const keepDims = flagOf("variance", "keepDims", options, ["correction"]);
    return this.wrap(reduction.variance(this.node, axes, options.correction ?? 1, keepDims));
  }

  /**
   * Standard deviation, the root of {@link variance}. Gradient: NaN where it is 0, as PyTorch.
   * @param axes one, several, or all when absent; negatives count from the end
   * @throws PrismaError AXIS_INVALID, ARGUMENT_INVALID
   * @example
   * await tensor([1, 3, 5]).std().item(); // 2
   */
  std(axes?: Axes, options: KeepDims & { readonly correction?: number } = {}): Tensor {
    const keepDims = flagOf("std", "keepDims", options, ["correction"]);
    return this.wrap(reduction.std(this.node, axes, options.correction ?? 1, keepDims));
  }

  /**
   * Euclidean length in f32. Gradient: g x / norm, NaN at 0.
   * @param axes one, several, or all when absent; negatives count from the end
   * @throws PrismaError AXIS_INVALID
   * @example
   * await tensor([3, 4]).norm().item(); // 5
   */
  norm(axes?: Axes, options: KeepDims = {}): Tensor {
    return this.wrap(reduction.norm(this.node, axes, flagOf("norm", "keepDims", options)));
  }

  /**
   * log of the sum of exponentials, safe against overflow; -inf for a row of -inf. Gradient: g softmax(x).
   * @param axes one, several, or all when absent; negatives count from the end
   * @throws PrismaError AXIS_INVALID
   * @example
   * await tensor([0]).logsumexp().item(); // 0
   */
  logsumexp(axes?: Axes, options: KeepDims = {}): Tensor {
    return this.wrap(
      reduction.logsumexp(this.node, axes, flagOf("logsumexp", "keepDims", options)),
    );
  }

  /**
   * Running sums along `axis`, the own element included; bools are counted, integers wrap. Rows are summed in blocks of 32, so rounding grows as in a sum, not with the length. Gradient: g summed from the other end.
   * @throws PrismaError AXIS_INVALID
   * @example
   * await tensor([1, 2, 3]).cumsum().array(); // [1, 3, 6]
   */
  cumsum(axis = -1): Tensor {
    return this.wrap(cumsum(this.node, axis));
  }

  /**
   * i32 place of the first largest along `axis`, or in the flattened tensor; a NaN wins. No gradient.
   * @throws PrismaError AXIS_INVALID, SHAPE_INVALID when empty
   * @example
   * await tensor([1, 3, 2]).argmax().item(); // 1
   */
  argmax(axis?: number, options: KeepDims = {}): Tensor {
    return this.wrap(
      reduction.argExtreme("argmax", this.node, axis, flagOf("argmax", "keepDims", options)),
    );
  }

  /**
   * i32 place of the first smallest along `axis`, or in the flattened tensor; a NaN wins. No gradient.
   * @throws PrismaError AXIS_INVALID, SHAPE_INVALID when empty
   * @example
   * await tensor([1, 3, 2]).argmin().item(); // 0
   */
  argmin(axis?: number, options: KeepDims = {}): Tensor {
    return this.wrap(
      reduction.argExtreme("argmin", this.node, axis, flagOf("argmin", "keepDims", options)),
    );
  }

  /**
   * Exponentials along `axis` divided by their sum, f32, the maximum subtracted first; a row of -inf gives NaN, as PyTorch.
   * Gradient: y (g - sum(g y)), sums along the axis.
   * @example
   * await tensor([0, 0]).softmax().array(); // [0.5, 0.5]
   */
  softmax(axis = -1): Tensor {
    return this.wrap(reduction.softmax(this.node, axis));
  }

  /**
   * Logarithm of {@link softmax}, computed without forming it.
   * Gradient: g - softmax(x) sum(g), the sum along the axis.
   * @example
   * await tensor([5]).logSoftmax().array(); // [0]
   */
  logSoftmax(axis = -1): Tensor {
    return this.wrap(reduction.logSoftmax(this.node, axis));
  }

  /**
   * Last axis brought to mean 0 and variance 1 (of the population, plus `eps` under the root; Ba et al. 2016), then times `weight` plus `bias`, each [size of the last axis].
   * Gradient of the normalized y: (g - mean(g) - y mean(g y)) / sqrt(variance + eps), means along the last axis.
   * @throws PrismaError SHAPE_MISMATCH
   * @example
   * await tensor([1, -1]).layerNorm({ eps: 0 }).array(); // [1, -1]
   */
  layerNorm(
    options: { readonly weight?: Tensor; readonly bias?: Tensor; readonly eps?: number } = {},
  ): Tensor {
    checkOptions("layerNorm", options, ["weight", "bias", "eps"]);
    return this.wrap(
      reduction.layerNorm(
        this.node,
        options.weight === undefined ? null : nodeOf(options.weight, "the weight"),
        options.bias === undefined ? null : nodeOf(options.bias, "the bias"),
        options.eps ?? 1e-5,
      ),
    );
  }

  /**
   * Values along `axis` from the smallest to the largest, or with `descending` the other way round; NaN counts as largest. Gradient: g brought back to the places.
   * @throws PrismaError AXIS_INVALID, DTYPE_MISMATCH for bools
   * @example
   * await tensor([2, 3, 1]).sort().array(); // [1, 2, 3]
   */
  sort(axis = -1, options: Descending = {}): Tensor {
    return this.wrap(sorting.sort(this.node, axis, flagOf("sort", "descending", options)));
  }

  /**
   * i32 places along `axis` of the smallest up to the largest, or with `descending` the other way round; equal values in the order of their places, NaN counted largest. No gradient.
   * @throws PrismaError AXIS_INVALID, DTYPE_MISMATCH for bools
   * @example
   * await tensor([2, 3, 1]).argsort().array(); // [2, 0, 1]
   */
  argsort(axis = -1, options: Descending = {}): Tensor {
    return this.wrap(sorting.argsort(this.node, axis, flagOf("argsort", "descending", options)));
  }

  /**
   * The `k` largest along the last axis and their i32 places, largest first, ties by place, NaN counted largest. Gradient: g at the places.
   * @throws PrismaError ARGUMENT_INVALID, DTYPE_MISMATCH
   * @example
   * await tensor([1, 3, 2]).topK(2).values.array(); // [3, 2]
   */
  topK(k: number): { readonly values: Tensor; readonly indices: Tensor } {
    return this.#pair(sorting.topK(this.node, k));
  }

  #pair({ values, indices }: { readonly values: Node; readonly indices: Node }): {
    readonly values: Tensor;
    readonly indices: Tensor;
  } {
    return { values: this.wrap(values), indices: this.wrap(indices) };
  }
}
