// Cuts kernels: the part of a kernel that makes a window of its output, reading and writing wherever its buffers lie.
import { addScaled, affine } from "../../graph/affine.ts";
import type { BufferId, Expr, GatherLoad } from "../../graph/expr.ts";
import type { Guard, LinearForm } from "../../graph/linear-form.ts";
import { rewriteLeaves } from "../../graph/rewrite.ts";
import type { Shape } from "../../shape.ts";
import type { Kernel, Operand, Store } from "../../schedule/kernel.ts";

/** A box of a kernel's output: where it starts along each of {@link outputAxes}, and its sizes. */
export interface Window {
  readonly starts: readonly number[];
  readonly sizes: Shape;
}

/** What a coordinate of a form runs over: an axis of the output, by its number, or `size` places in every window. */
export type Coordinate = { readonly axis: number } | { readonly size: number };

/** One place in a kernel where it reads or writes a buffer: the words at `form`, rounded down, over `coordinates`. */
export interface Access {
  readonly buffer: BufferId;
  readonly written: boolean;
  readonly form: LinearForm;
  readonly coordinates: readonly Coordinate[];
  /** What an index that is computed may add to the form at most; it adds 0 at least. */
  readonly reach: number;
}

/** Where an access finds what it reads or writes: in another buffer, which begins with word `first` of its own. */
export interface Place {
  readonly buffer: BufferId;
  readonly first: number;
}

/** Sizes of the axes along which `kernel` can be cut: elements of different windows have nothing to do with each other. */
export function outputAxes(kernel: Kernel): Shape {
  switch (kernel.family) {
    case "map":
      return kernel.shape;
    case "rows":
    case "reduce":
      return kernel.outer;
    case "contract":
      return [...kernel.batch, ...kernel.m, ...kernel.n];
    case "scatter":
      return [...kernel.outer, kernel.targets, ...kernel.inner];
    case "sort":
    case "topK":
      return [kernel.rows];
  }
}

/** Everything that `kernel` reads and writes, in the order in which {@link cutKernel} asks for it. */
export function accessesOf(kernel: Kernel): Access[] {
  const found: Access[] = [];
  const sizes = outputAxes(kernel);
  cutKernel(kernel, { starts: sizes.map(() => 0), sizes }, (access) => {
    found.push(access);
    return { buffer: access.buffer, first: 0 };
  });
  return found;
}

/** The kernel that makes `window` of what `kernel` makes; `place` says where each access finds its buffer. */
export function cutKernel(
  kernel: Kernel,
  window: Window,
  place: (access: Access) => Place,
): Kernel {
  const { starts, sizes } = window;
  const cutter = new Cutter(starts, place);
  const all = axes(0, sizes.length);
  switch (kernel.family) {
    case "map":
      return { ...kernel, shape: sizes, stores: cutter.stores(kernel.stores, all) };
    case "rows": {
      const within = cutter.over([...all, { size: kernel.length }]);
      const steps = kernel.steps.map((step) => ({ ...step, body: within.expr(step.body) }));
      const rowStores = kernel.rowStores.map(within.store);
      return { ...kernel, outer: sizes, steps, rowStores, stores: kernel.stores.map(within.store) };
    }
    case "reduce": {
      const body = cutter.over([...all, ...whole(kernel.inner)]).expr(kernel.body);
      return { ...kernel, outer: sizes, body, stores: cutter.stores(kernel.stores, all) };
    }
    case "contract":
      return cutContract(kernel, sizes, cutter);
    case "scatter":
      return cutScatter(kernel, window, cutter);
    case "sort":
    case "topK": {
      const written = kernel.family === "topK" ? kernel.k : kernel.length;
      return {
        ...kernel,
        rows: sizes[0] ?? 1,
        source: cutter.operand(kernel.source, [...all, { size: kernel.length }]),
        output: cutter.operand(kernel.output, [...all, { size: written }], true),
      };
    }
  }
}

function cutContract(
  kernel: Extract<Kernel, { family: "contract" }>,
  sizes: Shape,
  cutter: Cutter,
): Kernel {
  const m = kernel.batch.length;
  const n = m + kernel.m.length;
  const [ofBatch, ofM, ofN] = [axes(0, m), axes(m, n), axes(n, sizes.length)];
  const summed = whole(kernel.k);
  return {
    ...kernel,
    batch: sizes.slice(0, m),
    m: sizes.slice(m, n),
    n: sizes.slice(n),
    a: cutter.operand(kernel.a, [...ofBatch, ...ofM, ...summed]),
    b: cutter.operand(kernel.b, [...ofBatch, ...ofN, ...summed]),
    stores: cutter.stores(kernel.stores, [...ofBatch, ...ofM, ...ofN]),
  };
}

function cutScatter(
  kernel: Extract<Kernel, { family: "scatter" }>,
  { starts, sizes }: Window,
  cutter: Cutter,
): Kernel {
  const at = kernel.outer.length;
  const [before, after] = [axes(0, at), axes(at + 1, sizes.length)];
  const source = [...before, { size: kernel.sources }, ...after];
  return {
    ...kernel,
    outer: sizes.slice(0, at),
    first: kernel.first + (starts[at] ?? 0),
    targets: sizes[at] ?? 1,
    inner: sizes.slice(at + 1),
    index: cutter.operand(kernel.index, source),
    source: cutter.operand(kernel.source, source),
    output: cutter.operand(kernel.output, axes(0, sizes.length), true),
  };
}

const axes = (from: number, to: number): Coordinate[] =>
  Array.from({ length: to - from }, (_, i) => ({ axis: from + i }));

const whole = (shape: Shape): Coordinate[] => shape.map((size) => ({ size }));

/** What a gather reads. An index that is linear in the coordinates (that of halves is, in words) says which words. */
function gatherAccess(expr: GatherLoad, coordinates: readonly Coordinate[]): Access {
  // Rounding down commutes with adding whole numbers, not with multiplying.
  const index = expr.stride === 1 ? linearIndex(expr.index) : null;
  const form = index === null ? expr.form : sumOf(expr.form, index);
  const reach = index === null ? Math.max(0, expr.size - 1) * expr.stride : 0;
  return { buffer: expr.buffer, written: false, form, coordinates, reach };
}

/** The form that `expr` is, rounded down, or null where it is none. */
function linearIndex(expr: Expr): LinearForm | null {
  if (expr.kind === "index") return expr.form;
  if (expr.kind !== "op") return null;
  const [value, shift] = expr.args;
  const form = value === undefined ? null : linearIndex(value);
  if (expr.op === "bitcast" || form === null) return form;
  return expr.op === "shr" && shift?.kind === "literal" ? scaled(form, 2 ** -shift.value) : null;
}

const scaled = (form: LinearForm, factor: number): LinearForm => ({
  strides: form.strides.map((stride) => stride * factor),
  offset: addScaled(affine(0), form.offset, factor),
});

const sumOf = (a: LinearForm, b: LinearForm): LinearForm => ({
  strides: a.strides.map((stride, i) => stride + (b.strides[i] ?? 0)),
  offset: addScaled(a.offset, b.offset, 1),
});

/** Parts of a kernel whose forms all range over the same coordinates. */
interface Rewriter {
  readonly expr: (expr: Expr) => Expr;
  readonly store: (store: Store) => Store;
}

/** Rewrites the forms of one kernel, so that coordinates count from the start of a window. */
class Cutter {
  constructor(
    readonly starts: readonly number[],
    readonly place: (access: Access) => Place,
  ) {}

  #form(form: LinearForm, coordinates: readonly Coordinate[], first = 0): LinearForm {
    const before = coordinates.reduce(
      (sum, one, i) =>
        "axis" in one ? sum + (this.starts[one.axis] ?? 0) * (form.strides[i] ?? 0) : sum,
      0,
    );
    return { strides: form.strides, offset: addScaled(form.offset, affine(before - first), 1) };
  }

  #access(access: Access): Operand {
    const { buffer, first } = this.place(access);
    return { buffer, form: this.#form(access.form, access.coordinates, first) };
  }

  operand({ buffer, form }: Operand, coordinates: readonly Coordinate[], written = false): Operand {
    return this.#access({ buffer, form, coordinates, written, reach: 0 });
  }

  over(coordinates: readonly Coordinate[]): Rewriter {
    const done = new Map<Expr, Expr>();
    const guards = (list: readonly Guard[]): Guard[] =>
      list.map(({ form, size }) => ({ form: this.#form(form, coordinates), size }));
    const leaf = (expr: Expr): Expr => {
      switch (expr.kind) {
        case "load":
          return { ...expr, ...this.operand(expr, coordinates), guards: guards(expr.guards) };
        case "gather": {
          const index = visit(expr.index);
          const { buffer, first } = this.place(gatherAccess(expr, coordinates));
          const form = this.#form(expr.form, coordinates, first);
          return { ...expr, buffer, form, guards: guards(expr.guards), index };
        }
        case "index":
          return { ...expr, form: this.#form(expr.form, coordinates) };
        case "inside":
          return { ...expr, guards: guards(expr.guards) };
        default:
          return expr;
      }
    };
    const visit = (expr: Expr): Expr => rewriteLeaves(expr, leaf, done);
    const store = (one: Store): Store => ({
      ...one,
      value: visit(one.value),
      ...this.operand(one, coordinates, true),
    });
    return { expr: visit, store };
  }

  stores(list: readonly Store[], coordinates: readonly Coordinate[]): Store[] {
    return list.map(this.over(coordinates).store);
  }
}
