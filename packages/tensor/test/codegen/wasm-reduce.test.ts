// Rendered reductions give the interpreter's bits, over any axes, with vectors along inputs and along outputs.
import { expect, it } from "vitest";
import { renderReduce } from "../../src/codegen/wasm/render-reduce.ts";
import type { MachineType } from "../../src/dtype.ts";
import { affine } from "../../src/graph/affine.ts";
import type { Load } from "../../src/graph/expr.ts";
import { denseForm } from "../../src/graph/linear-form.ts";
import type { Reduction } from "../../src/graph/node.ts";
import type { ReduceKernel } from "../../src/schedule/kernel.ts";
import { findDifferences } from "./find-differences.ts";
import { randomNumbers, RandomKernels } from "./random-kernels.ts";
import { PLAIN, runWasmProgram } from "./run-wasm-program.ts";

const REDUCTIONS: readonly Reduction[] = ["sum", "prod", "max", "min", "argmax", "argmin"];
const DTYPES: readonly MachineType[] = ["f32", "f32", "i32", "u32"];

function randomReduce(seed: number): { kernel: ReduceKernel; random: RandomKernels } {
  const next = randomNumbers(seed);
  const sizes = (below: number): number[] =>
    Array.from({ length: Math.floor(next() * 4) }, () => 1 + Math.floor(next() * below));
  const [outer, inner] = [sizes(4), sizes(4)];
  if (outer.length > 0) outer[outer.length - 1] = 1 + Math.floor(next() * 40);
  if (inner.length > 0) inner[inner.length - 1] = 1 + Math.floor(next() * 20);
  const random = new RandomKernels(next, [...outer, ...inner]);
  const fn = random.pick(REDUCTIONS);
  const body = random.reducible(
    fn,
    random.pick(fn === "sum" || fn === "prod" ? DTYPES : [...DTYPES, "bool"]),
    random.below(4),
  );
  const dtype = fn.startsWith("arg") ? "i32" : body.dtype;
  random.shape = outer;
  random.results.push({ kind: "value", dtype, kernel: 0, value: 0, form: denseForm(outer) });
  const stores = Array.from({ length: 1 + random.below(2) }, () =>
    random.store(random.expression(random.pick(DTYPES), random.below(3))),
  );
  return {
    kernel: { family: "reduce", outer, inner, fn, dtype, body, stores, labels: [] },
    random,
  };
}

const BATCHES = Array.from({ length: 20 }, (_, i) => i);

it.each(BATCHES)("gives the interpreter's bits on 25 random reductions, batch %i", (batch) => {
  for (let seed = 25 * batch; seed < 25 * (batch + 1); seed++) {
    const { kernel, random } = randomReduce(seed);
    expect(findDifferences(kernel, renderReduce(kernel, PLAIN), random), `kernel ${seed}`).toEqual(
      [],
    );
  }
});

it("takes both ways through memory in the random cases", () => {
  const ways = Array.from(
    { length: 500 },
    (_, seed) => renderReduce(randomReduce(seed).kernel, PLAIN).key.split(" ")[1],
  );
  expect(ways.filter((way) => way === "true").length).toBeGreaterThan(50);
  expect(ways.filter((way) => way === "false").length).toBeGreaterThan(50);
});

it.each([
  [[1 << 20], [1]],
  [
    [1 << 16, 16],
    [16, 1],
  ],
])("sums %o elements to six digits", (inner, strides) => {
  const count = 1 << 20;
  const next = randomNumbers(3);
  const x = Float32Array.from({ length: count }, () => next() + 0.5);
  const body: Load = {
    kind: "load",
    dtype: "f32",
    buffer: 0,
    form: { strides, offset: affine(0) },
    guards: [],
  };
  const value = { kind: "value", dtype: "f32", kernel: 0, value: 0, form: denseForm([]) } as const;
  const out = new Float32Array(1);
  const kernel: ReduceKernel = {
    family: "reduce",
    outer: [],
    inner,
    fn: "sum",
    dtype: "f32",
    body,
    labels: [],
    stores: [{ buffer: 1, dtype: "f32", value, form: denseForm([]) }],
  };
  runWasmProgram(
    renderReduce(kernel, PLAIN),
    new Map([
      [0, x],
      [1, out],
    ]),
  );
  const exact = x.reduce((sum, v) => sum + v, 0);
  expect(Math.abs(out[0]! - exact) / exact).toBeLessThan(1e-6);
});
