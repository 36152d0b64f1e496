// Rows of the function table that are one machine operation, and their gradients.
import { numberType, type MachineType } from "../../dtype.ts";
import { apply, castTo, literal, type Expr, type MachineOp } from "../expr.ts";
import { mapNode, numberLike } from "../build.ts";
import type { Node } from "../node.ts";
import { roundToHalf } from "./half.ts";
import type { ScalarFunction } from "./scalar-function.ts";

type PlainOp = Exclude<MachineOp, "cast" | "bitcast">;
type Gradient = NonNullable<ScalarFunction["gradient"]>;

/** A row whose expression is `op` of its arguments. */
function machine(op: PlainOp, arity: 1 | 2 | 3, gradient?: Gradient): ScalarFunction {
  const row = { arity, expression: (args: readonly Expr[]) => apply(op, ...args) };
  return gradient === undefined ? row : { ...row, gradient };
}

const neg = (x: Node): Node => mapNode("neg", x);
const mul = (a: Node, b: Node): Node => mapNode("mul", a, b);

/** `g` where `condition` holds, 0 elsewhere. */
function only(condition: Node, g: Node): Node {
  return mapNode("select", condition, g, numberLike(0, g));
}

/** Gradient of an extreme: to the operand that was taken, half to each where they are equal (PyTorch's rule). */
const extreme =
  (taken: "gt" | "lt"): Gradient =>
  (g, [a, b]) => {
    if (a === undefined || b === undefined) return [];
    const half = mul(g, numberLike(0.5, g));
    const tie = mapNode("eq", a, b);
    const share = (x: Node, y: Node): Node =>
      mapNode("select", tie, half, only(mapNode(taken, x, y), g));
    return [share(a, b), share(b, a)];
  };

const none: Gradient = (_, inputs) => inputs.map(() => null);

/** NaN where `x` is NaN, else `value`: comparisons alone would lose it. */
function keepNaN(x: Expr, value: Expr): Expr {
  return apply("select", apply("isNan", x), x, value);
}

function signExpression([x = literal(0)]: readonly Expr[]): Expr {
  const zero = literal(0, x.dtype);
  const one = literal(1, x.dtype);
  const positive = castTo(apply("gt", x, zero), x.dtype);
  if (x.dtype !== "f32")
    return x.dtype === "i32"
      ? apply("sub", positive, castTo(apply("lt", x, zero), "i32"))
      : positive;
  return keepNaN(
    x,
    apply(
      "select",
      apply("lt", x, zero),
      literal(-1),
      apply("select", apply("gt", x, zero), one, zero),
    ),
  );
}

/** Largest finite f32. */
const MAX_F32 = 3.4028234663852886e38;

/** One row per operation; see `expr.ts` for what each does with NaN and integers. */
export const ARITHMETIC = {
  add: machine("add", 2, (g) => [g, g]),
  sub: machine("sub", 2, (g) => [g, neg(g)]),
  mul: machine("mul", 2, (g, [a, b]) =>
    a === undefined || b === undefined ? [] : [mul(g, b), mul(g, a)],
  ),
  div: machine("div", 2, (g, [, b], y) => {
    if (b === undefined) return [];
    const scaled = mapNode("div", g, b);
    return [scaled, neg(mul(scaled, y))];
  }),
  neg: machine("neg", 1, (g) => [neg(g)]),
  abs: machine("abs", 1, (g, [x]) => (x === undefined ? [] : [mul(g, mapNode("sign", x))])),
  sqrt: machine("sqrt", 1, (g, _, y) => [mapNode("div", mul(g, numberLike(0.5, g)), y)]),
  floor: machine("floor", 1, (g) => [numberLike(0, g)]),
  ceil: machine("ceil", 1, (g) => [numberLike(0, g)]),
  round: machine("round", 1, (g) => [numberLike(0, g)]),
  trunc: machine("trunc", 1, (g) => [numberLike(0, g)]),
  min: machine("min", 2, extreme("lt")),
  max: machine("max", 2, extreme("gt")),
  floorDiv: machine("floorDiv", 2),
  mod: machine("mod", 2),
  eq: machine("eq", 2, none),
  ne: machine("ne", 2, none),
  lt: machine("lt", 2, none),
  le: machine("le", 2, none),
  gt: machine("gt", 2, none),
  ge: machine("ge", 2, none),
  isNaN: machine("isNan", 1, none),
  isFinite: {
    arity: 1,
    expression: ([x = literal(0)]) => apply("le", apply("abs", x), literal(MAX_F32)),
    gradient: none,
  },
  and: machine("and", 2),
  or: machine("or", 2),
  xor: machine("xor", 2),
  not: machine("not", 1),
  shl: machine("shl", 2),
  shr: machine("shr", 2),
  select: machine("select", 3, (g, [condition]) =>
    condition === undefined
      ? []
      : [null, only(condition, g), mapNode("select", condition, numberLike(0, g), g)],
  ),
  /** -1, 0 or 1; NaN stays. Its gradient is 0. */
  sign: { arity: 1, expression: signExpression, gradient: (g: Node) => [numberLike(0, g)] },
  /** The value itself, through which no gradient flows. */
  detach: { arity: 1, expression: ([x = literal(0)]) => x, gradient: none },
  reciprocal: {
    arity: 1,
    expression: ([x = literal(0)]) => apply("div", literal(1), x),
    gradient: (g, _, y) => [neg(mul(g, mul(y, y)))],
  },
  square: {
    arity: 1,
    expression: ([x = literal(0)]) => apply("mul", x, x),
    gradient: (g, [x]) => (x === undefined ? [] : [mul(g, mul(x, numberLike(2, x)))]),
  },
  rsqrt: {
    arity: 1,
    expression: ([x = literal(0)]) => apply("div", literal(1), apply("sqrt", x)),
    gradient: (g, [x], y) =>
      x === undefined ? [] : [mul(mul(g, numberLike(-0.5, g)), mapNode("div", y, x))],
  },
  relu: {
    arity: 1,
    expression: ([x = literal(0)]) => apply("max", x, literal(0, x.dtype)),
    gradient: (g, [x]) => (x === undefined ? [] : [only(mapNode("gt", x, numberLike(0, x)), g)]),
  },
} as const satisfies Record<string, ScalarFunction>;

/** Gradients are f32, and pass through conversions between floats as they are. */
const betweenFloats: Gradient = (g, [x]) => [
  x !== undefined && numberType(x.dtype) === "f32" ? g : null,
];

function castRow(dtype: MachineType, gradient: Gradient = none): ScalarFunction {
  return { arity: 1, expression: ([x = literal(0)]) => castTo(x, dtype), gradient };
}

/** Conversions between types. */
export const CASTS = {
  toF32: castRow("f32", betweenFloats),
  toF16: {
    arity: 1,
    expression: ([x = literal(0)]) => roundToHalf(castTo(x, "f32")),
    gradient: betweenFloats,
  },
  toI32: castRow("i32"),
  toU32: castRow("u32"),
  toBool: castRow("bool"),
} as const satisfies Record<string, ScalarFunction>;
