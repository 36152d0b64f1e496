// Scalar expressions: what one element of a fused kernel computes, as a shared graph both code generators render.
import type { MachineType } from "../dtype.ts";
import type { Guard, LinearForm } from "./linear-form.ts";

/**
 * Operations every code generator renders for one element. Everything else (exp, tanh, erf, gelu ...) is written out
 * of these in `graph/functions`. Semantics, on every device:
 * - `add sub mul div neg abs sqrt floor ceil trunc round` (to even): IEEE on f32; add sub mul neg abs wrap on i32/u32.
 * - `min max` give NaN when an operand is NaN (PyTorch's rule).
 * - `fma(a, b, c)` is a * b + c, fused or not as the device has it.
 * - comparisons give bool; with NaN all are false but `ne`; `isNan` is a bit test.
 * - `and or xor not`: bitwise on i32/u32, logical on bool. `shl shr`: u32, shift counts below 32 (second operand u32).
 * - `floorDiv mod` on i32/u32: 0 where the divisor is 0, floor semantics for negatives (as Python).
 * - `select(condition, whenTrue, whenFalse)` picks, it never mixes.
 * - `cast`: f32 -> i32/u32 truncates and saturates, NaN to 0; number -> bool is `!= 0`; bool -> number is 0 or 1.
 * - `bitcast` between f32, i32 and u32 keeps the bits.
 */
export const MACHINE_OPS = [
  "add",
  "sub",
  "mul",
  "div",
  "fma",
  "neg",
  "abs",
  "sqrt",
  "floor",
  "ceil",
  "trunc",
  "round",
  "min",
  "max",
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
  "isNan",
  "and",
  "or",
  "xor",
  "not",
  "shl",
  "shr",
  "floorDiv",
  "mod",
  "select",
  "cast",
  "bitcast",
] as const;

/** One of {@link MACHINE_OPS}. */
export type MachineOp = (typeof MACHINE_OPS)[number];

/** Number of a buffer within a plan. */
export type BufferId = number;

/** A value that does not depend on the element: the literal `value`. bool literals are 0 or 1. */
export interface Literal {
  readonly kind: "literal";
  readonly dtype: MachineType;
  readonly value: number;
}

/** A number given when the plan is bound, the same for all elements. */
export interface SlotExpr {
  readonly kind: "slot";
  readonly dtype: MachineType;
  readonly slot: number;
}

/** The element of `buffer` at `form`; 0 where a guard fails (the address is then not read). */
export interface Load {
  readonly kind: "load";
  readonly dtype: MachineType;
  readonly buffer: BufferId;
  /** Set where the buffer holds f16, which `form` then counts; no finished kernel has such loads. */
  readonly packed?: true;
  readonly form: LinearForm;
  readonly guards: readonly Guard[];
}

/** The element of `buffer` at `form + stride * index`; NaN (0 for integers) where `index` is outside `[0, size)` or a guard fails. */
export interface GatherLoad {
  readonly kind: "gather";
  readonly dtype: MachineType;
  readonly buffer: BufferId;
  /** As in {@link Load}. */
  readonly packed?: true;
  readonly form: LinearForm;
  readonly guards: readonly Guard[];
  readonly index: Expr;
  readonly stride: number;
  readonly size: number;
}

/** The value of `form` at this element's coordinates, as i32. */
export interface IndexExpr {
  readonly kind: "index";
  readonly dtype: "i32";
  readonly form: LinearForm;
}

/** True where every guard holds. */
export interface InsideExpr {
  readonly kind: "inside";
  readonly dtype: "bool";
  readonly guards: readonly Guard[];
}

/**
 * A value its kernel computes: the accumulator of a contraction, or the result of a row reduction. While a schedule is
 * being made, `form` addresses it as if stored densely; in a finished kernel the value belongs to this element or row.
 */
export interface ValueExpr {
  readonly kind: "value";
  readonly dtype: MachineType;
  readonly kernel: number;
  readonly value: number;
  readonly form: LinearForm;
}

/** `op` applied to `args`. */
export interface OpExpr {
  readonly kind: "op";
  readonly op: MachineOp;
  readonly dtype: MachineType;
  readonly args: readonly Expr[];
}

/** A scalar expression; equal subexpressions may be the same object, and generators compute an object once. */
export type Expr =
  | Literal
  | SlotExpr
  | Load
  | GatherLoad
  | IndexExpr
  | InsideExpr
  | ValueExpr
  | OpExpr;

/** A literal of `dtype`. */
export function literal(value: number, dtype: MachineType = "f32"): Literal {
  return { kind: "literal", dtype, value };
}

const RESULT_BOOL = new Set<MachineOp>(["eq", "ne", "lt", "le", "gt", "ge", "isNan"]);

/** `op(args)`, typed by the last argument (comparisons give bool); use {@link castTo} and {@link bitcastTo} to change type. */
export function apply(op: Exclude<MachineOp, "cast" | "bitcast">, ...args: Expr[]): OpExpr {
  const last = args[args.length - 1];
  return {
    kind: "op",
    op,
    dtype: RESULT_BOOL.has(op) || last === undefined ? "bool" : last.dtype,
    args,
  };
}

/** `x` converted to `dtype`; `x` itself when it already has it. */
export function castTo(x: Expr, dtype: MachineType): Expr {
  return x.dtype === dtype ? x : { kind: "op", op: "cast", dtype, args: [x] };
}

/** The bits of `x` read as `dtype`. */
export function bitcastTo(x: Expr, dtype: "f32" | "i32" | "u32"): Expr {
  return x.dtype === dtype ? x : { kind: "op", op: "bitcast", dtype, args: [x] };
}
