// What kernels read and write, and kernels with other buffers in their place.
import { affine, addScaled } from "../graph/affine.ts";
import type { BufferId, Expr } from "../graph/expr.ts";
import type { LinearForm } from "../graph/linear-form.ts";
import type { Kernel, Operand, Store } from "./kernel.ts";
import { buffersOf, rewriteLeaves } from "../graph/rewrite.ts";

/** Expressions that `kernel` evaluates. */
export function kernelExprs(kernel: Kernel): Expr[] {
  switch (kernel.family) {
    case "rows":
      return [
        ...kernel.steps.map((step) => step.body),
        ...[...kernel.rowStores, ...kernel.stores].map((store) => store.value),
      ];
    case "reduce":
      return [kernel.body, ...kernel.stores.map((store) => store.value)];
    case "map":
    case "contract":
      return kernel.stores.map((store) => store.value);
    case "scatter":
    case "sort":
    case "topK":
      return [];
  }
}

/** Operands that `kernel` reads beside its expressions. */
export function kernelOperands(kernel: Kernel): Operand[] {
  switch (kernel.family) {
    case "contract":
      return [kernel.a, kernel.b];
    case "scatter":
      return [kernel.index, kernel.source];
    case "sort":
    case "topK":
      return [kernel.source];
    default:
      return [];
  }
}

/** Distinct buffers that `kernel` reads. */
export function buffersRead(kernel: Kernel): Set<BufferId> {
  const read = buffersOf(...kernelExprs(kernel));
  for (const operand of kernelOperands(kernel)) read.add(operand.buffer);
  return read;
}

/** Buffers that `kernel` writes, in store order. */
export function buffersWritten(kernel: Kernel): BufferId[] {
  switch (kernel.family) {
    case "rows":
      return [...kernel.rowStores, ...kernel.stores].map((store) => store.buffer);
    case "scatter":
    case "sort":
    case "topK":
      return [kernel.output.buffer];
    default:
      return kernel.stores.map((store) => store.buffer);
  }
}

/** A part of a buffer that took the place of a whole one. */
export interface Moved {
  readonly buffer: BufferId;
  /** Elements before it. */
  readonly start: number;
}

/** `form` in the buffer that took over. */
export function moveForm(form: LinearForm, moved: Moved): LinearForm {
  return { strides: form.strides, offset: addScaled(form.offset, affine(moved.start), 1) };
}

function moveExpr(expr: Expr, find: (buffer: BufferId) => Moved | undefined): Expr {
  return rewriteLeaves(expr, (leaf) => {
    if (leaf.kind !== "load" && leaf.kind !== "gather") return leaf;
    const moved = find(leaf.buffer);
    const base =
      moved === undefined
        ? leaf
        : { ...leaf, buffer: moved.buffer, form: moveForm(leaf.form, moved) };
    return base.kind === "gather" ? { ...base, index: moveExpr(base.index, find) } : base;
  });
}

/** `kernel` with `change` of each of its expressions. */
export function mapExprs(kernel: Kernel, change: (expr: Expr) => Expr): Kernel {
  const stores = (list: readonly Store[]): Store[] =>
    list.map((store) => ({ ...store, value: change(store.value) }));
  switch (kernel.family) {
    case "map":
    case "contract":
      return { ...kernel, stores: stores(kernel.stores) };
    case "rows":
      return {
        ...kernel,
        steps: kernel.steps.map((step) => ({ ...step, body: change(step.body) })),
        rowStores: stores(kernel.rowStores),
        stores: stores(kernel.stores),
      };
    case "reduce":
      return { ...kernel, body: change(kernel.body), stores: stores(kernel.stores) };
    case "scatter":
    case "sort":
    case "topK":
      return kernel;
  }
}

/** `kernel` reading from where its inputs have moved. */
export function moveReads(kernel: Kernel, find: (buffer: BufferId) => Moved | undefined): Kernel {
  const operand = (o: Operand): Operand => {
    const moved = find(o.buffer);
    return moved === undefined ? o : { buffer: moved.buffer, form: moveForm(o.form, moved) };
  };
  const moved = mapExprs(kernel, (expr) => moveExpr(expr, find));
  switch (moved.family) {
    case "contract":
      return { ...moved, a: operand(moved.a), b: operand(moved.b) };
    case "scatter":
      return { ...moved, index: operand(moved.index), source: operand(moved.source) };
    case "sort":
    case "topK":
      return { ...moved, source: operand(moved.source) };
    default:
      return moved;
  }
}
