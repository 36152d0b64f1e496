// Kernels: the plain description of one launch that a schedule hands to a code generator.
import type { MachineType } from "../dtype.ts";
import type { BufferId, Expr } from "../graph/expr.ts";
import type { LinearForm } from "../graph/linear-form.ts";
import type { Reduction } from "../graph/node.ts";
import type { Shape } from "../shape.ts";

/** Writes `value` to `buffer` at `form`, over the coordinates named by the kernel's family. Never guarded, never overlapping. */
export interface Store {
  readonly buffer: BufferId;
  readonly dtype: MachineType;
  readonly value: Expr;
  readonly form: LinearForm;
}

/** Labels of the nodes a kernel computes, innermost first, for errors and `explain`. */
interface Labelled {
  readonly labels: readonly string[];
  /** Numbers of those nodes in the trace: a plan runs graphs other than the one it was made for. Absent in kernels that no schedule made. */
  readonly nodes?: readonly number[];
}

/** The labels of `kernel` in a graph whose node i is called `labels[i]`. */
export function labelsIn(kernel: Kernel, labels: readonly string[]): readonly string[] {
  return kernel.nodes === undefined
    ? kernel.labels
    : [...new Set(kernel.nodes.map((number) => labels[number] ?? ""))];
}

/** One element of `shape` at a time; forms range over `shape`. Adjacent axes are already merged where all forms allow it. */
export interface MapKernel extends Labelled {
  readonly family: "map";
  readonly shape: Shape;
  readonly stores: readonly Store[];
}

/** One reduction of a {@link RowsKernel}: `value` of this id is `fn` over the row of `body`. */
export interface RowStep {
  readonly id: number;
  readonly fn: Reduction;
  readonly dtype: MachineType;
  readonly body: Expr;
}

/**
 * A program on rows of `length` elements: steps in order (a body may use values of earlier steps), then stores.
 * Forms range over `[...outer, length]`; the last axis is the row. `rowStores` are written once a row (stride 0 along it
 * and free of loads that move along it), `stores` once an element.
 */
export interface RowsKernel extends Labelled {
  readonly family: "rows";
  readonly outer: Shape;
  readonly length: number;
  readonly steps: readonly RowStep[];
  readonly rowStores: readonly Store[];
  readonly stores: readonly Store[];
}

/**
 * `fn` of `body` over the axes `inner`, for every element of `outer`. The body's forms range over `[...outer, ...inner]`
 * (k ascending, row-major over `inner`); stores range over `outer` and see the result as value 0.
 */
export interface ReduceKernel extends Labelled {
  readonly family: "reduce";
  readonly outer: Shape;
  readonly inner: Shape;
  readonly fn: Reduction;
  readonly dtype: MachineType;
  readonly body: Expr;
  readonly stores: readonly Store[];
}

/** What a kernel reads or writes beside expressions: a plain strided view of a buffer. */
export interface Operand {
  readonly buffer: BufferId;
  readonly form: LinearForm;
}

/**
 * value 0 = sum over k of a[batch, m, k] * b[batch, n, k], f32, k ascending with one accumulator per element.
 * Each of batch, m, n, k is a list of axes. `a.form` ranges over [...batch, ...m, ...k], `b.form` over
 * [...batch, ...n, ...k], stores over [...batch, ...m, ...n]. Lists are merged where forms allow it; an empty list is one element.
 */
export interface ContractKernel extends Labelled {
  readonly family: "contract";
  readonly batch: Shape;
  readonly m: Shape;
  readonly n: Shape;
  readonly k: Shape;
  readonly a: Operand;
  readonly b: Operand;
  readonly stores: readonly Store[];
}

/**
 * out[outer, j, inner] = sum over i ascending of source[outer, i, inner] where index[outer, i, inner] is first + j;
 * `targets` js and `sources` is. Other indices are ignored. Forms of `index` and `source` range over
 * [...outer, sources, ...inner], that of `output` over [...outer, targets, ...inner].
 */
export interface ScatterKernel extends Labelled {
  readonly family: "scatter";
  readonly outer: Shape;
  readonly first: number;
  readonly targets: number;
  readonly sources: number;
  readonly inner: Shape;
  readonly dtype: MachineType;
  readonly index: Operand;
  readonly source: Operand;
  readonly output: Operand;
}

/** i32 places that bring each row in order, smallest or largest first; NaN counts as largest, ties go to the lower place. Both forms range over [rows, length]; a row of the output is dense. */
export interface SortKernel extends Labelled {
  readonly family: "sort";
  readonly rows: number;
  readonly length: number;
  readonly descending: boolean;
  readonly dtype: MachineType;
  readonly source: Operand;
  readonly output: Operand;
}

/** i32 places of the `k` largest of each row, largest first; NaN counts as largest, ties go to the lower place. `source.form` ranges over [rows, length], `output.form` over [rows, k]; a row of the output is dense. */
export interface TopKKernel extends Labelled {
  readonly family: "topK";
  readonly rows: number;
  readonly length: number;
  readonly k: number;
  readonly dtype: MachineType;
  readonly source: Operand;
  readonly output: Operand;
}

/** One launch. Code generators have one entry per family. */
export type Kernel =
  | MapKernel
  | RowsKernel
  | ReduceKernel
  | ContractKernel
  | ScatterKernel
  | SortKernel
  | TopKKernel;

/** Names of the kernel families. */
export type Family = Kernel["family"];
