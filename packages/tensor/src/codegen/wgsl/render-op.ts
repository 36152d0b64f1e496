// One machine operation as WGSL, with the semantics that `graph/expr.ts` promises.
import type { MachineType } from "../../dtype.ts";
import type { MachineOp, OpExpr } from "../../graph/expr.ts";

type Args = readonly string[];
/** Renders an operation whose operands have type `dtype`. */
type Renderer = (args: Args, dtype: MachineType) => string;

const infix =
  (operator: string): Renderer =>
  ([a, b]) =>
    `(${a} ${operator} ${b})`;
const call =
  (name: string): Renderer =>
  (args) =>
    `${name}(${args.join(", ")})`;

/**
 * A comparison: false with NaN, which is asked of the bits. Written without `&&`: each of those is a branch, and compilers
 * of software adapters take minutes over a few dozen.
 */
function comparison(operator: string): Renderer {
  return ([a, b], dtype) =>
    dtype === "f32"
      ? `(p_ordered(${a}, ${b}) & (${a} ${operator} ${b}))`
      : `(${a} ${operator} ${b})`;
}

function extreme(name: "min" | "max"): Renderer {
  return ([a, b], dtype) => (dtype === "f32" ? `p_${name}(${a}, ${b})` : `${name}(${a}, ${b})`);
}

const integer =
  (name: string): Renderer =>
  ([a, b], dtype) =>
    `p_${name}_${dtype}(${a}, ${b})`;

const RENDERERS: { readonly [Op in Exclude<MachineOp, "cast" | "bitcast">]: Renderer } = {
  add: infix("+"),
  sub: infix("-"),
  mul: infix("*"),
  div: infix("/"),
  fma: call("fma"),
  neg: ([a], dtype) => (dtype === "u32" ? `(0u - ${a})` : `(-${a})`),
  abs: call("abs"),
  sqrt: call("sqrt"),
  floor: call("floor"),
  ceil: call("ceil"),
  trunc: call("trunc"),
  round: call("round"),
  min: extreme("min"),
  max: extreme("max"),
  eq: comparison("=="),
  ne: ([a, b], dtype) =>
    dtype === "f32" ? `(!p_ordered(${a}, ${b}) | (${a} != ${b}))` : `(${a} != ${b})`,
  lt: comparison("<"),
  le: comparison("<="),
  gt: comparison(">"),
  ge: comparison(">="),
  isNan: call("p_nan"),
  and: infix("&"),
  or: infix("|"),
  xor: ([a, b], dtype) => (dtype === "bool" ? `(${a} != ${b})` : `(${a} ^ ${b})`),
  not: ([a], dtype) => (dtype === "bool" ? `(!${a})` : `(~${a})`),
  shl: infix("<<"),
  shr: infix(">>"),
  floorDiv: integer("floor_div"),
  mod: integer("mod"),
  select: ([condition, yes, no]) => `select(${no}, ${yes}, ${condition})`,
};

function cast(value: string, from: MachineType, to: MachineType): string {
  if (to === "bool")
    return from === "f32" ? `(p_nan(${value}) | (${value} != 0.0))` : `(${value} != ${from}(0))`;
  if (from === "f32" && to !== "f32") return `p_to_${to}(${value})`;
  return from === "bool" ? `select(${to}(0), ${to}(1), ${value})` : `${to}(${value})`;
}

/** `expr` over its arguments, already written. */
export function renderOp(expr: OpExpr, args: Args): string {
  const operand = expr.args[expr.args.length - 1];
  const from = operand?.dtype ?? expr.dtype;
  if (expr.op === "cast") return cast(args[0] ?? "", from, expr.dtype);
  if (expr.op === "bitcast") return `bitcast<${expr.dtype}>(${args[0]})`;
  return RENDERERS[expr.op](
    args,
    expr.op === "select" ? expr.dtype : (expr.args[0]?.dtype ?? from),
  );
}
