// Renders reductions over any axes: vectors along the outputs or along the reduced axes, whichever lies better in memory.
import type { Expr } from "../../graph/expr.ts";
import type { LinearForm } from "../../graph/linear-form.ts";
import type { ReduceKernel } from "../../schedule/kernel.ts";
import { sizeOf } from "../../shape.ts";
import type { WasmProgram, WasmTarget } from "./abi.ts";
import { estimateCost } from "./estimate-cost.ts";
import { KernelFunction } from "./kernel-function.ts";
import { buffersRead, KernelParams } from "./kernel-params.ts";
import { emitReduceAcross, emitReduceAlong, type ReducePlan } from "./reduce-loops.ts";
import { ValueGraph } from "./value-graph.ts";

const LANES = 4;
/** Reduced axes shorter than this leave too many lanes idle. */
const SHORT = 8;

/** `kernel` as a program; its work items are elements of `outer`. */
export function renderReduce(kernel: ReduceKernel, target: WasmTarget): WasmProgram {
  const read = buffersRead([kernel.body, ...kernel.stores.map((store) => store.value)]);
  const params = new KernelParams(
    read,
    kernel.stores.map((store) => store.buffer),
  );
  const inner = kernel.inner.length === 0 ? [1] : kernel.inner;
  const rank = kernel.outer.length + inner.length;
  const lanesAreOutputs = prefersOutputLanes(kernel, rank);
  const graph = new ValueGraph(params, rank, lanesAreOutputs ? kernel.outer.length - 1 : rank - 1);
  const plan: ReducePlan = {
    graph,
    outer: kernel.outer.map((size) => params.constant(size)),
    inner: inner.map((size) => params.constant(size)),
    fn: kernel.fn,
    dtype: kernel.body.dtype,
    body: graph.add(kernel.body),
    stores: kernel.stores.map((store) => graph.store(store)),
  };
  const { fn, dtype, body, stores } = plan;
  const emit = lanesAreOutputs ? emitReduceAcross : emitReduceAlong;
  return {
    key: `reduce ${lanesAreOutputs} ${JSON.stringify([kernel.outer.length, fn, dtype, body, stores])} ${graph.text}`,
    code: () => emit(new KernelFunction(params, target), plan),
    params: params.words,
    buffers: params.buffers,
    outputs: params.outputs,
    items: sizeOf(kernel.outer),
    scratchBytes: 0,
    costPerItem: sizeOf(inner) * estimateCost(graph, rank - 1),
  };
}

/** Whether vectors should run along the last output axis instead of the last reduced one. */
function prefersOutputLanes({ body, outer, inner }: ReduceKernel, rank: number): boolean {
  if ((outer[outer.length - 1] ?? 0) < LANES) return false;
  const forms = formsIn(body);
  const scattered = (axis: number): number =>
    forms.filter(({ strides }) => Math.abs((strides[axis] ?? 0) - 0.5) > 0.5).length;
  const [byOutput, byInput] = [scattered(outer.length - 1), scattered(rank - 1)];
  return byOutput < byInput || (byOutput === byInput && (inner[inner.length - 1] ?? 1) < SHORT);
}

/** The places that `expr` loads from. */
function formsIn(expr: Expr, seen = new Set<Expr>()): LinearForm[] {
  if (seen.has(expr)) return [];
  seen.add(expr);
  if (expr.kind === "op") return expr.args.flatMap((arg) => formsIn(arg, seen));
  if (expr.kind === "gather") return [expr.form, ...formsIn(expr.index, seen)];
  return expr.kind === "load" ? [expr.form] : [];
}
