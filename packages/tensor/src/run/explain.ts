// Explanation: the kernels that would compute some tensors, with sizes, bytes and floating-point operations.
import { BYTES_PER_WORD } from "../dtype.ts";
import type { Expr, GatherLoad, Load } from "../graph/expr.ts";
import type { LinearForm } from "../graph/linear-form.ts";
import type { Node } from "../graph/node.ts";
import { kernelExprs } from "../schedule/kernel-buffers.ts";
import {
  labelsIn,
  type Family,
  type Kernel,
  type Operand,
  type Store,
} from "../schedule/kernel.ts";
import { costOf, loadsOf } from "../graph/rewrite.ts";
import { traceGraph } from "../schedule/trace.ts";
import { sizeOf, type Shape } from "../shape.ts";
import { fullPlace } from "./call-site-text.ts";
import { deviceOfNodes } from "./realize.ts";

/** One kernel of a plan. */
export interface KernelExplanation {
  readonly family: Family;
  /** Operations and hook names it computes, in order. */
  readonly labels: readonly string[];
  /** Lines of user code that called them, under `init({ debug: true })`; else none. */
  readonly callSites: readonly string[];
  /** Its loops: `batch x m x n x k` of a contraction, rows x length, or the elements of a map. */
  readonly size: string;
  /** Bytes read and written, each operand counted once. */
  readonly bytes: number;
  /** Floating-point operations, a multiply-add counted as two. */
  readonly flops: number;
}

/** What would run, in order. */
export interface Explanation {
  readonly kernels: readonly KernelExplanation[];
  readonly bytes: number;
  readonly flops: number;
  /** A table for people. */
  toString(): string;
}

/** Shape over which the forms of a kernel's expressions range, and how often each is evaluated. */
function loops(kernel: Kernel): Shape {
  switch (kernel.family) {
    case "map":
      return kernel.shape;
    case "rows":
      return [...kernel.outer, kernel.length];
    case "reduce":
      return [...kernel.outer, ...kernel.inner];
    case "contract":
      return [...kernel.batch, ...kernel.m, ...kernel.n];
    case "scatter":
      return [...kernel.outer, kernel.targets, ...kernel.inner];
    case "sort":
    case "topK":
      return [kernel.rows, kernel.length];
  }
}

function sizeText(kernel: Kernel): string {
  switch (kernel.family) {
    case "contract":
      return [kernel.batch, kernel.m, kernel.n, kernel.k].map(sizeOf).join(" x ");
    case "rows":
      return `${sizeOf(kernel.outer)} x ${kernel.length}`;
    case "reduce":
      return `${sizeOf(kernel.outer)} x ${sizeOf(kernel.inner)}`;
    default:
      return loops(kernel).join(" x ") || "1";
  }
}

function touched(form: LinearForm, shape: Shape): number {
  return shape.reduce(
    (product, size, axis) => product * ((form.strides[axis] ?? 0) === 0 ? 1 : size),
    1,
  );
}

/** Elements of its buffer that `load` reads, each counted once: those within its guards, and one for each index of a gather. */
function loaded(load: Load | GatherLoad, shape: Shape): number {
  const within = [...shape];
  for (const { form, size } of load.guards) {
    const axes = [...form.strides.keys()].filter((axis) => form.strides[axis] !== 0);
    const [axis = -1] = axes;
    if (axes.length === 1) within[axis] = Math.min(within[axis] ?? 1, size);
  }
  const plain = touched(load.form, within);
  return load.kind === "load" ? plain : Math.min(sizeOf(within), plain * load.size);
}

function storesOf(kernel: Kernel): readonly Store[] {
  if (kernel.family === "rows") return [...kernel.rowStores, ...kernel.stores];
  return "stores" in kernel ? kernel.stores : [];
}

function operandElements(kernel: Kernel): number {
  const count = (operand: Operand, ...axes: Shape[]): number => touched(operand.form, axes.flat());
  switch (kernel.family) {
    case "contract":
      return (
        count(kernel.a, kernel.batch, kernel.m, kernel.k) +
        count(kernel.b, kernel.batch, kernel.n, kernel.k)
      );
    case "scatter":
      return 2 * sizeOf([...kernel.outer, kernel.sources, ...kernel.inner]) + sizeOf(loops(kernel));
    case "sort":
      return kernel.rows * 2 * kernel.length;
    case "topK":
      return kernel.rows * (kernel.length + kernel.k);
    default:
      return 0;
  }
}

/** Which elements of its buffer `form` steps on: forms of other steps may share elements, those of another phase do not. */
function stepsOf(form: LinearForm): { readonly steps: string; readonly phase: number } {
  const smallest = Math.min(...form.strides.filter((stride) => stride !== 0).map(Math.abs));
  const phase = smallest === Infinity ? 0 : form.offset.constant % smallest;
  return { steps: form.strides.join(","), phase };
}

/** Elements that `loads` of one buffer read, as far as forms tell those they share. */
function elementsRead(loads: readonly (Load | GatherLoad)[], shape: Shape): number {
  const largest = new Map<string, Map<number, number>>();
  for (const load of loads) {
    const { steps, phase } = stepsOf(load.form);
    const phases = largest.get(steps) ?? new Map<number, number>();
    largest.set(steps, phases.set(phase, Math.max(phases.get(phase) ?? 0, loaded(load, shape))));
  }
  const sums = [...largest.values()].map((phases) => [...phases.values()].reduce((a, b) => a + b));
  return Math.max(...sums);
}

function bytesOf(kernel: Kernel): number {
  const shape = loops(kernel);
  const loads = loadsOf(...kernelExprs(kernel));
  const buffers = new Set(loads.map((load) => load.buffer));
  const read = [...buffers]
    .map((buffer) =>
      elementsRead(
        loads.filter((load) => load.buffer === buffer),
        shape,
      ),
    )
    .reduce((sum, elements) => sum + elements, 0);
  const written = storesOf(kernel).reduce((sum, store) => sum + touched(store.form, shape), 0);
  return (read + written + operandElements(kernel)) * BYTES_PER_WORD;
}

function flopsOf(kernel: Kernel): number {
  const each = sizeOf(loops(kernel));
  const cost = (exprs: readonly Expr[]): number =>
    exprs.reduce((sum, expr) => sum + costOf(expr), 0);
  const own = cost(kernelExprs(kernel)) * each;
  if (kernel.family === "contract") return own + 2 * each * sizeOf(kernel.k);
  if (kernel.family === "rows") return own + kernel.steps.length * each;
  return kernel.family === "reduce" || kernel.family === "scatter" ? own + each : own;
}

/** Places of the calls that made what `kernel` computes, each once. */
function callSitesOf(kernel: Kernel, nodes: readonly Node[]): string[] {
  const places = (kernel.nodes ?? []).map((number) => fullPlace(nodes[number]?.made?.site));
  return [...new Set(places)].filter((place) => place !== null);
}

/** The plan for `nodes` as it would run now; nothing is run and no leaf is loaded. */
export function explainNodes(nodes: readonly Node[]): Explanation {
  const wanted = [...new Set(nodes)].filter((node) => node.placement === null);
  const trace = traceGraph(wanted);
  const device = deviceOfNodes(trace.nodes);
  const { kernels } = device.plans.find(trace, device.port.limits).schedule;
  const labels = trace.nodes.map((node) => node.label);
  const rows = kernels.map((kernel) => ({
    family: kernel.family,
    labels: labelsIn(kernel, labels),
    callSites: callSitesOf(kernel, trace.nodes),
    size: sizeText(kernel),
    bytes: bytesOf(kernel),
    flops: flopsOf(kernel),
  }));
  const total = (key: "bytes" | "flops"): number => rows.reduce((sum, row) => sum + row[key], 0);
  return {
    kernels: rows,
    bytes: total("bytes"),
    flops: total("flops"),
    toString: () => table(rows),
  };
}

function table(rows: readonly KernelExplanation[]): string {
  const lines = rows.map(
    (row, i) =>
      `${String(i).padStart(3)}  ${row.family.padEnd(8)} ${row.size.padEnd(24)} ${row.bytes} B  ${row.flops} flop  ${row.labels.join(" > ")}${row.callSites.map((site) => `\n       ${site}`).join("")}`,
  );
  return lines.join("\n");
}
