// Runs kernels of every family in plain loops, element by element, to test generated code against.
import type { MachineType, TypedArray } from "../src/dtype.ts";
import type { BufferId, Expr } from "../src/graph/expr.ts";
import type { Reduction } from "../src/graph/node.ts";
import type {
  ContractKernel,
  Kernel,
  MapKernel,
  ReduceKernel,
  RowsKernel,
  ScatterKernel,
  SortKernel,
  Store,
  TopKKernel,
} from "../src/schedule/kernel.ts";
import type { Shape } from "../src/shape.ts";
import { evaluate, place, valuesOf, wrap, type Surroundings } from "./expr-interpreter.ts";

type Place = Pick<Surroundings, "buffers" | "slots">;

/**
 * Computes `kernel` into the arrays of `buffers`. Machine operations on f32 round to single precision one by one;
 * sums and products of a reduction or a contraction accumulate in double precision and round once; a scatter adds in
 * single precision, in order.
 */
export function interpretKernel(
  kernel: Kernel,
  buffers: ReadonlyMap<BufferId, TypedArray>,
  slots: readonly number[] = [],
): void {
  const at = { buffers, slots };
  switch (kernel.family) {
    case "map":
      return interpretMap(kernel, at);
    case "rows":
      return interpretRows(kernel, at);
    case "reduce":
      return interpretReduce(kernel, at);
    case "contract":
      return interpretContract(kernel, at);
    case "scatter":
      return interpretScatter(kernel, at);
    case "sort":
      return interpretSort(kernel, at);
    case "topK":
      return interpretTopK(kernel, at);
  }
}

/** The coordinates of every element of `shape`, row-major. */
export function* coordinatesOf(shape: Shape): Generator<number[]> {
  const size = shape.reduce((product, n) => product * n, 1);
  for (let i = 0; i < size; i++) {
    let rest = i;
    const coordinates = shape.toReversed().map((n) => {
      const c = rest % n;
      rest = (rest - c) / n;
      return c;
    });
    yield coordinates.reverse();
  }
}

/** `fn` over `items` given in order; argmax and argmin give the first place of the extreme, NaN winning. */
export function reduceValues(fn: Reduction, items: readonly number[], dtype: MachineType): number {
  if (fn === "sum")
    return wrap(
      items.reduce((sum, x) => (dtype === "f32" ? sum + x : wrap(sum + x, dtype)), 0),
      dtype,
    );
  if (fn === "prod")
    return wrap(
      items.reduce((p, x) => (dtype === "f32" ? p * x : wrap(Math.imul(p, x), dtype)), 1),
      dtype,
    );
  if (fn === "max" || fn === "min") return items.reduce((best, x) => Math[fn](best, x));
  const nan = items.findIndex(Number.isNaN);
  if (nan >= 0) return nan;
  return items.reduce(
    (best, x, i) => ((fn === "argmax" ? x > items[best]! : x < items[best]!) ? i : best),
    0,
  );
}

function write(stores: readonly Store[], at: Surroundings): void {
  for (const store of stores) {
    const array = valuesOf(store.buffer, store.dtype, at);
    const element = place(store.form, at);
    if (element < 0 || element >= array.length)
      throw new Error(`element ${element} is outside buffer ${store.buffer}`);
    array[element] = evaluate(store.value, at);
  }
}

function interpretMap(kernel: MapKernel, at: Place): void {
  for (const coordinates of coordinatesOf(kernel.shape))
    write(kernel.stores, { ...at, coordinates, values: new Map() });
}

function interpretRows(kernel: RowsKernel, at: Place): void {
  const row = Array.from({ length: kernel.length }, (_, i) => i);
  for (const outer of coordinatesOf(kernel.outer)) {
    const values = new Map<number, number>();
    const element = (i: number): Surroundings => ({ ...at, coordinates: [...outer, i], values });
    for (const step of kernel.steps) {
      values.set(
        step.id,
        reduceValues(
          step.fn,
          row.map((i) => evaluate(step.body, element(i))),
          step.dtype,
        ),
      );
    }
    write(kernel.rowStores, element(0));
    for (const i of row) write(kernel.stores, element(i));
  }
}

function interpretReduce(kernel: ReduceKernel, at: Place): void {
  for (const outer of coordinatesOf(kernel.outer)) {
    const body = (inner: number[]): number =>
      evaluate(kernel.body, { ...at, coordinates: [...outer, ...inner], values: new Map() });
    const value = reduceValues(kernel.fn, [...coordinatesOf(kernel.inner)].map(body), kernel.dtype);
    write(kernel.stores, { ...at, coordinates: outer, values: new Map([[0, value]]) });
  }
}

function interpretContract(kernel: ContractKernel, at: Place): void {
  const operand = ({ buffer, form }: ContractKernel["a"], coordinates: number[]): number => {
    const load: Expr = { kind: "load", dtype: "f32", buffer, form, guards: [] };
    return evaluate(load, { ...at, coordinates, values: new Map() });
  };
  const ks = [...coordinatesOf(kernel.k)];
  for (const batch of coordinatesOf(kernel.batch))
    for (const m of coordinatesOf(kernel.m))
      for (const n of coordinatesOf(kernel.n)) {
        const products = ks.map(
          (k) =>
            operand(kernel.a, [...batch, ...m, ...k]) * operand(kernel.b, [...batch, ...n, ...k]),
        );
        const value = reduceValues("sum", products, "f32");
        write(kernel.stores, {
          ...at,
          coordinates: [...batch, ...m, ...n],
          values: new Map([[0, value]]),
        });
      }
}

function interpretScatter(kernel: ScatterKernel, at: Place): void {
  const output = valuesOf(kernel.output.buffer, kernel.dtype, at);
  const {
    outer,
    first,
    targets,
    inner,
    output: { form },
  } = kernel;
  const cell = (coordinates: number[]): number =>
    place(form, { ...at, coordinates, values: new Map() });
  for (const coordinates of coordinatesOf([...outer, targets, ...inner]))
    output[cell(coordinates)] = 0;
  for (const coordinates of coordinatesOf([...kernel.outer, kernel.sources, ...kernel.inner])) {
    const here = { ...at, coordinates, values: new Map<number, number>() };
    const target = evaluate({ kind: "load", dtype: "i32", ...kernel.index, guards: [] }, here);
    const source = evaluate(
      { kind: "load", dtype: kernel.dtype, ...kernel.source, guards: [] },
      here,
    );
    if (target < first || target >= first + targets) continue;
    const element = cell(coordinates.with(outer.length, target - first));
    output[element] = wrap(output[element]! + source, kernel.dtype);
  }
}

function interpretSort(kernel: SortKernel, at: Place): void {
  writeRows(kernel, (row) => rankedPlaces(kernel, row, kernel.descending, at), at);
}

function interpretTopK(kernel: TopKKernel, at: Place): void {
  writeRows(kernel, (row) => rankedPlaces(kernel, row, true, at).slice(0, kernel.k), at);
}

function writeRows(
  { rows, output: { buffer, form } }: SortKernel | TopKKernel,
  placesOf: (row: number) => number[],
  at: Place,
): void {
  const output = valuesOf(buffer, "i32", at);
  for (let row = 0; row < rows; row++)
    placesOf(row).forEach((one, i) => {
      output[place(form, { ...at, coordinates: [row, i], values: new Map() })] = one;
    });
}

/** The places of a row in order; NaN counts as largest, ties go to the lower place. */
function rankedPlaces(
  kernel: SortKernel | TopKKernel,
  row: number,
  descending: boolean,
  at: Place,
): number[] {
  const load: Expr = { kind: "load", dtype: kernel.dtype, ...kernel.source, guards: [] };
  const values = Array.from({ length: kernel.length }, (_, i) =>
    evaluate(load, { ...at, coordinates: [row, i], values: new Map() }),
  );
  const larger = (x: number, y: number): number =>
    Number(Number.isNaN(y)) - Number(Number.isNaN(x)) || (x < y ? 1 : x > y ? -1 : 0);
  const compare = (i: number, j: number): number =>
    descending ? larger(values[i]!, values[j]!) : larger(values[j]!, values[i]!);
  return values.map((_, i) => i).sort((i, j) => compare(i, j) || i - j);
}
