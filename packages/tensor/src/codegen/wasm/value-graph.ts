// Expressions as a flat list of distinct values: all that a kernel's code depends on, with its numbers in parameter words.
import type { MachineType } from "../../dtype.ts";
import { formatAffine } from "../../graph/affine.ts";
import type { Expr, GatherLoad, Load, MachineOp } from "../../graph/expr.ts";
import type { Guard, LinearForm } from "../../graph/linear-form.ts";
import type { Operand, Store } from "../../schedule/kernel.ts";
import type { KernelParams } from "./kernel-params.ts";

/** Place of a value in {@link ValueGraph.values}; arguments stand before the values that use them. */
export type ValueId = number;

/** A stride: zero, one (told apart only on the lane axis), or the parameter word that holds it, in elements. */
export type Stride = "zero" | "one" | number;

/** A linear form whose offset and strides are parameter words. */
export interface WordForm {
  readonly strides: readonly Stride[];
  readonly offset: number;
}

/** What a kernel reads or writes beside values: a binding, and a place in it. */
export interface OperandPlace {
  readonly buffer: number;
  readonly form: WordForm;
}

/** A load: the element at `form`, plus `stride` (a word) times the value `index` for a gather; `missing` where `guard` is false. */
export interface LoadValue {
  readonly kind: "load";
  readonly dtype: MachineType;
  readonly buffer: number;
  readonly form: number;
  readonly index: { readonly value: ValueId; readonly stride: number } | null;
  readonly guard: ValueId | null;
  readonly missing: "zero" | "nan";
}

/** One distinct value. `form` is a place in {@link ValueGraph.forms}, `word` a parameter word, `buffer` a binding. */
export type Value =
  | { readonly kind: "literal"; readonly dtype: MachineType; readonly value: string }
  | { readonly kind: "param"; readonly dtype: MachineType; readonly word: number }
  | { readonly kind: "index"; readonly dtype: "i32"; readonly form: number }
  | LoadValue
  | { readonly kind: "result"; readonly dtype: MachineType; readonly result: number }
  | {
      readonly kind: "op";
      readonly dtype: MachineType;
      readonly op: MachineOp;
      readonly from: MachineType;
      readonly args: readonly ValueId[];
    };

/** A store whose value and place are in a graph. */
export interface GraphStore {
  readonly buffer: number;
  readonly dtype: MachineType;
  readonly form: number;
  readonly value: ValueId;
}

/** Lowers expressions; equal ones become one value. */
export class ValueGraph {
  readonly values: Value[] = [];
  readonly forms: WordForm[] = [];
  readonly #params: KernelParams;
  readonly #rank: number;
  readonly #laneAxis: number;
  readonly #byExpr = new Map<Expr, ValueId>();
  readonly #byText = new Map<string, ValueId>();
  readonly #formByText = new Map<string, number>();
  readonly #wordByText = new Map<string, number>();

  /** Forms range over `rank` axes (missing ones are constant); consecutive elements along `laneAxis` share a vector. */
  constructor(params: KernelParams, rank: number, laneAxis: number) {
    this.#params = params;
    this.#rank = rank;
    this.#laneAxis = laneAxis;
  }

  /** The value of `expr`. */
  add(expr: Expr): ValueId {
    const known = this.#byExpr.get(expr);
    if (known !== undefined) return known;
    const id = this.#lower(expr);
    this.#byExpr.set(expr, id);
    return id;
  }

  /** A store with its value. */
  store(store: Store): GraphStore {
    return {
      buffer: this.#params.position(store.buffer),
      dtype: store.dtype,
      form: this.form(store.form),
      value: this.add(store.value),
    };
  }

  /** The place of `form`; equal forms share it. */
  form(form: LinearForm): number {
    const text = `${form.strides.join(",")}@${formatAffine(form.offset)}`;
    const known = this.#formByText.get(text);
    if (known !== undefined) return known;
    const strides = Array.from({ length: this.#rank }, (_, axis): Stride => {
      const stride = form.strides[axis] ?? 0;
      if (stride === 0) return "zero";
      return stride === 1 && axis === this.#laneAxis ? "one" : this.#params.constant(stride);
    });
    const place = this.forms.push({ strides, offset: this.#params.affine(form.offset) }) - 1;
    this.#formByText.set(text, place);
    return place;
  }

  /** Where `operand` is. */
  operand({ buffer, form }: Operand): OperandPlace {
    const lowered = this.forms[this.form(form)];
    if (lowered === undefined) throw new RangeError("a form is missing");
    return { buffer: this.#params.position(buffer), form: lowered };
  }

  /** For each value: whether it may differ between coordinates of `axis`; `results` says so of the kernel's own results. */
  variesAlong(axis: number, { results = false } = {}): boolean[] {
    const moves = (form: number): boolean => this.forms[form]?.strides[axis] !== "zero";
    return this.#propagate((value) =>
      value.kind === "result" ? results : "form" in value && moves(value.form),
    );
  }

  /** For each value: whether it may differ between elements at all. */
  variesAtAll(): boolean[] {
    return this.#propagate(
      (value) => value.kind === "index" || value.kind === "load" || value.kind === "result",
    );
  }

  /** The values that `roots` are computed from, themselves included, in order; none below those in `stop`. */
  needed(roots: readonly ValueId[], stop: (id: ValueId) => boolean): ValueId[] {
    const found = new Set<ValueId>();
    const visit = (id: ValueId): void => {
      if (found.has(id) || stop(id)) return;
      found.add(id);
      argumentsOf(this.value(id)).forEach(visit);
    };
    roots.forEach(visit);
    return [...found].sort((a, b) => a - b);
  }

  /** The value at place `id`. */
  value(id: ValueId): Value {
    const value = this.values[id];
    if (value === undefined) throw new RangeError(`no value ${id}`);
    return value;
  }

  /** Canonical text of the whole graph. */
  get text(): string {
    return JSON.stringify([this.values, this.forms]);
  }

  #propagate(varies: (value: Value) => boolean): boolean[] {
    const out: boolean[] = [];
    for (const value of this.values)
      out.push(varies(value) || argumentsOf(value).some((id) => out[id] === true));
    return out;
  }

  #lower(expr: Expr): ValueId {
    switch (expr.kind) {
      case "literal":
        return this.#intern({
          kind: "literal",
          dtype: expr.dtype,
          value: Object.is(expr.value, -0) ? "-0" : String(expr.value),
        });
      case "slot":
        return this.#intern({
          kind: "param",
          dtype: expr.dtype,
          word: this.#slotWord(expr.slot, expr.dtype),
        });
      case "index":
        return this.#intern({ kind: "index", dtype: "i32", form: this.form(expr.form) });
      case "inside":
        return (
          this.#inside(expr.guards, null) ??
          this.#intern({ kind: "literal", dtype: "bool", value: "1" })
        );
      case "value":
        return this.#intern({ kind: "result", dtype: expr.dtype, result: expr.value });
      case "load":
        return this.#load(expr, null, this.#inside(expr.guards, null));
      case "gather":
        return this.#gather(expr);
      case "op": {
        const args = expr.args.map((arg) => this.add(arg));
        return this.#intern({
          kind: "op",
          dtype: expr.dtype,
          op: expr.op,
          from: expr.args[0]?.dtype ?? expr.dtype,
          args,
        });
      }
    }
  }

  #load(expr: Load | GatherLoad, index: LoadValue["index"], guard: ValueId | null): ValueId {
    const missing = expr.kind === "gather" && expr.dtype === "f32" ? "nan" : "zero";
    const buffer = this.#params.position(expr.buffer);
    return this.#intern({
      kind: "load",
      dtype: expr.dtype,
      buffer,
      form: this.form(expr.form),
      index,
      guard,
      missing,
    });
  }

  #gather(expr: GatherLoad): ValueId {
    const value = this.add(expr.index);
    const guard = this.#inside(expr.guards, this.#below(value, this.#constantWord(expr.size)));
    return this.#load(expr, { value, stride: this.#constantWord(expr.stride) }, guard);
  }

  /** The conjunction of `first` and the guards; null where nothing is to be tested. */
  #inside(guards: readonly Guard[], first: ValueId | null): ValueId | null {
    return guards.reduce<ValueId | null>((all, guard) => {
      const index = this.#intern({ kind: "index", dtype: "i32", form: this.form(guard.form) });
      const holds = this.#below(index, this.#constantWord(guard.size));
      return all === null ? holds : this.#op("and", "bool", "bool", [all, holds]);
    }, first);
  }

  /** 0 <= value < size; one unsigned comparison, as negative values are large ones. */
  #below(value: ValueId, sizeWord: number): ValueId {
    const unsigned = this.#op("bitcast", "u32", "i32", [value]);
    return this.#op("lt", "bool", "u32", [
      unsigned,
      this.#intern({ kind: "param", dtype: "u32", word: sizeWord }),
    ]);
  }

  #op(op: MachineOp, dtype: MachineType, from: MachineType, args: readonly ValueId[]): ValueId {
    return this.#intern({ kind: "op", dtype, op, from, args });
  }

  #slotWord(slot: number, dtype: MachineType): number {
    const wordType = dtype === "bool" ? "u32" : dtype;
    return this.#word(`slot ${slot} ${wordType}`, () => this.#params.slot(slot, wordType));
  }

  #constantWord(value: number): number {
    return this.#word(`constant ${value}`, () => this.#params.constant(value));
  }

  #word(text: string, create: () => number): number {
    const word = this.#wordByText.get(text) ?? create();
    this.#wordByText.set(text, word);
    return word;
  }

  #intern(value: Value): ValueId {
    const text = JSON.stringify(value);
    const id = this.#byText.get(text) ?? this.values.push(value) - 1;
    this.#byText.set(text, id);
    return id;
  }
}

/** The values that `value` is computed from. */
export function argumentsOf(value: Value): readonly ValueId[] {
  if (value.kind === "op") return value.args;
  if (value.kind !== "load") return [];
  return [value.index?.value, value.guard].filter(
    (id): id is ValueId => id !== undefined && id !== null,
  );
}
