// Windows of random kernels, run one after another by the interpreter: together they are the kernel, and each fits.
import { expect, it, test } from "vitest";
import type { TypedArray } from "../../src/dtype.ts";
import { PrismaError } from "../../src/errors.ts";
import { affine } from "../../src/graph/affine.ts";
import type { BufferId, Expr } from "../../src/graph/expr.ts";
import { denseForm } from "../../src/graph/linear-form.ts";
import { windowLaunches, type WindowLaunch } from "../../src/device/webgpu/binding-windows.ts";
import { cutKernel } from "../../src/device/webgpu/cut-kernel.ts";
import { buffersWritten } from "../../src/schedule/kernel-buffers.ts";
import type { Kernel, Operand } from "../../src/schedule/kernel.ts";
import { sizeOf, type Shape } from "../../src/shape.ts";
import { randomContract } from "../codegen/random-contracts.ts";
import { randomNumbers, RandomKernels } from "../codegen/random-kernels.ts";
import { interpretKernel } from "../kernel-interpreter.ts";

const LIMITS = { words: 34, alignment: 4, count: 16 };
const PART = 32;

type Made = { readonly kernel: Kernel; readonly random: RandomKernels };

function start(seed: number, axes: number): RandomKernels {
  const next = randomNumbers(seed);
  const shape = Array.from({ length: axes }, () => 1 + Math.floor(next() * (axes > 2 ? 7 : 16)));
  return new RandomKernels(next, shape);
}

function randomMap(seed: number): Made {
  const random = start(seed, 2 + (seed % 3));
  const stores = [0, 1].map(() => random.store(random.expression(random.pick(["f32", "i32"]), 2)));
  return { kernel: { family: "map", shape: random.shape, stores, labels: ["map"] }, random };
}

/** A value of a row or of a reduction, as an expression. */
const result = (dtype: "f32"): Extract<Expr, { kind: "value" }> => ({
  kind: "value",
  dtype,
  kernel: 0,
  value: 0,
  form: denseForm([]),
});

function randomRows(seed: number): Made {
  const random = start(seed, 3);
  const [outer, length] = [random.shape.slice(0, 2), random.shape[2]!];
  const steps = [
    { id: 0, fn: "sum", dtype: "f32", body: random.reducible("sum", "f32", 2) },
  ] as const;
  random.results.push(result("f32"));
  const stores = [random.store(random.expression("f32", 2))];
  const row = random.store(result("f32"), outer);
  const rowStores = [{ ...row, form: { ...row.form, strides: [...row.form.strides, 0] } }];
  const kernel = {
    family: "rows",
    outer,
    length,
    steps,
    rowStores,
    stores,
    labels: ["rows"],
  } as const;
  return { kernel, random };
}

function randomReduce(seed: number): Made {
  const random = start(seed, 4);
  const [outer, inner] = [random.shape.slice(0, 2), random.shape.slice(2)];
  const body = random.reducible("max", "f32", 2);
  random.shape = outer;
  const stores = [random.store(result("f32"))];
  const labels = ["reduce"];
  return {
    kernel: { family: "reduce", outer, inner, fn: "max", dtype: "f32", body, stores, labels },
    random,
  };
}

/** A dense view of a new buffer, all or part of it. */
function dense(random: RandomKernels, dtype: "f32" | "i32", shape: Shape): Operand {
  const before = random.below(5);
  const form = { strides: denseForm(shape).strides, offset: affine(before) };
  return { buffer: random.buffer(dtype, before + sizeOf(shape)), form };
}

function randomScatter(seed: number): Made {
  const random = start(seed, 4);
  const [a = 1, targets = 1, sources = 1, b = 1] = random.shape;
  const [index, source] = [
    dense(random, "i32", [a, sources, b]),
    dense(random, "f32", [a, sources, b]),
  ];
  const places = random.buffers.get(index.buffer)!;
  places.forEach((_, i) => (places[i] = random.below(targets + 2) - 1));
  const output = dense(random, "f32", [a, targets, b]);
  const sizes = { outer: [a], first: 0, targets, sources, inner: [b] };
  return {
    kernel: {
      family: "scatter",
      ...sizes,
      dtype: "f32",
      index,
      source,
      output,
      labels: ["scatter"],
    },
    random,
  };
}

function randomRanking(seed: number): Made {
  const random = start(seed, 2);
  const [rows = 1, length = 1] = random.shape;
  const source = dense(random, "f32", [rows, length]);
  const k = 1 + random.below(length);
  const shared = { rows, length, dtype: "f32", source, labels: ["rank"] } as const;
  const kernel: Kernel =
    seed % 2 === 0
      ? {
          ...shared,
          family: "sort",
          descending: false,
          output: dense(random, "i32", [rows, length]),
        }
      : { ...shared, family: "topK", k, output: dense(random, "i32", [rows, k]) };
  return { kernel, random };
}

const contraction = (seed: number): Made =>
  randomContract(seed, { largest: 12, element: (x) => Math.round(8 * x - 4), depth: 2 });

/** Computes a launch by the interpreter, which finds only what the launch binds. */
function runWindow(
  { kernel, random: { slots } }: Made,
  { window, ranges, rangeOf }: WindowLaunch,
  buffers: ReadonlyMap<BufferId, TypedArray>,
): void {
  const bound = new Map(
    ranges.map(({ buffer, first, words }, id) => [
      id,
      buffers.get(buffer)!.slice(first, first + words) as TypedArray,
    ]),
  );
  let next = 0;
  const cut = cutKernel(kernel, window, () => {
    const buffer = rangeOf[next++]!;
    return { buffer, first: ranges[buffer]!.first };
  });
  interpretKernel(cut, bound, slots);
  for (const id of buffersWritten(cut)) {
    const { buffer, first } = ranges[id]!;
    buffers.get(buffer)!.set(bound.get(id)!, first);
  }
}

const bits = (array: TypedArray): string =>
  String([...array].map((x) => (Number.isNaN(x) ? "NaN" : Object.is(x, -0) ? "-0" : x)));

/** The launches of a kernel, or none where it is refused. */
function launchesOf({ kernel, random: { buffers, slots } }: Made): WindowLaunch[] {
  try {
    return windowLaunches(kernel, slots, (id) => buffers.get(id)!.length, LIMITS);
  } catch (error) {
    if (error instanceof PrismaError && error.code === "SIZE_LIMIT") return [];
    throw error;
  }
}

function expectFits({ ranges }: WindowLaunch, buffers: Made["random"]["buffers"]): void {
  const bindings = ranges.reduce((sum, { parts }) => sum + parts, 0);
  expect(bindings).toBeLessThanOrEqual(LIMITS.count);
  for (const { buffer, first, words, parts } of ranges) {
    expect([first % LIMITS.alignment, parts]).toEqual([0, Math.ceil(words / PART)]);
    expect(first + words).toBeLessThanOrEqual(buffers.get(buffer)!.length);
  }
}

/** Checks the launches of a kernel, at least one. */
function expectWhole(made: Made, launches: readonly WindowLaunch[]): void {
  const { kernel, random } = made;
  const copy = (): Map<BufferId, TypedArray> =>
    new Map([...random.buffers].map(([id, array]) => [id, array.slice() as TypedArray]));
  const [whole, parts] = [copy(), copy()];
  interpretKernel(kernel, whole, random.slots);
  for (const launch of launches) {
    expectFits(launch, random.buffers);
    runWindow(made, launch, parts);
  }
  for (const id of buffersWritten(kernel)) expect(bits(parts.get(id)!)).toBe(bits(whole.get(id)!));
}

const FAMILIES = [
  ["map", randomMap],
  ["rows", randomRows],
  ["reduce", randomReduce],
  ["contract", contraction],
  ["scatter", randomScatter],
  ["sort and topK", randomRanking],
] as const;

it.each(FAMILIES)("cuts 200 random kernels: %s", (_, make) => {
  const made = Array.from({ length: 200 }, (__, seed) => make(seed));
  const cut = made.map((one) => launchesOf(one));
  expect(cut.filter(({ length }) => length > 1).length).toBeGreaterThan(50);
  expect(cut.filter(({ length }) => length === 0).length).toBeLessThan(80);
  made.forEach((one, i) => {
    if (cut[i]!.length > 0) expectWhole(one, cut[i]!);
  });
});

test("refused kernels say what is too long, the limit, and what to do", () => {
  const load = (stride: number): Expr => ({
    kind: "load",
    dtype: "f32",
    buffer: 0,
    form: { strides: [stride], offset: affine(0) },
    guards: [],
  });
  const kernel: Kernel = {
    family: "rows",
    outer: [],
    length: 40,
    steps: [],
    rowStores: [],
    stores: [{ buffer: 1, dtype: "f32", value: load(1), form: denseForm([40]) }],
    labels: ["softmax"],
  };
  expect(() => windowLaunches(kernel, [], () => 40, LIMITS)).toThrow(
    /softmax writes rows of 160 bytes.* this adapter binds 136; split the rows, or use init\(\{ device: "wasm" \}\)/,
  );
  const reduced: Kernel = {
    family: "reduce",
    outer: [],
    inner: [500],
    fn: "sum",
    dtype: "f32",
    body: load(1),
    stores: [{ buffer: 1, dtype: "f32", value: result("f32"), form: denseForm([]) }],
    labels: ["sum"],
  };
  expect(() => windowLaunches(reduced, [], () => 500, LIMITS)).toThrow(
    /sum needs 17 bindings of up to 136 bytes for one row, and this adapter takes 16; split the rows, or/,
  );
});
