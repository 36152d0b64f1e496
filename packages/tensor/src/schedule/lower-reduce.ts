// Lowering of reductions.
import { machineType } from "../dtype.ts";
import { rewriteForms } from "../graph/rewrite.ts";
import { permuteForm, reshapeForm } from "../graph/linear-form.ts";
import type { Expr } from "../graph/expr.ts";
import type { Node, OpOf } from "../graph/node.ts";
import { sizeOf, type Shape } from "../shape.ts";
import type { Draft } from "./draft.ts";
import { accumulator, latestDraft, type Drafting, type Lazy } from "./drafting.ts";

type Reduce = OpOf<"reduce">;

/** A reduction: a step of a rows kernel where the last axes are reduced, else a kernel of its own. */
export function lowerReduce(drafting: Drafting, node: Node, op: Reduce, input: Lazy): Expr {
  const rows = isTrailing(input.shape, new Set(op.axes))
    ? rowStep(drafting, node, op, input)
    : null;
  return rows ?? reduceDraft(drafting, node, op, input);
}

/** The sizes of the axes that stay, and of those that go. */
function splitShape(shape: Shape, axes: readonly number[]): { outer: Shape; inner: Shape } {
  const outer = shape.filter((_, axis) => !axes.includes(axis));
  return { outer, inner: axes.map((axis) => shape[axis] ?? 1) };
}

function rowStep(drafting: Drafting, node: Node, op: Reduce, input: Lazy): Expr | null {
  const { outer, inner } = splitShape(input.shape, op.axes);
  const domain = [...outer, sizeOf(inner)];
  const joined = joinRows(drafting, node, op, input, domain);
  if (joined !== null) return joined;
  const expr = rewriteForms(drafting.withoutValues(input.expr), (form) =>
    reshapeForm(form, input.shape, domain),
  );
  if (expr === null) return null;
  const draft = drafting.newDraft({ family: "rows" }, domain);
  const value = { level: "row", expr, dtype: machineType(node.dtype), step: op.fn } as const;
  return drafting.addValue(draft, value, node.shape, node);
}

/** Adds the step to the kernel that makes the row's elements, turning a map kernel into a rows kernel. */
function joinRows(
  drafting: Drafting,
  node: Node,
  op: Reduce,
  input: Lazy,
  domain: Shape,
): Expr | null {
  const latest = latestDraft(input.expr);
  const draft = latest === null ? undefined : drafting.drafts[latest];
  if (draft === undefined || !hasRows(draft, domain)) return null;
  const others = drafting.storeOthers(input.expr, draft);
  if (draft.source.family === "map" && !draft.reshapeDomain(domain)) return null;
  const expr = draft.restate(others, input.shape, "element");
  if (expr === null || !drafting.fits(draft, expr, node)) return null;
  draft.source = { family: "rows" };
  const value = { level: "row", expr, dtype: machineType(node.dtype), step: op.fn } as const;
  return drafting.addValue(draft, value, node.shape, node);
}

/** Whether the elements of `draft` could be the rows of `domain`. */
function hasRows(draft: Draft, domain: Shape): boolean {
  if (sizeOf(draft.domain) !== sizeOf(domain)) return false;
  const { family } = draft.source;
  return family === "map" || (family === "rows" && draft.domain.at(-1) === domain.at(-1));
}

function reduceDraft(drafting: Drafting, node: Node, op: Reduce, input: Lazy): Expr {
  const { outer, inner } = splitShape(input.shape, op.axes);
  const kept = [...input.shape.keys()].filter((axis) => !op.axes.includes(axis));
  const expr = drafting.withoutValues(input.expr);
  const body = rewriteForms(expr, (form) => permuteForm(form, [...kept, ...op.axes])) ?? expr;
  const draft = drafting.newDraft({ family: "reduce", inner, fn: op.fn, body }, outer);
  return drafting.addValue(draft, accumulator(machineType(node.dtype)), node.shape, node);
}

/** True when the reduced axes are the last ones, sizes of 1 aside. */
function isTrailing(shape: Shape, reduced: ReadonlySet<number>): boolean {
  const wide = [...shape.keys()].filter((axis) => shape[axis] !== 1);
  const kept = wide.filter((axis) => !reduced.has(axis));
  return kept.every((axis, i) => wide[i] === axis);
}
