// Rendered row programs give the interpreter's bits, however their rows are dealt out.
import { expect, it } from "vitest";
import { renderRows } from "../../src/codegen/wasm/render-rows.ts";
import type { MachineType } from "../../src/dtype.ts";
import { literal } from "../../src/graph/expr.ts";
import { denseForm } from "../../src/graph/linear-form.ts";
import type { Reduction } from "../../src/graph/node.ts";
import type { RowStep, RowsKernel } from "../../src/schedule/kernel.ts";
import { findDifferences } from "./find-differences.ts";
import { randomNumbers, RandomKernels } from "./random-kernels.ts";
import { PLAIN } from "./run-wasm-program.ts";

const REDUCTIONS: readonly Reduction[] = ["sum", "prod", "max", "min", "argmax", "argmin"];
const DTYPES: readonly MachineType[] = ["f32", "f32", "i32", "u32"];

function randomRows(seed: number, length: number): { kernel: RowsKernel; random: RandomKernels } {
  const next = randomNumbers(seed);
  const outer = Array.from(
    { length: Math.floor(next() * 4) },
    () => 1 + Math.floor(next() * (length > 100 ? 2 : 4)),
  );
  const random = new RandomKernels(next, [...outer, length]);
  const steps = Array.from({ length: random.below(5) }, (_, id) => randomStep(random, id));
  const stores = Array.from({ length: steps.length === 0 ? 1 : random.below(3) }, () =>
    random.store(random.expression(random.pick(DTYPES), random.below(4))),
  );
  random.fixedAxes = [outer.length];
  const rowStores = Array.from({ length: stores.length === 0 ? 1 : random.below(3) }, () => {
    const store = random.store(random.expression(random.pick(DTYPES), 2), outer);
    return { ...store, form: { ...store.form, strides: [...store.form.strides, 0] } };
  });
  return {
    kernel: { family: "rows", outer, length, steps, rowStores, stores, labels: [] },
    random,
  };
}

function randomStep(random: RandomKernels, id: number): RowStep {
  const fn = random.pick(REDUCTIONS);
  const body = random.reducible(
    fn,
    random.pick(fn === "sum" || fn === "prod" ? DTYPES : [...DTYPES, "bool"]),
    random.below(4),
  );
  const dtype = fn.startsWith("arg") ? "i32" : body.dtype;
  random.results.push({ kind: "value", dtype, kernel: 0, value: id, form: denseForm([]) });
  return { id, fn, dtype, body };
}

const LENGTHS: readonly [length: number, kernels: number][] = [
  [1, 60],
  [2, 30],
  [3, 60],
  [4, 60],
  [5, 60],
  [8, 60],
  [63, 30],
  [64, 30],
  [65, 30],
  [197, 15],
  [768, 6],
  [1023, 4],
  [1024, 4],
  [2053, 4],
];

it.each(LENGTHS)("gives the interpreter's bits on rows of %i elements", (length, kernels) => {
  for (let seed = 0; seed < kernels; seed++) {
    const { kernel, random } = randomRows(1000 * length + seed, length);
    expect(findDifferences(kernel, renderRows(kernel, PLAIN), random), `kernel ${seed}`).toEqual(
      [],
    );
  }
});

it("sums an empty row to 0 and multiplies it to 1", () => {
  const random = new RandomKernels(randomNumbers(1), [3, 0]);
  const value = { kind: "value", dtype: "f32", kernel: 0, value: 0, form: denseForm([]) } as const;
  for (const fn of ["sum", "prod"] as const) {
    const store = random.store(value, [3]);
    const kernel: RowsKernel = {
      family: "rows",
      outer: [3],
      length: 0,
      labels: [],
      steps: [{ id: 0, fn, dtype: "f32", body: literal(5) }],
      rowStores: [{ ...store, form: { ...store.form, strides: [1, 0] } }],
      stores: [],
    };
    expect(findDifferences(kernel, renderRows(kernel, PLAIN), random)).toEqual([]);
  }
});
