// Evaluates scalar expressions one element at a time in plain JavaScript, to test generated code against.
import { viewBytes, type MachineType, type TypedArray } from "../src/dtype.ts";
import { evaluateAffine } from "../src/graph/affine.ts";
import type { BufferId, Expr, GatherLoad, Load, MachineOp } from "../src/graph/expr.ts";
import type { Guard, LinearForm } from "../src/graph/linear-form.ts";

/** What an expression may look at: buffers, plan slots, the element's coordinates and the values computed so far. */
export interface Surroundings {
  readonly buffers: ReadonlyMap<BufferId, TypedArray>;
  readonly slots: readonly number[];
  readonly coordinates: readonly number[];
  readonly values: ReadonlyMap<number, number>;
}

/** `form` at the coordinates. */
export function place(form: LinearForm, at: Surroundings): number {
  return form.strides.reduce(
    (sum, stride, axis) => sum + stride * at.coordinates[axis]!,
    evaluateAffine(form.offset, at.slots),
  );
}

/** The values of a buffer as `dtype`, whatever array they were given in. */
export function valuesOf(
  buffer: BufferId,
  dtype: MachineType,
  at: Pick<Surroundings, "buffers">,
): TypedArray {
  const array = at.buffers.get(buffer);
  if (array === undefined) throw new Error(`no buffer ${buffer}`);
  return viewBytes(dtype, array.buffer);
}

/** `value` as it is stored in `dtype`: rounded to single precision, wrapped to 32 bits, or 0/1. */
export function wrap(value: number, dtype: MachineType): number {
  if (dtype === "f32") return Math.fround(value);
  if (dtype === "i32") return value | 0;
  return dtype === "u32" ? value >>> 0 : Number(value !== 0);
}

/** The value of `expr`; f32 operations are rounded one by one, `fma` twice. */
export function evaluate(expr: Expr, at: Surroundings): number {
  switch (expr.kind) {
    case "literal":
      return wrap(expr.value, expr.dtype);
    case "slot":
      return wrap(at.slots[expr.slot]!, expr.dtype);
    case "load":
      return inside(expr.guards, at) ? read(expr, place(expr.form, at), at) : 0;
    case "gather":
      return gather(expr, at);
    case "index":
      return place(expr.form, at);
    case "inside":
      return Number(inside(expr.guards, at));
    case "value":
      return at.values.get(expr.value)!;
    case "op":
      return wrap(
        operate(
          expr.op,
          expr.dtype,
          expr.args[0]!.dtype,
          expr.args.map((arg) => evaluate(arg, at)),
        ),
        expr.dtype,
      );
  }
}

function inside(guards: readonly Guard[], at: Surroundings): boolean {
  return guards.every((guard) => place(guard.form, at) >= 0 && place(guard.form, at) < guard.size);
}

function read(load: Load | GatherLoad, element: number, at: Surroundings): number {
  const value = valuesOf(load.buffer, load.dtype, at)[element];
  if (value === undefined) throw new Error(`element ${element} is outside buffer ${load.buffer}`);
  return value;
}

function gather(load: GatherLoad, at: Surroundings): number {
  const index = evaluate(load.index, at);
  const found = index >= 0 && index < load.size && inside(load.guards, at);
  if (!found) return load.dtype === "f32" ? Number.NaN : 0;
  return read(load, place(load.form, at) + load.stride * index, at);
}

function bits(value: number, from: MachineType): number {
  return from === "f32" ? new Uint32Array(new Float32Array([value]).buffer)[0]! : value >>> 0;
}

function fromBits(word: number, to: MachineType): number {
  return viewBytes(to, new Uint32Array([word]).buffer)[0]!;
}

function roundToEven(x: number): number {
  const floor = Math.floor(x);
  if (Math.abs(x - floor) !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

function cast(x: number, from: MachineType, to: MachineType): number {
  if (to === "bool") return Number(x !== 0);
  if (to === "f32" || from !== "f32") return x;
  const [low, high] = to === "i32" ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
  return Number.isNaN(x) ? 0 : Math.min(Math.max(Math.trunc(x), low), high);
}

/** The operation on numbers; the caller wraps the result to `dtype`. */
function operate(
  op: MachineOp,
  dtype: MachineType,
  from: MachineType,
  [a = 0, b = 0, c = 0]: number[],
): number {
  switch (op) {
    case "add":
      return a + b;
    case "sub":
      return a - b;
    case "mul":
      return dtype === "f32" ? a * b : Math.imul(a, b);
    case "div":
      return a / b;
    case "fma":
      return wrap(operate("mul", dtype, from, [a, b]), dtype) + c;
    case "neg":
      return -a;
    case "abs":
      return Math.abs(a);
    case "sqrt":
      return Math.sqrt(a);
    case "floor":
      return Math.floor(a);
    case "ceil":
      return Math.ceil(a);
    case "trunc":
      return Math.trunc(a);
    case "round":
      return Object.is(a, -0) || (a < 0 && a >= -0.5) ? -0 : roundToEven(a);
    case "min":
      return Math.min(a, b);
    case "max":
      return Math.max(a, b);
    case "eq":
      return Number(a === b);
    case "ne":
      return Number(a !== b);
    case "lt":
      return Number(a < b);
    case "le":
      return Number(a <= b);
    case "gt":
      return Number(a > b);
    case "ge":
      return Number(a >= b);
    case "isNan":
      return Number(Number.isNaN(a));
    case "and":
      return a & b;
    case "or":
      return a | b;
    case "xor":
      return a ^ b;
    case "not":
      return dtype === "bool" ? 1 - a : ~a;
    case "shl":
      return a << b;
    case "shr":
      return a >>> b;
    case "floorDiv":
      return b === 0 ? 0 : Math.floor(a / b);
    case "mod":
      return b === 0 ? 0 : a - b * Math.floor(a / b);
    case "select":
      return a !== 0 ? b : c;
    case "cast":
      return cast(a, from, dtype);
    case "bitcast":
      return fromBits(bits(a, from), dtype);
  }
}
