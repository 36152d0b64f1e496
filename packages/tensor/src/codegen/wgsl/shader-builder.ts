// Builds one shader: parameters, bindings, and expressions written out line by line.
import type { MachineType } from "../../dtype.ts";
import type { Affine } from "../../graph/affine.ts";
import type { BufferId, Expr, Load } from "../../graph/expr.ts";
import type { Guard, LinearForm } from "../../graph/linear-form.ts";
import type { Store } from "../../schedule/kernel.ts";
import type { ParamWord } from "../program.ts";
import { renderOp } from "./render-op.ts";
import { PRELUDE } from "./prelude.ts";
import type { BoundParts } from "./wgsl-program.ts";

/** WGSL's name of a type in memory; bools are u32 there. */
const STORED: Record<MachineType, string> = { f32: "f32", i32: "i32", u32: "u32", bool: "u32" };

/** How values of the kernel's own (accumulators, row results) are called in the shader. */
export type NameOfValue = (value: number) => string;

/** A shader in the making. Equal kernels but for sizes, strides, offsets and slots give equal text. */
export class ShaderBuilder {
  readonly params: ParamWord[] = [];
  readonly buffers: BufferId[];
  readonly #types = new Map<BufferId, MachineType>();
  readonly #outputs: ReadonlySet<BufferId>;
  readonly #parts: BoundParts | undefined;

  /** @param parts which of the buffers `read` are bound in parts */
  constructor(read: readonly BufferId[], written: readonly BufferId[], parts?: BoundParts) {
    this.#outputs = new Set(written);
    this.#parts = parts;
    const inputs = [...new Set(read.filter((id) => !this.#outputs.has(id)))];
    const bindings = inputs.flatMap((id) => new Array<BufferId>(this.#partsOf(id)).fill(id));
    this.buffers = [...bindings, ...this.#outputs];
  }

  #partsOf(buffer: BufferId): number {
    return this.#parts?.counts.get(buffer) ?? 1;
  }

  get outputs(): number {
    return this.#outputs.size;
  }

  /** A parameter word, as u32. */
  #word(word: ParamWord): string {
    const place = this.params.push(word) - 1;
    return `P.w[${Math.floor(place / 4)}][${place % 4}]`;
  }

  /** A whole number known now but kept out of the text. */
  constant(value: number): string {
    return this.#word({ kind: "u32", value: value >>> 0 });
  }

  affine(value: Affine): string {
    return value.terms.length === 0
      ? this.constant(value.constant)
      : this.#word({ kind: "affine", value });
  }

  slot(slot: number, dtype: MachineType): string {
    const word = this.#word({ kind: "slot", slot, dtype: dtype === "bool" ? "u32" : dtype });
    if (dtype === "bool") return `(${word} != 0u)`;
    return dtype === "u32" ? word : `bitcast<${dtype}>(${word})`;
  }

  /** A literal; what WGSL may not write as a constant (infinities, NaN) travels as a parameter. */
  literal(value: number, dtype: MachineType): string {
    if (dtype === "bool") return value === 0 ? "false" : "true";
    if (dtype === "i32") return `bitcast<i32>(${value >>> 0}u)`;
    if (dtype === "u32") return `${value >>> 0}u`;
    const bits = new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;
    return Number.isFinite(value)
      ? `bitcast<f32>(${bits}u)`
      : `bitcast<f32>(${this.#word({ kind: "u32", value: bits })})`;
  }

  /** The value of `form` at `coordinates`, as u32 modulo 2^32. */
  form(form: LinearForm, coordinates: readonly string[]): string {
    const terms = form.strides.flatMap((stride, axis) => {
      const coordinate = coordinates[axis] ?? "0u";
      if (stride === 0) return [];
      return [stride === 1 ? coordinate : `${coordinate} * ${this.constant(stride)}`];
    });
    return [this.affine(form.offset), ...terms].join(" + ");
  }

  #inside(guards: readonly Guard[], coordinates: readonly string[]): string {
    return guards
      .map((guard) => `(${this.form(guard.form, coordinates)}) < ${this.constant(guard.size)}`)
      .join(" && ");
  }

  #array(buffer: BufferId, dtype: MachineType): string {
    if (!this.#types.has(buffer)) this.#types.set(buffer, dtype);
    return `B${this.buffers.indexOf(buffer)}`;
  }

  /** The element of `buffer` at place `at`, in the type of values. */
  element(buffer: BufferId, dtype: MachineType, at: string): string {
    const array = this.#array(buffer, dtype);
    const stored = STORED[this.#types.get(buffer) ?? dtype];
    const raw = this.#partsOf(buffer) === 1 ? `${array}[${at}]` : `p_read_${array}(${at})`;
    if (dtype === "bool") return `(${stored === "u32" ? raw : `bitcast<u32>(${raw})`} != 0u)`;
    return stored === dtype ? raw : `bitcast<${dtype}>(${raw})`;
  }

  /** Opens a block of lines in which shared parts of expressions are computed once. */
  block(coordinates: readonly string[], nameOfValue: NameOfValue, indent = "  "): ShaderBlock {
    return new ShaderBlock(this, coordinates, nameOfValue, indent);
  }

  /** Declares an output's type, so that its binding can be written. */
  declare(buffer: BufferId, dtype: MachineType): string {
    return this.#array(buffer, dtype);
  }

  /** The guards of a load as one condition, or null. */
  guard(
    load: { readonly guards: readonly Guard[] },
    coordinates: readonly string[],
  ): string | null {
    return load.guards.length === 0 ? null : this.#inside(load.guards, coordinates);
  }

  /** A function that reads a word of a buffer from the part in which it lies. */
  #reader(buffer: BufferId): string {
    const first = this.buffers.indexOf(buffer);
    const size = this.constant(this.#parts?.words ?? 0);
    const lines = Array.from({ length: this.#partsOf(buffer) }, (_, part) => {
      const read = `return B${first + part}[at - ${part}u * ${size}];`;
      return part === this.#partsOf(buffer) - 1
        ? read
        : `if (at < ${part + 1}u * ${size}) { ${read} }`;
    });
    const type = STORED[this.#types.get(buffer) ?? "f32"];
    return `fn p_read_B${first}(at: u32) -> ${type} {\n  ${lines.join("\n  ")}\n}`;
  }

  /** The whole text. `body` is the inside of `main`; `i` is the invocation's number. */
  text(body: string, workgroupSize: number, globals = ""): string {
    const readers = [...(this.#parts?.counts ?? [])].flatMap(([buffer, count]) =>
      count > 1 && this.buffers.includes(buffer) ? [this.#reader(buffer)] : [],
    );
    const words = Math.max(1, Math.ceil(this.params.length / 4));
    const bindings = this.buffers.map((buffer, i) => {
      const access = this.#outputs.has(buffer) ? "read_write" : "read";
      return `@group(0) @binding(${i + 1}) var<storage, ${access}> B${i}: array<${STORED[this.#types.get(buffer) ?? "f32"]}>;`;
    });
    return [
      `struct Params { w: array<vec4<u32>, ${words}> }`,
      "@group(0) @binding(0) var<uniform> P: Params;",
      ...bindings,
      ...readers,
      PRELUDE,
      globals,
      `@compute @workgroup_size(${workgroupSize})`,
      "fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {",
      "  let block = group.x + groups.x * group.y;",
      body,
      "}",
      "",
    ].join("\n");
  }
}

/** Lines of a shader at given coordinates. */
export class ShaderBlock {
  readonly lines: string[] = [];
  readonly #names = new Map<Expr, string>();
  #next = 0;

  constructor(
    readonly builder: ShaderBuilder,
    readonly coordinates: readonly string[],
    readonly nameOfValue: NameOfValue,
    readonly indent: string,
  ) {}

  line(text: string): void {
    this.lines.push(this.indent + text);
  }

  /** Writes what `expr` needs and returns a name for its value. */
  value(expr: Expr): string {
    const known = this.#names.get(expr);
    if (known !== undefined) return known;
    const text = this.#text(expr);
    const simple = /^[A-Za-z_]\w*$/.test(text) || expr.kind === "literal";
    const name = simple ? text : this.#define(text);
    this.#names.set(expr, name);
    return name;
  }

  #define(text: string): string {
    const name = `v${this.#next++}`;
    this.line(`let ${name} = ${text};`);
    return name;
  }

  #text(expr: Expr): string {
    const { builder, coordinates } = this;
    switch (expr.kind) {
      case "literal":
        return builder.literal(expr.value, expr.dtype);
      case "slot":
        return builder.slot(expr.slot, expr.dtype);
      case "index":
        return `bitcast<i32>(${builder.form(expr.form, coordinates)})`;
      case "inside":
        return builder.guard(expr, coordinates) ?? "true";
      case "value":
        return this.nameOfValue(expr.value);
      case "load":
        return this.#load(
          expr,
          builder.form(expr.form, coordinates),
          builder.guard(expr, coordinates),
          builder.literal(0, expr.dtype),
        );
      case "gather": {
        const index = this.value(expr.index);
        const at = `${builder.form(expr.form, coordinates)} + bitcast<u32>(${index}) * ${builder.constant(expr.stride)}`;
        const within = [
          `bitcast<u32>(${index}) < ${builder.constant(expr.size)}`,
          builder.guard(expr, coordinates),
        ].filter((part) => part !== null);
        const outside = builder.literal(expr.dtype === "f32" ? Number.NaN : 0, expr.dtype);
        return this.#load(expr, at, within.join(" && "), outside);
      }
      case "op":
        return renderOp(
          expr,
          expr.args.map((arg) => this.value(arg)),
        );
    }
  }

  /** A load that touches memory only where `condition` holds. */
  #load(
    load: Pick<Load, "buffer" | "dtype">,
    at: string,
    condition: string | null,
    otherwise: string,
  ): string {
    const { builder } = this;
    if (condition === null) return builder.element(load.buffer, load.dtype, at);
    const name = `v${this.#next++}`;
    this.line(`var ${name} = ${otherwise};`);
    this.line(`if (${condition}) { ${name} = ${builder.element(load.buffer, load.dtype, at)}; }`);
    return name;
  }

  store(store: Store): void {
    const value = this.value(store.value);
    const array = this.builder.declare(store.buffer, store.dtype);
    const stored = store.dtype === "bool" ? `select(0u, 1u, ${value})` : value;
    this.line(`${array}[${this.builder.form(store.form, this.coordinates)}] = ${stored};`);
  }

  toString(): string {
    return this.lines.join("\n");
  }
}
