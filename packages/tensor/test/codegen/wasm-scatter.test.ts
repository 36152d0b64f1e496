// Rendered scatter, sort and topK kernels give the interpreter's bits.
import { expect, it } from "vitest";
import { renderScatter } from "../../src/codegen/wasm/render-scatter.ts";
import { renderSort } from "../../src/codegen/wasm/render-sort.ts";
import { renderTopK } from "../../src/codegen/wasm/render-top-k.ts";
import type { MachineType } from "../../src/dtype.ts";
import { affine } from "../../src/graph/affine.ts";
import type { Load } from "../../src/graph/expr.ts";
import { denseForm } from "../../src/graph/linear-form.ts";
import type { Operand, ScatterKernel, SortKernel, TopKKernel } from "../../src/schedule/kernel.ts";
import { sizeOf, type Shape } from "../../src/shape.ts";
import { findDifferences } from "./find-differences.ts";
import { randomNumbers, RandomKernels } from "./random-kernels.ts";
import { PLAIN } from "./run-wasm-program.ts";

/** A view of a new buffer, without guards. */
function operand(random: RandomKernels, dtype: Load["dtype"]): Operand {
  for (;;) {
    const leaf = random.leaf(dtype);
    if (leaf.kind === "load" && leaf.guards.length === 0)
      return { buffer: leaf.buffer, form: leaf.form };
  }
}

/** A dense output of `shape`, from anywhere in a new buffer that may be larger. */
function written(random: RandomKernels, dtype: MachineType, shape: Shape): Operand {
  const dense = denseForm(shape);
  const before = random.pick([0, 0, 3]);
  return {
    buffer: random.buffer(dtype, before + sizeOf(shape) + random.below(2)),
    form: { strides: dense.strides, offset: affine(before) },
  };
}

function randomScatter(seed: number): { kernel: ScatterKernel; random: RandomKernels } {
  const next = randomNumbers(seed);
  const sizes = (): number[] =>
    Array.from({ length: Math.floor(next() * 3) }, () => 1 + Math.floor(next() * 5));
  const [outer, inner] = [sizes(), sizes()];
  const [sources, targets] = [Math.floor(next() * 12), 1 + Math.floor(next() * 6)];
  const random = new RandomKernels(next, [...outer, Math.max(1, sources), ...inner]);
  const dtype = random.pick(["f32", "i32", "u32"] as const);
  const [index, source] = [operand(random, "i32"), operand(random, dtype)];
  const places = random.buffers.get(index.buffer)!;
  for (let i = 0; i < places.length; i++) places[i] = random.below(targets + 2) - 1;
  const output = written(random, dtype, [...outer, targets, ...inner]);
  const first = random.pick([0, 0, 1, 2]);
  return {
    kernel: {
      family: "scatter",
      outer,
      first,
      targets,
      sources,
      inner,
      dtype,
      index,
      source,
      output,
      labels: [],
    },
    random,
  };
}

function randomTopK(seed: number): { kernel: TopKKernel; random: RandomKernels } {
  const next = randomNumbers(seed);
  const [rows, length] = [1 + Math.floor(next() * 6), 1 + Math.floor(next() * 40)];
  const k = Math.floor(next() * (length + 1));
  const random = new RandomKernels(next, [rows, length]);
  const dtype = random.pick(["f32", "f32", "i32", "u32", "bool"] as const);
  const source = operand(random, dtype);
  return {
    kernel: {
      family: "topK",
      rows,
      length,
      k,
      dtype,
      source,
      output: written(random, "i32", [rows, k]),
      labels: [],
    },
    random,
  };
}

function randomSort(seed: number): { kernel: SortKernel; random: RandomKernels } {
  const next = randomNumbers(seed);
  const [rows, length] = [1 + Math.floor(next() * 6), 1 + Math.floor(next() * 300)];
  const random = new RandomKernels(next, [rows, length]);
  const dtype = random.pick(["f32", "f32", "i32", "u32", "bool"] as const);
  const source = operand(random, dtype);
  const output = written(random, "i32", [rows, length]);
  const descending = next() < 0.5;
  return {
    kernel: { family: "sort", rows, length, descending, dtype, source, output, labels: [] },
    random,
  };
}

it("adds sources to their targets in order, in 300 random cases", () => {
  for (let seed = 0; seed < 300; seed++) {
    const { kernel, random } = randomScatter(seed);
    expect(findDifferences(kernel, renderScatter(kernel, PLAIN), random), `kernel ${seed}`).toEqual(
      [],
    );
  }
});

it("ranks rows with NaN, infinities, zeros and ties, in 300 random cases", () => {
  for (let seed = 0; seed < 300; seed++) {
    const { kernel, random } = randomTopK(seed);
    expect(findDifferences(kernel, renderTopK(kernel, PLAIN), random), `kernel ${seed}`).toEqual(
      [],
    );
  }
});

it("sorts rows with NaN, infinities, zeros and ties, in 300 random cases", () => {
  for (let seed = 0; seed < 300; seed++) {
    const { kernel, random } = randomSort(seed);
    expect(findDifferences(kernel, renderSort(kernel, PLAIN), random), `kernel ${seed}`).toEqual(
      [],
    );
  }
});
