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
      return [kernel.output];
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

/** `kernel` reading from where its inputs have moved. */
export function moveReads(kernel: Kernel, find: (buffer: BufferId) => Moved | undefined): Kernel {
  const operand = (o: Operand): Operand => {
    const moved = find(o.buffer);
    return moved === undefined ? o : { buffer: moved.buffer, form: moveForm(o.form, moved) };
  };
  const stores = (list: readonly Store[]): Store[] =>
    list.map((store) => ({ ...store, value: moveExpr(store.value, find) }));
  switch (kernel.family) {
    case "map":
      return { ...kernel, stores: stores(kernel.stores) };
    case "rows": {
      const steps = kernel.steps.map((step) => ({ ...step, body: moveExpr(step.body, find) }));
      return {
        ...kernel,
        steps,
        rowStores: stores(kernel.rowStores),
        stores: stores(kernel.stores),
      };
    }
    case "reduce":
      return { ...kernel, body: moveExpr(kernel.body, find), stores: stores(kernel.stores) };
    case "contract":
      return {
        ...kernel,
        a: operand(kernel.a),
        b: operand(kernel.b),
        stores: stores(kernel.stores),
      };
    case "scatter":
      return { ...kernel, index: operand(kernel.index), source: operand(kernel.source) };
    case "sort":
    case "topK":
      return { ...kernel, source: operand(kernel.source) };
  }
}
