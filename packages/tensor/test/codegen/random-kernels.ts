// Seeded random kernels: views with broadcast, negative and odd strides, guards, gathers, every operation and type.
import { createArray, type MachineType, type TypedArray } from "../../src/dtype.ts";
import { affine, type Affine } from "../../src/graph/affine.ts";
import {
  apply,
  bitcastTo,
  castTo,
  literal,
  type BufferId,
  type Expr,
  type MachineOp,
  type ValueExpr,
} from "../../src/graph/expr.ts";
import { denseForm, type Guard, type LinearForm } from "../../src/graph/linear-form.ts";
import type { Reduction } from "../../src/graph/node.ts";
import type { Store } from "../../src/schedule/kernel.ts";
import { sizeOf, type Shape } from "../../src/shape.ts";

/** A small generator of numbers in [0, 1) (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const SPECIAL_FLOATS = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  Number.NaN,
  Infinity,
  -Infinity,
  1e-40,
  3e9,
  -3e9,
  5e9,
  2 ** 31,
  16777217,
];
const SPECIAL_INTEGERS = [0, 1, -1, 2, 3, -7, 31, 2 ** 31 - 1, -(2 ** 31)];
const FLOAT_UNARY = ["neg", "abs", "sqrt", "floor", "ceil", "trunc", "round"] as const;
const FLOAT_BINARY = ["add", "sub", "mul", "div", "min", "max"] as const;
const INTEGER_BINARY = [
  "add",
  "sub",
  "mul",
  "min",
  "max",
  "and",
  "or",
  "xor",
  "floorDiv",
  "mod",
] as const;
const COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge"] as const;
const DTYPES: readonly MachineType[] = ["f32", "i32", "u32", "bool"];

/** Makes random expressions over `shape`, with the buffers and slots they read. */
export class RandomKernels {
  readonly buffers = new Map<BufferId, TypedArray>();
  readonly slots: number[] = [];
  /** Results of the kernel that expressions made from now on may use. */
  readonly results: ValueExpr[] = [];
  /** Axes that nothing made from now on moves along. */
  fixedAxes: readonly number[] = [];
  readonly #next: () => number;

  constructor(
    next: () => number,
    /** Sizes of the axes that forms made from now on range over. */
    public shape: Shape,
  ) {
    this.#next = next;
  }

  /** A whole number in [0, below). */
  below(below: number): number {
    return Math.floor(this.#next() * below);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /**
   * What a reduction may reduce so that the result does not depend on the order of its additions: sums and products of
   * small whole numbers or special values, extremes without negative zeros.
   */
  reducible(fn: Reduction, dtype: MachineType, depth: number): Expr {
    const value = this.expression(dtype, depth);
    if (dtype !== "f32") return value;
    if (fn !== "sum" && fn !== "prod") return apply("add", value, literal(0));
    const whole = castTo(
      apply("mod", this.expression("i32", depth), literal(fn === "sum" ? 9 : 2, "i32")),
      "f32",
    );
    const special = apply(
      "and",
      this.expression("bool", 1),
      apply("isNan", apply("mul", value, literal(0))),
    );
    return apply("select", special, value, whole);
  }

  /** A store of `value` to a new buffer, dense or with axes in another order, over the kernel's shape or `shape`. */
  store(value: Expr, shape: Shape = this.shape): Store {
    const axes = shape.map((_, axis) => axis);
    if (this.below(3) === 0) axes.sort(() => this.#next() - 0.5);
    const dense = denseForm(axes.map((axis) => shape[axis]!));
    const strides = shape.map((_, axis) => dense.strides[axes.indexOf(axis)]!);
    return {
      buffer: this.buffer(value.dtype, sizeOf(shape)),
      dtype: value.dtype,
      value,
      form: { strides, offset: affine(0) },
    };
  }

  /** A new buffer of random values; outputs are overwritten whole. */
  buffer(dtype: MachineType, size: number): BufferId {
    const id = this.buffers.size;
    const array = createArray(dtype, size);
    for (let i = 0; i < size; i++) array[i] = this.#number(dtype);
    this.buffers.set(id, array);
    return id;
  }

  /** An expression of type `dtype`, `depth` operations deep at most. */
  expression(dtype: MachineType, depth: number): Expr {
    if (depth === 0 || this.below(8) === 0) return this.leaf(dtype);
    const arg = (type: MachineType): Expr => this.expression(type, depth - 1);
    if (this.below(6) === 0) return apply("select", arg("bool"), arg(dtype), arg(dtype));
    if (this.below(6) === 0) return castTo(arg(this.pick(DTYPES)), dtype);
    if (dtype === "bool") return this.#boolean(arg);
    if (dtype === "f32") return this.#float(arg);
    return this.#integer(dtype, arg);
  }

  /** A value that is read or given: load, gather, index, slot or literal. */
  leaf(dtype: MachineType): Expr {
    const kind = this.below(8);
    const results = this.results.filter((result) => result.dtype === dtype);
    if (results.length > 0 && kind > 5) return this.pick(results);
    if (kind === 0) return literal(this.#number(dtype), dtype);
    if (kind === 1) return { kind: "slot", dtype, slot: this.slots.push(this.#number(dtype)) - 1 };
    if (kind === 2 && dtype === "i32")
      return { kind: "index", dtype, form: this.#view(this.#coordinateRange()).form };
    if (kind === 2 && dtype === "bool") return { kind: "inside", dtype, guards: [this.#guard()] };
    if (kind === 3) return this.#gather(dtype);
    const guards =
      this.below(4) === 0 ? [this.#guard(), ...(this.below(2) === 0 ? [this.#guard()] : [])] : [];
    const { form, size } = this.#view();
    return { kind: "load", dtype, buffer: this.buffer(dtype, size), form, guards };
  }

  #boolean(arg: (dtype: MachineType) => Expr): Expr {
    const kind = this.below(4);
    if (kind === 0) return apply("not", arg("bool"));
    if (kind === 1)
      return apply(this.pick(["and", "or", "xor"] as const), arg("bool"), arg("bool"));
    if (kind === 2) return apply("isNan", arg("f32"));
    const type = this.pick(DTYPES);
    return apply(this.pick(COMPARISONS), arg(type), arg(type));
  }

  #float(arg: (dtype: MachineType) => Expr): Expr {
    const kind = this.below(6);
    if (kind === 0) return apply("fma", arg("f32"), arg("f32"), arg("f32"));
    if (kind < 3) return apply(this.pick(FLOAT_UNARY), arg("f32"));
    return apply(this.pick(FLOAT_BINARY), arg("f32"), arg("f32"));
  }

  #integer(dtype: "i32" | "u32", arg: (dtype: MachineType) => Expr): Expr {
    const kind = this.below(6);
    if (kind === 0) return bitcastTo(arg(dtype === "i32" ? "u32" : "i32"), dtype);
    if (kind === 1) return apply(this.pick(["neg", "abs", "not"] as const), arg(dtype));
    if (kind === 2 && dtype === "u32")
      return apply(
        this.pick(["shl", "shr"] as const),
        arg("u32"),
        apply("and", arg("u32"), literal(31, "u32")),
      );
    if (kind === 3 && dtype === "u32")
      return apply(this.pick(["shl", "shr"] as const), arg("u32"), literal(this.below(32), "u32"));
    return apply(this.pick(INTEGER_BINARY), arg(dtype), arg(dtype));
  }

  #gather(dtype: MachineType): Expr {
    const entries = 1 + this.below(6);
    const { form, size } = this.#view();
    const stride = this.pick([1, 3, size]);
    const index =
      this.below(2) === 0
        ? this.leaf("i32")
        : apply("mod", this.leaf("i32"), literal(entries, "i32"));
    const guards = this.below(4) === 0 ? [this.#guard()] : [];
    return {
      kind: "gather",
      dtype,
      buffer: this.buffer(dtype, size + stride * entries),
      form,
      guards,
      index,
      stride,
      size: entries,
    };
  }

  /** A form over the shape that reaches at most `size` elements from 0, all of them inside. */
  #view(axes: readonly number[] = this.#coordinateRange()): { form: LinearForm; size: number } {
    const order = [...axes].sort(() => this.#next() - 0.5);
    const strides = new Array<number>(this.shape.length).fill(0);
    let [span, lowest] = [1, 0];
    for (const axis of this.below(2) === 0 ? axes.toReversed() : order) {
      if (this.below(4) === 0) continue;
      const stride = span * this.pick([1, 1, 1, -1, 2, 3]);
      strides[axis] = stride;
      const reach = stride * (this.shape[axis]! - 1);
      lowest += Math.min(reach, 0);
      span += Math.abs(reach);
    }
    const first = this.below(5);
    return { form: { strides, offset: this.#offset(first - lowest) }, size: first + span };
  }

  /** The offset `value` as a constant, or as a constant plus a multiple of a slot. */
  #offset(value: number): Affine {
    if (this.below(3) > 0) return affine(value);
    const factor = this.pick([1, 2, -3]);
    const slot = this.slots.push(this.below(4)) - 1;
    return { constant: value - factor * this.slots[slot]!, terms: [[slot, factor]] };
  }

  #guard(): Guard {
    const axes = this.#coordinateRange();
    const strides = new Array<number>(this.shape.length).fill(0);
    const axis = axes.length === 0 ? null : this.pick(axes);
    if (axis !== null) strides[axis] = this.pick([1, 1, -1, 2]);
    const size = axis === null ? 2 : this.shape[axis]!;
    return {
      form: { strides, offset: this.#offset(this.below(size + 2) - 1) },
      size: 1 + this.below(size),
    };
  }

  #coordinateRange(): number[] {
    return this.shape.map((_, axis) => axis).filter((axis) => !this.fixedAxes.includes(axis));
  }

  #number(dtype: MachineType): number {
    if (dtype === "bool") return this.below(2);
    if (dtype === "f32")
      return this.below(4) === 0 ? this.pick(SPECIAL_FLOATS) : Math.fround(8 * this.#next() - 4);
    const value = this.below(2) === 0 ? this.pick(SPECIAL_INTEGERS) : this.below(20) - 10;
    return dtype === "u32" ? value >>> 0 : value;
  }
}

/** Operations a random expression may hold, for a test that all of them come up. */
export function operationsIn(expr: Expr, found = new Set<MachineOp>()): Set<MachineOp> {
  if (expr.kind === "gather") operationsIn(expr.index, found);
  if (expr.kind !== "op") return found;
  found.add(expr.op);
  for (const arg of expr.args) operationsIn(arg, found);
  return found;
}
