// Lowering of contractions, gathers, scatters, sorts and top k.
import { machineType, type MachineType } from "../dtype.ts";
import type { BufferId, Expr, Load } from "../graph/expr.ts";
import { denseForm, reshapeForm, type LinearForm } from "../graph/linear-form.ts";
import type { Node, OpOf } from "../graph/node.ts";
import { sizeOf } from "../shape.ts";
import type { Source } from "./draft.ts";
import { accumulator, type Drafting, type Lazy } from "./drafting.ts";
import type { Operand } from "./kernel.ts";

/** A contraction: a kernel that makes the accumulators of its output. */
export function lowerContract(
  drafting: Drafting,
  node: Node,
  op: OpOf<"contract">,
  [first, second]: readonly [Lazy, Lazy],
): Expr {
  const left = { load: drafting.operand(first, node), labels: op.a };
  const right = { load: drafting.operand(second, node), labels: op.b };
  // The innermost axis of the output should be an n axis, along which kernels are vectorised.
  const last = op.out.findLast((_, i) => (node.shape[i] ?? 1) > 1);
  const swap = last !== undefined && left.labels.includes(last) && !right.labels.includes(last);
  const [a, b] = swap ? [right, left] : [left, right];
  const summed = op.a.filter((label) => !op.out.includes(label));
  const k = summed.map((label) => first.shape[op.a.indexOf(label)] ?? 1);
  const labels = [...op.out, ...summed];
  const roles = op.out.map((label) =>
    !a.labels.includes(label) ? "n" : b.labels.includes(label) ? "batch" : "m",
  );
  const source: Source = {
    family: "contract",
    a: operandOver(a.load, a.labels, labels),
    b: operandOver(b.load, b.labels, labels),
    roles,
    k,
  };
  const draft = drafting.newDraft(source, node.shape);
  return drafting.addValue(draft, accumulator(machineType(node.dtype)), node.shape, node);
}

/** A gather: a load at an index that is itself computed. */
export function lowerGather(
  drafting: Drafting,
  node: Node,
  op: OpOf<"gather">,
  [first, second]: readonly [Lazy, Lazy],
): Expr {
  const table = drafting.view(first, node);
  const size = first.shape[op.axis] ?? 1;
  const index = drafting.withoutValues(second.expr);
  const strides = table.form.strides.map((stride, axis) => (axis === op.axis ? 0 : stride));
  const form = { strides, offset: table.form.offset };
  const expr: Expr = {
    kind: "gather",
    dtype: table.dtype,
    buffer: table.buffer,
    ...(table.packed && { packed: true }),
    form,
    guards: [],
    index,
    stride: table.form.strides[op.axis] ?? 0,
    size,
  };
  return drafting.alone(expr, node);
}

/** A scatter: a kernel of its own. */
export function lowerScatter(
  drafting: Drafting,
  node: Node,
  op: OpOf<"scatterAdd">,
  [first, second]: readonly [Lazy, Lazy],
): Expr {
  const index = drafting.operand(first, node);
  const source = drafting.operand(second, node);
  const sources = second.shape[op.axis] ?? 1;
  const draft = drafting.newDraft(
    { family: "scatter", axis: op.axis, sources, index, source },
    node.shape,
  );
  return drafting.store(
    drafting.addValue(draft, accumulator(machineType(node.dtype)), node.shape, node),
  );
}

/** The rows of `input`, its last axis, as an operand over [rows, length]. */
function rowsOperand(
  drafting: Drafting,
  node: Node,
  input: Lazy,
): { readonly length: number; readonly source: Operand; readonly sourceDtype: MachineType } {
  const length = input.shape[input.shape.length - 1] ?? 1;
  const rows = [sizeOf(input.shape) / Math.max(1, length), length];
  const load = drafting.operand(input, node);
  const form = reshapeForm(load.form, input.shape, rows);
  if (form !== null)
    return { length, source: { buffer: load.buffer, form }, sourceDtype: load.dtype };
  const { buffer, dtype } = drafting.store(drafting.mapDraft(load, input.shape, node));
  return { length, source: { buffer, form: denseForm(rows) }, sourceDtype: dtype };
}

/** Places that sort each row: a kernel of its own. */
export function lowerSort(drafting: Drafting, node: Node, op: OpOf<"argSort">, input: Lazy): Expr {
  const rows = rowsOperand(drafting, node, input);
  const draft = drafting.newDraft(
    { family: "sort", descending: op.descending, ...rows },
    node.shape,
  );
  return drafting.store(drafting.addValue(draft, accumulator("i32"), node.shape, node));
}

/** Places of the largest of each row: a kernel of its own. */
export function lowerTopK(drafting: Drafting, node: Node, op: OpOf<"argTopK">, input: Lazy): Expr {
  const rows = rowsOperand(drafting, node, input);
  const draft = drafting.newDraft({ family: "topK", k: op.k, ...rows }, node.shape);
  return drafting.store(drafting.addValue(draft, accumulator("i32"), node.shape, node));
}

/** The operand's strides over the axes named by `labels`, 0 where it lacks one. */
function operandOver(
  load: Load,
  own: readonly number[],
  labels: readonly number[],
): { buffer: BufferId; form: LinearForm } {
  const strides = labels.map((label) => {
    const axis = own.indexOf(label);
    return axis < 0 ? 0 : (load.form.strides[axis] ?? 0);
  });
  return { buffer: load.buffer, form: { strides, offset: load.form.offset } };
}
