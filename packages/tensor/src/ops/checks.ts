// Checks that operations share: types that fit, devices that agree.
import type { DType } from "../dtype.ts";
import { numberType, promote } from "../dtype.ts";
import { kindOf, PrismaError } from "../errors.ts";
import { HALF_OVERFLOW } from "../half.ts";
import { expandNode, mapNode, scalarNode } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import { broadcastShapes } from "../shape.ts";

/** @throws PrismaError DEVICE_MISMATCH when two inputs live on different devices */
export function assertOneDevice(operation: string, inputs: readonly Node[]): void {
  const tags = new Set(inputs.flatMap((input) => (input.device === null ? [] : [input.device])));
  if (tags.size > 1) {
    const kinds = [...tags].map((tag) => tag.kind).join(" and ");
    throw new PrismaError(
      "DEVICE_MISMATCH",
      `${operation}: the tensors live on different devices (${kinds}); make them on one`,
      { kinds },
    );
  }
}

/** @throws PrismaError DTYPE_MISMATCH when `x` has none of `allowed` */
export function assertDType(operation: string, x: Node, allowed: readonly DType[]): void {
  if (!allowed.includes(x.dtype)) {
    throw new PrismaError(
      "DTYPE_MISMATCH",
      `${operation}: a tensor of ${x.dtype} was given; it takes ${allowed.join(", ")}. Convert with cast().`,
      { found: x.dtype, allowed },
    );
  }
}

/** @throws PrismaError ARGUMENT_INVALID when `value`, called `role` in the message, is no number */
export function assertNumber(operation: string, role: string, value: number): void {
  if (typeof value !== "number")
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `${operation}: the ${role} is ${kindOf(value)}; it must be a number`,
    );
}

const CAST_TO = { f32: "toF32", f16: "toF16", i32: "toI32", u32: "toU32", bool: "toBool" } as const;

/** `x` converted to `dtype`, or `x` itself. */
export function castNode(x: Node, dtype: DType): Node {
  return x.dtype === dtype ? x : mapNode(CAST_TO[dtype], x);
}

/**
 * `x` in the type in which it takes part in arithmetic.
 * @throws PrismaError DTYPE_MISMATCH when that is not among `allowed`, or `x` is a bool
 */
export function assertNumeric(
  operation: string,
  x: Node,
  allowed: readonly ("f32" | "i32" | "u32")[] = ["f32", "i32", "u32"],
): Node {
  assertDType(operation, x, allowed.includes("f32") ? [...allowed, "f16"] : allowed);
  return castNode(x, numberType(x.dtype));
}

/** Both operands in their broadcast shape, each in its own type. */
export function broadcastPair(operation: string, a: Node, b: Node): [Node, Node] {
  assertOneDevice(operation, [a, b]);
  const shape = broadcastShapes(operation, a.shape, b.shape);
  return [expandNode(a, shape), expandNode(b, shape)];
}

/** Both operands in their broadcast shape and common type. */
export function promotePair(operation: string, a: Node, b: Node): [Node, Node] {
  const dtype = promote(a.dtype, b.dtype);
  return broadcastPair(operation, castNode(a, dtype), castNode(b, dtype));
}

const RANGES = { bool: [0, 1], u32: [0, 2 ** 32 - 1], i32: [-(2 ** 31), 2 ** 31 - 1] } as const;

/**
 * `value` as a scalar of `dtype`, which must hold it: nothing is cut off silently.
 * @throws PrismaError ARGUMENT_INVALID
 */
export function exactScalar(operation: string, value: number, dtype: DType): Node {
  assertNumber(operation, "value", value);
  assertHeld(operation, value, dtype);
  return scalarNode(value, dtype);
}

function isHeld(value: number, dtype: DType): boolean {
  if (dtype === "f32") return true;
  if (dtype === "f16") return !(Number.isFinite(value) && Math.abs(value) >= HALF_OVERFLOW);
  const [low, high] = RANGES[dtype];
  return Number.isInteger(value) && value >= low && value <= high;
}

/**
 * Checks that `dtype` holds `value` as it is; f32 and f16 round, and f16 makes nothing infinite.
 * @throws PrismaError ARGUMENT_INVALID
 */
export function assertHeld(operation: string, value: number, dtype: DType): void {
  if (!isHeld(value, dtype))
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `${operation}: ${value} cannot be held by a tensor of ${dtype}; use another type, or cast()`,
      { value, dtype },
    );
}
