// Arithmetic of a tensor with another tensor or a number: sums, comparisons, logic.
import type { Node } from "./graph/node.ts";
import * as elementwise from "./ops/elementwise.ts";
import { nodeOf, TensorHandle } from "./tensor-handle.ts";
import type { Tensor } from "./tensor.ts";

/** A tensor, or a number that takes part with the tensor's type. */
export type Operand = Tensor | number;

/** The operations of {@link Tensor} with a second operand. */
export abstract class ArithmeticTensor extends TensorHandle {
  /** A new handle on `node`. */
  protected abstract wrap(node: Node): Tensor;

  /** `other` as a node that fits this tensor. */
  protected operand(other: Operand): Node {
    return elementwise.operandNode(
      typeof other === "number" ? other : nodeOf(other, "the other operand"),
      this.node,
    );
  }

  /**
   * Sum with `other`, broadcast. Gradient: g to both.
   * @throws PrismaError SHAPE_MISMATCH, DEVICE_MISMATCH
   * @example
   * await tensor([1, 2]).add(1).array(); // [2, 3]
   */
  add(other: Operand): Tensor {
    return this.wrap(elementwise.arithmetic("add", this.node, this.operand(other)));
  }

  /**
   * Difference from `other`, broadcast. Gradient: g and -g.
   * @throws PrismaError SHAPE_MISMATCH, DEVICE_MISMATCH
   * @example
   * await tensor([3, 2]).sub(1).array(); // [2, 1]
   */
  sub(other: Operand): Tensor {
    return this.wrap(elementwise.arithmetic("sub", this.node, this.operand(other)));
  }

  /**
   * Product with `other`, broadcast. Gradient: g other and g this.
   * @throws PrismaError SHAPE_MISMATCH, DEVICE_MISMATCH
   * @example
   * await tensor([1, 2]).mul(3).array(); // [3, 6]
   */
  mul(other: Operand): Tensor {
    return this.wrap(elementwise.arithmetic("mul", this.node, this.operand(other)));
  }

  /**
   * Quotient by `other` in f32, broadcast. Gradient: g / other and -g this / other^2.
   * @throws PrismaError SHAPE_MISMATCH, DEVICE_MISMATCH
   * @example
   * await tensor([3, 6]).div(2).array(); // [1.5, 3]
   */
  div(other: Operand): Tensor {
    return this.wrap(elementwise.floatArithmetic("div", this.node, this.operand(other)));
  }

  /**
   * This to the power `other` in f32; NaN for a negative base and a fractional power; the numbers 1, 2 and 3 multiply. Gradient as PyTorch.
   * @throws PrismaError SHAPE_MISMATCH, DEVICE_MISMATCH
   * @example
   * await tensor([2, 4]).pow(2).array(); // [4, 16]
   */
  pow(other: Operand): Tensor {
    if (typeof other === "number") return this.wrap(elementwise.power(this.node, other));
    return this.wrap(elementwise.floatArithmetic("pow", this.node, this.operand(other)));
  }

  /**
   * The smaller of both; NaN where either is NaN. Gradient: to the one taken, half each at a tie.
   * @throws PrismaError SHAPE_MISMATCH, DEVICE_MISMATCH
   * @example
   * await tensor([1, 5]).minimum(3).array(); // [1, 3]
   */
  minimum(other: Operand): Tensor {
    return this.wrap(elementwise.arithmetic("min", this.node, this.operand(other)));
  }

  /**
   * The larger of both; NaN where either is NaN. Gradient: to the one taken, half each at a tie.
   * @throws PrismaError SHAPE_MISMATCH, DEVICE_MISMATCH
   * @example
   * await tensor([1, 5]).maximum(3).array(); // [3, 5]
   */
  maximum(other: Operand): Tensor {
    return this.wrap(elementwise.arithmetic("max", this.node, this.operand(other)));
  }

  /**
   * Quotient of integers rounded down; 0 where the divisor is 0. Not differentiable.
   * @throws PrismaError SHAPE_MISMATCH, DEVICE_MISMATCH
   * @example
   * await tensor([7, -7], { dtype: "i32" }).floorDiv(2).array(); // [3, -4]
   */
  floorDiv(other: Operand): Tensor {
    return this.wrap(elementwise.integerArithmetic("floorDiv", this.node, this.operand(other)));
  }

  /**
   * Remainder of integers with the sign of the divisor; 0 where the divisor is 0. Not differentiable.
   * @throws PrismaError SHAPE_MISMATCH, DEVICE_MISMATCH
   * @example
   * await tensor([7, -7], { dtype: "i32" }).remainder(4).array(); // [3, 1]
   */
  remainder(other: Operand): Tensor {
    return this.wrap(elementwise.integerArithmetic("mod", this.node, this.operand(other)));
  }

  /**
   * Where this equals `other`, as bool, broadcast. No gradient.
   * @throws PrismaError SHAPE_MISMATCH, DEVICE_MISMATCH
   * @example
   * await tensor([1, 2]).equal(2).array(); // [false, true]
   */
  equal(other: Operand): Tensor {
    return this.wrap(elementwise.comparison("eq", this.node, this.operand(other)));
  }

  /**
   * Where this differs from `other` (NaN differs from itself), as bool, broadcast. No gradient.
   * @throws PrismaError SHAPE_MISMATCH, DEVICE_MISMATCH
   * @example
   * await tensor([1, 2]).notEqual(2).array(); // [true, false]
   */
  notEqual(other: Operand): Tensor {
    return this.wrap(elementwise.comparison("ne", this.node, this.operand(other)));
  }

  /**
   * Where this is below `other`, as bool, broadcast. No gradient.
   * @throws PrismaError SHAPE_MISMATCH, DEVICE_MISMATCH
   * @example
   * await tensor([1, 2]).less(2).array(); // [true, false]
   */
  less(other: Operand): Tensor {
    return this.wrap(elementwise.comparison("lt", this.node, this.operand(other)));
  }

  /**
   * Where this is at most `other`, as bool, broadcast. No gradient.
   * @throws PrismaError SHAPE_MISMATCH, DEVICE_MISMATCH
   * @example
   * await tensor([1, 3]).lessEqual(2).array(); // [true, false]
   */
  lessEqual(other: Operand): Tensor {
    return this.wrap(elementwise.comparison("le", this.node, this.operand(other)));
  }

  /**
   * Where this is above `other`, as bool, broadcast. No gradient.
   * @throws PrismaError SHAPE_MISMATCH, DEVICE_MISMATCH
   * @example
   * await tensor([1, 3]).greater(2).array(); // [false, true]
   */
  greater(other: Operand): Tensor {
    return this.wrap(elementwise.comparison("gt", this.node, this.operand(other)));
  }

  /**
   * Where this is at least `other`, as bool, broadcast. No gradient.
   * @throws PrismaError SHAPE_MISMATCH, DEVICE_MISMATCH
   * @example
   * await tensor([1, 2]).greaterEqual(2).array(); // [false, true]
   */
  greaterEqual(other: Operand): Tensor {
    return this.wrap(elementwise.comparison("ge", this.node, this.operand(other)));
  }

  /**
   * Logical and of bools, numbers counting as `!= 0`. No gradient.
   * @throws PrismaError SHAPE_MISMATCH, DEVICE_MISMATCH
   * @example
   * await tensor([1, 0]).logicalAnd(tensor([1, 1])).array(); // [true, false]
   */
  logicalAnd(other: Operand): Tensor {
    return this.wrap(elementwise.logical("and", this.node, this.operand(other)));
  }

  /**
   * Logical or of bools, numbers counting as `!= 0`. No gradient.
   * @throws PrismaError SHAPE_MISMATCH, DEVICE_MISMATCH
   * @example
   * await tensor([1, 0]).logicalOr(tensor([1, 1])).array(); // [true, true]
   */
  logicalOr(other: Operand): Tensor {
    return this.wrap(elementwise.logical("or", this.node, this.operand(other)));
  }

  /**
   * Logical xor of bools, numbers counting as `!= 0`. No gradient.
   * @throws PrismaError SHAPE_MISMATCH, DEVICE_MISMATCH
   * @example
   * await tensor([1, 0]).logicalXor(tensor([1, 1])).array(); // [false, true]
   */
  logicalXor(other: Operand): Tensor {
    return this.wrap(elementwise.logical("xor", this.node, this.operand(other)));
  }
}
