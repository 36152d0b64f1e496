// Elementwise functions of a tensor: roots, exponentials, activations, choices and conversions.
import { ArithmeticTensor, type Operand } from "./arithmetic-tensor.ts";
import { assertKnownDType, type DType } from "./dtype.ts";
import { castNode } from "./ops/checks.ts";
import * as elementwise from "./ops/elementwise.ts";
import { nodeOf } from "./tensor-handle.ts";
import type { Tensor } from "./tensor.ts";

/** The functions of {@link Tensor} that go element by element. */
export abstract class ElementwiseTensor extends ArithmeticTensor {
  /**
   * The opposite. f32 and i32. Gradient: -g.
   * @example
   * await tensor([1, -2]).neg().array(); // [-1, 2]
   */
  neg(): Tensor {
    return this.wrap(elementwise.numberFunction("neg", this.node));
  }

  /**
   * The absolute value. Gradient: g sign(x).
   * @example
   * await tensor([1, -2]).abs().array(); // [1, 2]
   */
  abs(): Tensor {
    return this.wrap(elementwise.numberFunction("abs", this.node));
  }

  /**
   * -1, 0 or 1; NaN stays. Gradient: 0.
   * @example
   * await tensor([3, -2]).sign().array(); // [1, -1]
   */
  sign(): Tensor {
    return this.wrap(elementwise.numberFunction("sign", this.node));
  }

  /**
   * The square. Gradient: 2 g x.
   * @example
   * await tensor([3, -2]).square().array(); // [9, 4]
   */
  square(): Tensor {
    return this.wrap(elementwise.numberFunction("square", this.node));
  }

  /**
   * max(x, 0); NaN stays. Gradient: g where x > 0.
   * @example
   * await tensor([3, -2]).relu().array(); // [3, 0]
   */
  relu(): Tensor {
    return this.wrap(elementwise.numberFunction("relu", this.node));
  }

  /**
   * e^x, within 2 ULP. Gradient: g e^x. Integers are converted to f32.
   * @example
   * await tensor([0]).exp().array(); // [1]
   */
  exp(): Tensor {
    return this.wrap(elementwise.floatFunction("exp", this.node));
  }

  /**
   * Natural logarithm; -inf at 0, NaN below. Gradient: g / x. Integers are converted to f32.
   * @example
   * await tensor([1]).log().array(); // [0]
   */
  log(): Tensor {
    return this.wrap(elementwise.floatFunction("log", this.node));
  }

  /**
   * Square root; NaN below 0. Gradient: g / (2 sqrt x). Integers are converted to f32.
   * @example
   * await tensor([9]).sqrt().array(); // [3]
   */
  sqrt(): Tensor {
    return this.wrap(elementwise.floatFunction("sqrt", this.node));
  }

  /**
   * 1 / sqrt(x). Gradient: -g / (2 x sqrt x). Integers are converted to f32.
   * @example
   * await tensor([4]).rsqrt().array(); // [0.5]
   */
  rsqrt(): Tensor {
    return this.wrap(elementwise.floatFunction("rsqrt", this.node));
  }

  /**
   * 1 / x. Gradient: -g / x^2. Integers are converted to f32.
   * @example
   * await tensor([4]).reciprocal().array(); // [0.25]
   */
  reciprocal(): Tensor {
    return this.wrap(elementwise.floatFunction("reciprocal", this.node));
  }

  /**
   * Hyperbolic tangent. Gradient: g (1 - tanh^2). Integers are converted to f32.
   * @example
   * await tensor([0]).tanh().array(); // [0]
   */
  tanh(): Tensor {
    return this.wrap(elementwise.floatFunction("tanh", this.node));
  }

  /**
   * Sine of an angle in radians, within 2 ULP up to 65,536; a larger angle, of which f32 holds two digits behind the point at best, gives NaN. Gradient: g cos x. Integers are converted to f32.
   * @example
   * await tensor([0]).sin().array(); // [0]
   */
  sin(): Tensor {
    return this.wrap(elementwise.floatFunction("sin", this.node));
  }

  /**
   * Cosine of an angle in radians, with the range of {@link sin}. Gradient: -g sin x. Integers are converted to f32.
   * @example
   * await tensor([0]).cos().array(); // [1]
   */
  cos(): Tensor {
    return this.wrap(elementwise.floatFunction("cos", this.node));
  }

  /**
   * Error function. Gradient: 2 g e^(-x^2) / sqrt(pi). Integers are converted to f32.
   * @example
   * await tensor([0]).erf().array(); // [0]
   */
  erf(): Tensor {
    return this.wrap(elementwise.floatFunction("erf", this.node));
  }

  /**
   * 1 / (1 + e^-x). Gradient: g s (1 - s). Integers are converted to f32.
   * @example
   * await tensor([0]).sigmoid().array(); // [0.5]
   */
  sigmoid(): Tensor {
    return this.wrap(elementwise.floatFunction("sigmoid", this.node));
  }

  /**
   * x Phi(x) with the exact normal distribution function (Hendrycks & Gimpel 2016). Integers are converted to f32.
   * Gradient: g (Phi(x) + x phi(x)), phi being the normal density.
   * @example
   * await tensor([0]).gelu().array(); // [0]
   */
  gelu(): Tensor {
    return this.wrap(elementwise.floatFunction("gelu", this.node));
  }

  /**
   * The tanh approximation of GELU. Integers are converted to f32.
   * Gradient: that of the approximation.
   * @example
   * await tensor([0]).geluTanh().array(); // [0]
   */
  geluTanh(): Tensor {
    return this.wrap(elementwise.floatFunction("geluTanh", this.node));
  }

  /**
   * x sigmoid(1.702 x), as CLIP. Integers are converted to f32.
   * Gradient: g s (1 + 1.702 x (1 - s)), s = sigmoid(1.702 x).
   * @example
   * await tensor([0]).quickGelu().array(); // [0]
   */
  quickGelu(): Tensor {
    return this.wrap(elementwise.floatFunction("quickGelu", this.node));
  }

  /**
   * x sigmoid(x). Integers are converted to f32.
   * Gradient: g s (1 + x (1 - s)), s = sigmoid(x).
   * @example
   * await tensor([0]).silu().array(); // [0]
   */
  silu(): Tensor {
    return this.wrap(elementwise.floatFunction("silu", this.node));
  }

  /**
   * Largest whole number not above. Gradient: 0. Integers are converted to f32.
   * @example
   * await tensor([1.5]).floor().array(); // [1]
   */
  floor(): Tensor {
    return this.wrap(elementwise.floatFunction("floor", this.node));
  }

  /**
   * Smallest whole number not below. Gradient: 0. Integers are converted to f32.
   * @example
   * await tensor([1.5]).ceil().array(); // [2]
   */
  ceil(): Tensor {
    return this.wrap(elementwise.floatFunction("ceil", this.node));
  }

  /**
   * Nearest whole number, halves to even. Gradient: 0. Integers are converted to f32.
   * @example
   * await tensor([2.5]).round().array(); // [2]
   */
  round(): Tensor {
    return this.wrap(elementwise.floatFunction("round", this.node));
  }

  /**
   * Where the value is NaN, as bool. No gradient.
   * @example
   * await tensor([NaN, 1]).isNaN().array(); // [true, false]
   */
  isNaN(): Tensor {
    return this.wrap(elementwise.predicate("isNaN", this.node));
  }

  /**
   * Where the value is neither NaN nor infinite, as bool. No gradient.
   * @example
   * await tensor([Infinity, 1]).isFinite().array(); // [false, true]
   */
  isFinite(): Tensor {
    return this.wrap(elementwise.predicate("isFinite", this.node));
  }

  /**
   * Where the value is 0, as bool. No gradient.
   * @example
   * await tensor([0, 1]).logicalNot().array(); // [true, false]
   */
  logicalNot(): Tensor {
    return this.wrap(elementwise.predicate("not", this.node));
  }

  /**
   * Held within [min, max]; null leaves a side open, NaN stays. Gradient: g inside, 0 outside.
   * @throws PrismaError ARGUMENT_INVALID when min is above max
   * @example
   * await tensor([-1, 0.5, 3]).clamp(0, 1).array(); // [0, 0.5, 1]
   */
  clamp(min: number | null, max: number | null): Tensor {
    return this.wrap(elementwise.clamp(this.node, min, max));
  }

  /**
   * This tensor where `condition` holds, `other` elsewhere, all broadcast. Gradient: g to the one taken.
   * @example
   * await tensor([1, 2]).where(tensor([1, 0]), 9).array(); // [1, 9]
   */
  where(condition: Tensor, other: Operand): Tensor {
    return this.wrap(
      elementwise.where(nodeOf(condition, "the condition"), this.node, this.operand(other)),
    );
  }

  /**
   * The same values, through which no gradient flows.
   * @example
   * await grad((x: Tensor) => x.mul(x.detach()).sum())(tensor([3])).array(); // [3]
   */
  detach(): Tensor {
    return this.wrap(elementwise.detach(this.node));
  }

  /**
   * Converted to `dtype`: f32 to integers truncates and saturates, NaN to 0; to bool is `!= 0`; to f16 rounds to the nearest,
   * ties to even, infinite from 65520 on, the same bits on every device. An f16 takes two bytes once it is realized.
   * Gradients pass through between f32 and f16, unrounded, and nowhere else.
   * @example
   * await tensor([1.7, -2.2]).cast("i32").array(); // [1, -2]
   * await tensor([2049, 70000]).cast("f16").array(); // [2048, Infinity]
   */
  cast(dtype: DType): Tensor {
    assertKnownDType("cast", dtype);
    return this.wrap(castNode(this.node, dtype));
  }
}
