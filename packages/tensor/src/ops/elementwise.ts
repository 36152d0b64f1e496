// Elementwise operations with broadcasting: type rules and the nodes they build.
import type { DType } from "../dtype.ts";
import { numberType, promote } from "../dtype.ts";
import { PrismaError } from "../errors.ts";
import { expandNode, mapNode, scalarNode } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import { broadcastShapes } from "../shape.ts";
import {
  assertDType,
  assertNumber,
  assertNumeric,
  assertOneDevice,
  broadcastPair,
  castNode,
  exactScalar,
  promotePair,
} from "./checks.ts";

/** Functions of one f32; integers and bools are converted first. */
export type FloatFunction =
  | "exp"
  | "log"
  | "sqrt"
  | "rsqrt"
  | "tanh"
  | "sin"
  | "cos"
  | "erf"
  | "sigmoid"
  | "gelu"
  | "geluTanh"
  | "quickGelu"
  | "silu"
  | "floor"
  | "ceil"
  | "round"
  | "trunc"
  | "reciprocal";

/** A function of one f32, by name. */
export function floatFunction(fn: FloatFunction, x: Node): Node {
  return mapNode(fn, castNode(x, "f32"));
}

/** `neg abs sign relu square`: functions of one number that keep its type; f16 gives f32. */
export function numberFunction(fn: "neg" | "abs" | "sign" | "relu" | "square", x: Node): Node {
  return mapNode(fn, assertNumeric(fn, x, fn === "neg" ? ["f32", "i32"] : undefined));
}

/** `add sub mul min max`: bools are counted as i32, f16 as f32; the wider type wins. */
export function arithmetic(fn: "add" | "sub" | "mul" | "min" | "max", a: Node, b: Node): Node {
  const dtype = numberType(promote(a.dtype, b.dtype));
  const pair = broadcastPair(fn, castNode(a, dtype), castNode(b, dtype));
  return mapNode(fn, ...pair);
}

/** Quotient and power, always f32. */
export function floatArithmetic(fn: "div" | "pow", a: Node, b: Node): Node {
  return mapNode(fn, ...broadcastPair(fn, castNode(a, "f32"), castNode(b, "f32")));
}

/** Whole powers that are products, exact where those are. */
const PRODUCTS = new Set([1, 2, 3]);

/** `base` to the power `exponent` in f32; small whole exponents are products, as in PyTorch. */
export function power(base: Node, exponent: number): Node {
  const x = castNode(base, "f32");
  if (!PRODUCTS.has(exponent)) return floatArithmetic("pow", x, operandNode(exponent, x));
  let product = x;
  for (let i = 1; i < exponent; i++) product = arithmetic("mul", product, x);
  return product;
}

/** Floor division and remainder of integers; 0 where the divisor is 0. */
export function integerArithmetic(fn: "floorDiv" | "mod", a: Node, b: Node): Node {
  const pair = promotePair(fn, a, b);
  pair.forEach((x) => assertDType(fn, x, ["i32", "u32"]));
  return mapNode(fn, ...pair);
}

/** Comparison of numbers in their common type. */
export function comparison(fn: "eq" | "ne" | "lt" | "le" | "gt" | "ge", a: Node, b: Node): Node {
  const dtype = numberType(promote(a.dtype, b.dtype));
  return mapNode(fn, ...broadcastPair(fn, castNode(a, dtype), castNode(b, dtype)));
}

/** Logic on bools; numbers count as `!= 0`. */
export function logical(fn: "and" | "or" | "xor", a: Node, b: Node): Node {
  return mapNode(fn, ...broadcastPair(fn, castNode(a, "bool"), castNode(b, "bool")));
}

/** `isNaN isFinite not` of one tensor, as bool. */
export function predicate(fn: "isNaN" | "isFinite" | "not", x: Node): Node {
  return mapNode(fn, castNode(x, fn === "not" ? "bool" : "f32"));
}

/** `a` where `condition` holds, `b` elsewhere, all three broadcast. */
export function where(condition: Node, a: Node, b: Node): Node {
  assertOneDevice("where", [condition, a, b]);
  const dtype = promote(a.dtype, b.dtype);
  const shape = broadcastShapes(
    "where",
    condition.shape,
    broadcastShapes("where", a.shape, b.shape),
  );
  const fit = (x: Node): Node => expandNode(x, shape);
  return mapNode(
    "select",
    fit(castNode(condition, "bool")),
    fit(castNode(a, dtype)),
    fit(castNode(b, dtype)),
  );
}

/** `x` held within [min, max]; a bound that is null does not hold. NaN stays. */
export function clamp(x: Node, min: number | null, max: number | null): Node {
  const values = assertNumeric("clamp", x);
  if (min !== null) assertNumber("clamp", "lower bound", min);
  if (max !== null) assertNumber("clamp", "upper bound", max);
  if (Number.isNaN(min) || Number.isNaN(max) || (min !== null && max !== null && min > max)) {
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `clamp: the bounds are ${min} and ${max}; they must be numbers, the lower not above the upper`,
      { min, max },
    );
  }
  const bound = (value: number): Node =>
    expandNode(exactScalar("clamp", value, values.dtype), x.shape);
  const low = min === null ? values : mapNode("max", values, bound(min));
  return max === null ? low : mapNode("min", low, bound(max));
}

/** The narrowest type that holds the whole number `value` and is at least as wide as `like`; f32 where none does. */
function typeOfNumber(value: number, like: DType): DType {
  if (numberType(like) === "f32" || !Number.isInteger(value)) return "f32";
  if (like === "u32" && value >= 0 && value < 2 ** 32) return "u32";
  return value >= -(2 ** 31) && value < 2 ** 31 ? "i32" : "f32";
}

/** `value` as a node that fits an operation with `like`: a whole number takes part as an integer with integers and bools. */
export function operandNode(value: Node | number, like: Node): Node {
  return typeof value === "number" ? scalarNode(value, typeOfNumber(value, like.dtype)) : value;
}

/** `x`, cut off from gradients. */
export function detach(x: Node): Node {
  return mapNode("detach", x);
}
