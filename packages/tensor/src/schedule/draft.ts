// Drafts: kernels while a schedule is being made, to which later nodes may still be joined.
import type { MachineType } from "../dtype.ts";
import type { BufferId, Expr, ValueExpr } from "../graph/expr.ts";
import { denseForm, reshapeForm, type LinearForm } from "../graph/linear-form.ts";
import type { Reduction } from "../graph/node.ts";
import { sameAffine } from "../graph/affine.ts";
import { sizeOf, type Shape } from "../shape.ts";
import { buffersOf, loadsOf, rewriteForms, rewriteLeaves, valuesOf } from "../graph/rewrite.ts";
import type { Operand } from "./kernel.ts";

/** Whether a value exists once an element of the domain, or once a row (rows drafts only). */
export type Level = "element" | "row";

/** One value a draft computes. `expr` is null for what the family itself makes (an accumulator). */
export interface DraftValue {
  readonly level: Level;
  readonly dtype: MachineType;
  readonly label: string;
  /** Number in the trace of the node it is the value of. */
  readonly node: number;
  expr: Expr | null;
  /** Set for the result of a row reduction: `fn` over `expr`. */
  readonly step: Reduction | null;
  /** Where the value is stored, once somebody outside the kernel needs it. */
  buffer: BufferId | null;
  /** Known to be needed outside: counted against the buffer limit before it is stored. */
  readonly wanted: boolean;
}

/** What makes the first value of a draft. */
export type Source =
  | { readonly family: "map" }
  | { readonly family: "rows" }
  | {
      readonly family: "reduce";
      readonly inner: Shape;
      readonly fn: Reduction;
      readonly body: Expr;
    }
  | {
      readonly family: "contract";
      readonly a: Operand;
      readonly b: Operand;
      /** Role of each domain axis, and the sizes of the summed axes; operand forms range over [...domain, ...k]. */
      readonly roles: readonly ("batch" | "m" | "n")[];
      readonly k: Shape;
    }
  | {
      readonly family: "scatter";
      readonly axis: number;
      readonly sources: number;
      readonly index: Operand;
      readonly source: Operand;
    }
  | {
      readonly family: "sort";
      readonly descending: boolean;
      readonly length: number;
      readonly source: Operand;
      readonly sourceDtype: MachineType;
    }
  | {
      readonly family: "topK";
      readonly k: number;
      readonly length: number;
      readonly source: Operand;
      readonly sourceDtype: MachineType;
    };

/** True when both forms give equal numbers for every coordinate of `shape`. */
export function sameForm(a: LinearForm, b: LinearForm, shape: Shape): boolean {
  return (
    sameAffine(a.offset, b.offset) &&
    shape.every((size, axis) => size === 1 || a.strides[axis] === b.strides[axis])
  );
}

/** A kernel in the making. Its domain is the shape over which all forms of its expressions range. */
export class Draft {
  readonly values: DraftValue[] = [];

  constructor(
    readonly index: number,
    public source: Source,
    public domain: Shape,
  ) {}

  /** Shape of the rows of a rows draft: all axes but the last. */
  get outer(): Shape {
    return this.domain.slice(0, -1);
  }

  /** Number of elements one value of `level` has. */
  sizeAt(level: Level): number {
    return sizeOf(level === "row" ? this.outer : this.domain);
  }

  /** A reference to value `value`, addressed as if stored densely under `shape`. */
  reference(value: number, shape: Shape): ValueExpr {
    const dtype = this.values[value]?.dtype ?? "f32";
    return { kind: "value", dtype, kernel: this.index, value, form: denseForm(shape) };
  }

  /** The level at which something of `shape` could join, or null when its size fits none. */
  levelOf(shape: Shape): Level | null {
    if (this.source.family === "rows" && sizeOf(shape) === this.sizeAt("row")) return "row";
    return sizeOf(shape) === this.sizeAt("element") ? "element" : null;
  }

  /**
   * `expr` over `shape` restated over this draft's domain, with references to own values at their own element or row;
   * null where a view cannot be restated, or an own value is wanted from elsewhere than its place.
   */
  restate(expr: Expr, shape: Shape, level: Level): Expr | null {
    const target = level === "row" ? this.outer : this.domain;
    const restated = rewriteForms(expr, (form) => {
      const changed = reshapeForm(form, shape, target);
      return changed === null || level === "element"
        ? changed
        : { strides: [...changed.strides, 0], offset: changed.offset };
    });
    if (restated === null) return null;
    const own = valuesOf(restated);
    return own.every((value) => this.#inPlace(value)) ? restated : null;
  }

  #inPlace(value: ValueExpr): boolean {
    const known = this.values[value.value];
    if (value.kernel !== this.index || known === undefined) return false;
    const dense = denseForm(known.level === "row" ? this.outer : this.domain);
    const place =
      known.level === "row" ? { strides: [...dense.strides, 0], offset: dense.offset } : dense;
    return sameForm(value.form, place, this.domain);
  }

  /** Restates everything over `domain`, a reshape of the present one; false (and nothing changed) where a view forbids it. */
  reshapeDomain(domain: Shape): boolean {
    const exprs = this.values.map((value) =>
      value.expr === null
        ? null
        : rewriteForms(value.expr, (form) => reshapeForm(form, this.domain, domain)),
    );
    if (exprs.some((expr, i) => expr === null && this.values[i]?.expr !== null)) return false;
    this.values.forEach((value, i) => (value.expr = exprs[i] ?? null));
    this.domain = domain;
    return true;
  }

  /** Expressions the kernel evaluates. */
  exprs(): Expr[] {
    const own = this.values.flatMap((value) => (value.expr === null ? [] : [value.expr]));
    return this.source.family === "reduce" ? [this.source.body, ...own] : own;
  }

  /** Distinct buffers the kernel touches: read, written, or likely to be written. */
  bufferCount(extra: readonly Expr[] = []): number {
    const read = buffersOf(...this.exprs(), ...extra);
    if (this.source.family === "contract") {
      read.add(this.source.a.buffer);
      read.add(this.source.b.buffer);
    }
    const written = this.values.filter((value) => value.wanted || value.buffer !== null).length;
    return read.size + written;
  }

  /** True when everything `expr` reads was written before this kernel runs. */
  available(expr: Expr, writtenBy: (buffer: BufferId) => number): boolean {
    return loadsOf(expr).every((load) => writtenBy(load.buffer) < this.index);
  }

  /** `expr` with own computed values replaced by their expressions; what the family makes stays a value. */
  inline(expr: Expr, memo: Map<number, Expr>): Expr {
    return rewriteLeaves(expr, (leaf) => {
      if (leaf.kind !== "value") return leaf;
      return this.inlineValue(leaf.value, memo) ?? leaf;
    });
  }

  /** The expression of value `index` in terms of what the family makes, or null when it is such itself. */
  inlineValue(index: number, memo: Map<number, Expr>): Expr | null {
    const value = this.values[index];
    if (value === undefined || value.expr === null || value.step !== null) return null;
    const known = memo.get(index) ?? this.inline(value.expr, memo);
    memo.set(index, known);
    return known;
  }
}
