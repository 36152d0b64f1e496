// Lowering of contractions, gathers, scatters and top k.
import type { BufferId, Expr, Load } from "../graph/expr.ts";
import { denseForm, reshapeForm, type LinearForm } from "../graph/linear-form.ts";
import type { Node, OpOf } from "../graph/node.ts";
import { sizeOf } from "../shape.ts";
import type { Source } from "./draft.ts";
import { accumulator, type Drafting, type Lazy } from "./drafting.ts";

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
  return drafting.addValue(draft, accumulator(node.dtype), node.shape, node);
}

/** A gather: a load at an index that is itself computed. */
export function lowerGather(
  drafting: Drafting,
  node: Node,
  op: OpOf<"gather">,
  [first, second]: readonly [Lazy, Lazy],
): Expr {
  const table = drafting.operand(first, node);
  const size = first.shape[op.axis] ?? 1;
  const index = drafting.withoutValues(second.expr);
  const strides = table.form.strides.map((stride, axis) => (axis === op.axis ? 0 : stride));
  const form = { strides, offset: table.form.offset };
  const expr: Expr = {
    kind: "gather",
    dtype: node.dtype,
    buffer: table.buffer,
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
  return drafting.store(drafting.addValue(draft, accumulator(node.dtype), node.shape, node));
}

/** Places of the largest of each row: a kernel of its own. */
export function lowerTopK(drafting: Drafting, node: Node, op: OpOf<"argTopK">, input: Lazy): Expr {
  const length = input.shape[input.shape.length - 1] ?? 1;
  const rows = sizeOf(input.shape) / Math.max(1, length);
  let source = drafting.operand(input, node);
  let form = reshapeForm(source.form, input.shape, [rows, length]);
  if (form === null) {
    source = drafting.store(drafting.mapDraft(source, input.shape, node));
    form = denseForm([rows, length]);
  }
  const operand = { buffer: source.buffer, form };
  const draft = drafting.newDraft(
    { family: "topK", k: op.k, length, source: operand, sourceDtype: source.dtype },
    node.shape,
  );
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
