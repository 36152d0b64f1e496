// What explain says of programs worked out by hand: kernels, sizes, bytes, operations; and that it runs nothing.
import {
  arange,
  concat,
  currentDevice,
  explain,
  memory,
  readSafetensors,
  realize,
  scope,
  tensor,
  uniform,
  writeSafetensors,
  type Tensor,
} from "@prisma/tensor";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { onEachDevice } from "../each-device.ts";

/** Realized inputs: x and y [6, 10], row [10], w [10, 7], bias [7]. */
interface Inputs {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly row: Tensor;
  readonly w: Tensor;
  readonly bias: Tensor;
}

const X = 60;
const ROW = 10;
const W = 70;
const BIAS = 7;
const OUT = 42;
/** 2 x 6 x 7 x 10. */
const PRODUCT_FLOPS = 840;

/** What one kernel is expected to be: family, size, elements touched, and operations (null: not counted by hand). */
type Row = readonly [family: string, size: string, elements: number, flops: number | null];

const PROGRAMS: readonly (readonly [name: string, build: (i: Inputs) => Tensor, kernels: Row[]])[] =
  [
    ["a function of one tensor", ({ x }) => x.relu(), [["map", "60", 2 * X, X]]],
    [
      "an elementwise chain",
      ({ x, y, row }) => x.mul(2).add(y).sub(row),
      [["map", "6 x 10", 3 * X + ROW, 3 * X]],
    ],
    [
      "a chain with functions",
      ({ x, y }) => x.mul(2).add(y).exp().tanh().gelu(),
      [["map", "60", 3 * X, null]],
    ],
    ["a tensor read twice", ({ x }) => x.mul(x).add(x), [["map", "60", 2 * X, 2 * X]]],
    ["softmax", ({ x }) => x.softmax(), [["rows", "6 x 10", 2 * X, null]]],
    ["logSoftmax", ({ x }) => x.logSoftmax(), [["rows", "6 x 10", 2 * X, null]]],
    [
      "layerNorm",
      ({ x, row }) => x.layerNorm({ weight: row }),
      [["rows", "6 x 10", 2 * X + ROW, null]],
    ],
    [
      "division by the length of rows",
      ({ x }) => x.div(x.norm(-1, { keepDims: true })),
      [["rows", "6 x 10", 2 * X, null]],
    ],
    ["a sum of rows", ({ x }) => x.sum(1), [["rows", "6 x 10", X + 6, X]]],
    ["a sum of columns", ({ x }) => x.sum(0), [["reduce", "10 x 6", X + 10, X]]],
    ["a sum of everything", ({ x }) => x.sum(), [["rows", "1 x 60", X + 1, X]]],
    [
      "a product",
      ({ x, w }) => x.matmul(w),
      [["contract", "1 x 6 x 7 x 10", X + W + OUT, PRODUCT_FLOPS]],
    ],
    [
      "a product, its bias and a residual",
      ({ x, w, bias, y }) =>
        x
          .matmul(w)
          .add(bias)
          .add(y.get([null, [0, 7]])),
      [["contract", "1 x 6 x 7 x 10", X + W + BIAS + 2 * OUT, PRODUCT_FLOPS + 2 * OUT]],
    ],
    [
      "a product, its bias and gelu",
      ({ x, w, bias }) => x.matmul(w).add(bias).gelu(),
      [["contract", "1 x 6 x 7 x 10", X + W + BIAS + OUT, null]],
    ],
    [
      "attention scores, scaled, and their softmax",
      ({ x, y }) => heads(x).matmul(heads(y).transpose()).mul(0.5).softmax(),
      [
        ["contract", "2 x 3 x 3 x 10", 2 * X + 18, 2 * 18 * 10 + 18],
        ["rows", "6 x 3", 36, null],
      ],
    ],
    [
      "a normalised product",
      ({ x, w, row, bias }) => x.layerNorm({ weight: row, bias: row }).matmul(w).add(bias),
      [
        ["rows", "6 x 10", 2 * X + ROW, null],
        ["contract", "1 x 6 x 7 x 10", X + W + BIAS + OUT, PRODUCT_FLOPS + OUT],
      ],
    ],
    ["a view", ({ x }) => x.transpose().flip([0]), []],
    [
      "a view that cannot be one",
      ({ x }) => x.transpose().reshape([60]),
      [["map", "10 x 6", 2 * X, 0]],
    ],
    ["a small part", ({ x }) => x.get([1]), [["map", "10", 2 * ROW, 0]]],
    ["two tensors as one", ({ x, y }) => concat([x, y]), [["map", "12 x 10", 4 * X, null]]],
    [
      "a border",
      ({ x }) =>
        x.pad([
          [1, 1],
          [0, 0],
        ]),
      [["map", "8 x 10", 80 + X, null]],
    ],
    ["numbers of no input", () => arange(5), [["map", "5", 5, null]]],
    [
      "picked rows",
      ({ x }) => x.get([{ list: [1, 4, 1] }]),
      [["map", "3 x 10", 30 + 3 + 30, null]],
    ],
    ["the largest of rows", ({ x }) => x.topK(2).indices, [["topK", "6 x 10", X + 12, null]]],
  ];

const heads = (x: Tensor): Tensor => x.reshape([2, 3, 10]);

onEachDevice(() => {
  let inputs: Inputs;
  beforeEach(async () => {
    inputs = {
      x: uniform([6, 10], { seed: 1 }),
      y: uniform([6, 10], { seed: 2 }),
      row: uniform([10], { seed: 3 }),
      w: uniform([10, 7], { seed: 4 }),
      bias: uniform([7], { seed: 5 }),
    };
    await realize(...(Object.values(inputs) as Tensor[]));
  });
  afterEach(() => {
    for (const one of Object.values(inputs) as Tensor[]) one.dispose();
  });

  test.each(PROGRAMS)("%s", async (_, build, expected) => {
    using result = scope(() => build(inputs));
    const { kernels, bytes, flops } = explain(result);
    const rows = kernels.map((kernel, i): Row => {
      const counted = expected[i]?.[3] !== null;
      return [kernel.family, kernel.size, kernel.bytes / 4, counted ? kernel.flops : null];
    });
    expect(rows).toEqual(expected);
    expect(bytes).toBe(kernels.reduce((sum, kernel) => sum + kernel.bytes, 0));
    expect(flops).toBe(kernels.reduce((sum, kernel) => sum + kernel.flops, 0));

    const launch = vi.spyOn(currentDevice().port, "launch");
    await result.realize();
    const launched = launch.mock.calls.flatMap(([launches]) => launches);
    launch.mockRestore();
    expect(launched.map(({ prepared }) => prepared.kernel.family)).toEqual(
      expected.map(([family]) => family),
    );
    expect(explain(result).kernels, "once it is realized").toEqual([]);
  });

  describe("explain itself", () => {
    test("loads nothing, allocates nothing, launches nothing", async () => {
      const bytes = await writeSafetensors(new Map([["w", inputs.w]]));
      const read = vi.fn<(begin: number, end: number) => Promise<Uint8Array<ArrayBuffer>>>(
        async (begin, end) => bytes.slice(begin, end),
      );
      const source = { name: "file", size: async () => bytes.length, read };
      const { tensors } = await readSafetensors(source);
      using w = tensors.get("w")!;
      using product = scope(() => inputs.x.matmul(w).add(tensor([1, 2, 3, 4, 5, 6, 7])));
      const reads = read.mock.calls.length;
      const { plans: _, ...before } = memory();
      const launch = vi.spyOn(currentDevice().port, "launch");
      const explained = explain(product);
      expect(explained.kernels).toHaveLength(1);
      expect(launch).not.toHaveBeenCalled();
      launch.mockRestore();
      expect(read.mock.calls.length).toBe(reads);
      expect(memory()).toMatchObject(before);
      const { plans } = memory();
      await product.data();
      expect(memory().plans, "the plan explained is the plan run").toBe(plans);
    });

    test("counts what several tensors share once", () => {
      const [both, each] = scope(() => {
        const shared = inputs.x.matmul(inputs.w);
        const results = [shared.softmax(), shared.sum(0)];
        return [explain(...results), results.map((one) => explain(one))];
      });
      expect(both.flops).toBe(each[0]!.flops + each[1]!.flops - PRODUCT_FLOPS);
      expect(explain().kernels).toEqual([]);
    });

    test("names of this graph, not of the one its plan was made for", async () => {
      const build = (name: string): Tensor =>
        scope(() => inputs.x.matmul(inputs.w).named(`${name} scores`).softmax().named(name));
      const launch = vi.spyOn(currentDevice().port, "launch");
      const { plans } = memory();
      for (const name of ["first", "second"]) {
        using result = build(name);
        const labels = explain(result).kernels.flatMap((kernel) => kernel.labels);
        expect(labels).toContain(`${name} scores`);
        expect(labels).toContain(name);
        await result.realize();
        expect(launch.mock.lastCall?.[0].flatMap((one) => one.labels)).toEqual(labels);
      }
      launch.mockRestore();
      expect(memory().plans - plans).toBeLessThanOrEqual(1);
    });

    test("as text: one line a kernel, with its labels", () => {
      const text = scope(() =>
        String(explain(inputs.x.matmul(inputs.w).named("scores").exp().softmax().named("pattern"))),
      );
      const lines = text.split("\n");
      expect(lines).toHaveLength(2);
      expect(lines[0]).toMatch(
        /^ {2}0 {2}contract 1 x 6 x 7 x 10 +688 B {2}\d+ flop {2}scores > exp$/,
      );
      expect(lines[1]).toMatch(/^ {2}1 {2}rows +6 x 7 +336 B .* > pattern$/);
    });
  });
});
