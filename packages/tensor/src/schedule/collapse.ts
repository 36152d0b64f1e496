// Collapsing: merges neighbouring axes that every form walks as one, so that kernels loop over few, long axes.
import type { Expr } from "../graph/expr.ts";
import type { LinearForm } from "../graph/linear-form.ts";
import type { Shape } from "../shape.ts";
import { rewriteForms, walk } from "../graph/rewrite.ts";

/** Consecutive axes that may be merged with each other; groups never mix. */
export interface AxisGroup {
  readonly sizes: Shape;
}

/** For each group its merged sizes, and for each merged axis the old axis whose stride it keeps. */
export interface Collapsed {
  readonly groups: readonly Shape[];
  readonly kept: readonly number[];
}

/** Every form that `exprs` evaluate, guards included. */
export function formsOf(exprs: readonly Expr[]): LinearForm[] {
  const forms: LinearForm[] = [];
  walk(exprs, (expr) => {
    if (
      expr.kind === "load" ||
      expr.kind === "gather" ||
      expr.kind === "index" ||
      expr.kind === "value"
    )
      forms.push(expr.form);
    if (expr.kind === "load" || expr.kind === "gather" || expr.kind === "inside")
      forms.push(...expr.guards.map((guard) => guard.form));
  });
  return forms;
}

/** Merges axes of `groups` (laid end to end) where all `forms` step over the inner axis exactly once per outer step. */
export function collapse(groups: readonly AxisGroup[], forms: readonly LinearForm[]): Collapsed {
  const kept: number[] = [];
  let start = 0;
  const merged = groups.map(({ sizes }) => {
    const result: number[] = [];
    sizes.forEach((size, i) => {
      const axis = start + i;
      const previous = kept[kept.length - 1];
      const last = result.length - 1;
      if (size === 1) return;
      if (
        last >= 0 &&
        previous !== undefined &&
        forms.every((form) => form.strides[previous] === (form.strides[axis] ?? 0) * size)
      ) {
        result[last] = (result[last] ?? 1) * size;
        kept[kept.length - 1] = axis;
      } else {
        result.push(size);
        kept.push(axis);
      }
    });
    start += sizes.length;
    return result;
  });
  return { groups: merged, kept };
}

/** `form` over the merged axes. */
export function keepAxes(form: LinearForm, kept: readonly number[]): LinearForm {
  return { strides: kept.map((axis) => form.strides[axis] ?? 0), offset: form.offset };
}

/** `expr` over the merged axes. */
export function keepExprAxes(expr: Expr, kept: readonly number[]): Expr {
  return rewriteForms(expr, (form) => keepAxes(form, kept)) ?? expr;
}
