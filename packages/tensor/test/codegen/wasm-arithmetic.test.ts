// What the arithmetic contract promises of rendered kernels beyond single operations: accuracy, fused products, shared code.
import { describe, expect, it } from "vitest";
import type { WasmProgram, WasmTarget } from "../../src/codegen/wasm/abi.ts";
import { renderMap } from "../../src/codegen/wasm/render-map.ts";
import { renderReduce } from "../../src/codegen/wasm/render-reduce.ts";
import { renderRows } from "../../src/codegen/wasm/render-rows.ts";
import { affine } from "../../src/graph/affine.ts";
import { apply, literal, type Expr, type Load } from "../../src/graph/expr.ts";
import { denseForm } from "../../src/graph/linear-form.ts";
import type { MapKernel, ReduceKernel, RowsKernel } from "../../src/schedule/kernel.ts";
import { randomNumbers, RandomKernels } from "./random-kernels.ts";
import { FUSED, PLAIN, runWasmProgram } from "./run-wasm-program.ts";

const TARGETS: readonly [string, WasmTarget][] = [
  ["product and sum apart", PLAIN],
  ["product and sum fused", FUSED],
];

function load(buffer: number, strides: readonly number[]): Load {
  return { kind: "load", dtype: "f32", buffer, form: { strides, offset: affine(0) }, guards: [] };
}

function result(value: number): Expr {
  return { kind: "value", dtype: "f32", kernel: 0, value, form: denseForm([]) };
}

function randomArray(length: number, seed: number): Float32Array<ArrayBuffer> {
  const next = randomNumbers(seed);
  return Float32Array.from({ length }, () => 6 * next() - 3);
}

/** Buffers 0, 1, 2 are a, b, c; buffer 3 is a * b + c. */
function productSum(shape: readonly number[]): MapKernel {
  const dense = denseForm(shape).strides;
  const value = apply("fma", load(0, dense), load(1, dense), load(2, dense));
  return {
    family: "map",
    shape,
    labels: [],
    stores: [{ buffer: 3, dtype: "f32", value, form: denseForm(shape) }],
  };
}

/** (x - mean) / sqrt(variance + 1e-6) of each row, times buffer 1 plus buffer 2; buffer 3 is the output. */
function layerNorm(rows: number, length: number): RowsKernel {
  const x = load(0, [length, 1]);
  const centred = apply("sub", x, apply("div", result(0), load(4, [0, 0])));
  const deviation = apply(
    "sqrt",
    apply("add", apply("div", result(1), load(4, [0, 0])), literal(1e-6)),
  );
  const value = apply("fma", apply("div", centred, deviation), load(1, [0, 1]), load(2, [0, 1]));
  return {
    family: "rows",
    outer: [rows],
    length,
    labels: [],
    steps: [
      { id: 0, fn: "sum", dtype: "f32", body: x },
      { id: 1, fn: "sum", dtype: "f32", body: apply("mul", centred, centred) },
    ],
    rowStores: [],
    stores: [{ buffer: 3, dtype: "f32", value, form: denseForm([rows, length]) }],
  };
}

function layerNormInDoubles(x: Float32Array, scale: Float32Array, shift: Float32Array): number[] {
  const length = scale.length;
  return [...x].map((value, i) => {
    const row = x.subarray(i - (i % length), i - (i % length) + length);
    const mean = row.reduce((sum, v) => sum + v, 0) / length;
    const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / length;
    return ((value - mean) / Math.sqrt(variance + 1e-6)) * scale[i % length]! + shift[i % length]!;
  });
}

describe.each(TARGETS)("with %s", (_, target) => {
  it.each([1, 3, 4, 5, 64, 197, 768])(
    "normalizes rows of %i elements to 1e-6 of the largest",
    (length) => {
      const [x, scale, shift] = [
        randomArray(7 * length, 1),
        randomArray(length, 2),
        randomArray(length, 3),
      ];
      const out = new Float32Array(7 * length);
      const buffers = new Map([
        [0, x],
        [1, scale],
        [2, shift],
        [3, out],
        [4, new Float32Array([length])],
      ]);
      runWasmProgram(renderRows(layerNorm(7, length), target), buffers, { target, cuts: [2, 3] });
      const expected = layerNormInDoubles(x, scale, shift);
      const error = Math.max(...expected.map((value, i) => Math.abs(value - out[i]!)));
      expect(error / Math.max(...expected.map(Math.abs))).toBeLessThan(1e-6);
    },
  );

  it("gives an element the same bits in a whole vector, in a rest and in any cut", () => {
    const inputs = [1, 2, 3].map((seed) => randomArray(64, seed));
    const whole = new Float32Array(64);
    runWasmProgram(renderMap(productSum([64]), target), new Map([...inputs, whole].entries()), {
      target,
    });
    for (let count = 1; count <= 9; count++) {
      const out = new Float32Array(count);
      const buffers = new Map([...inputs.map((input) => input.slice(0, count)), out].entries());
      runWasmProgram(renderMap(productSum([count]), target), buffers, {
        target,
        cuts: [count >> 1],
      });
      expect([...out]).toEqual([...whole.subarray(0, count)]);
    }
  });
});

it("rounds a fused product and sum once, and an unfused one twice", () => {
  const [a, b, c] = [1, 2, 3].map((seed) => randomArray(1000, seed)) as [
    Float32Array<ArrayBuffer>,
    Float32Array<ArrayBuffer>,
    Float32Array<ArrayBuffer>,
  ];
  const [once, twice] = [new Float32Array(1000), new Float32Array(1000)];
  runWasmProgram(
    renderMap(productSum([1000]), FUSED),
    new Map([
      [0, a],
      [1, b],
      [2, c],
      [3, once],
    ]),
    { target: FUSED },
  );
  runWasmProgram(
    renderMap(productSum([1000]), PLAIN),
    new Map([
      [0, a],
      [1, b],
      [2, c],
      [3, twice],
    ]),
  );
  // A product of two f32 is exact in double precision.
  expect([...once]).toEqual([...a].map((x, i) => Math.fround(x * b[i]! + c[i]!)));
  expect([...twice]).toEqual([...a].map((x, i) => Math.fround(Math.fround(x * b[i]!) + c[i]!)));
  expect([...once]).not.toEqual([...twice]);
});

it("gives a row sum the same bits as the reduction of the same row", () => {
  const x = randomArray(5 * 2053, 4);
  const [inRows, inReduce] = [new Float32Array(5), new Float32Array(5)];
  const store = { buffer: 1, dtype: "f32", value: result(0) } as const;
  const body = load(0, [2053, 1]);
  const rows: RowsKernel = {
    family: "rows",
    outer: [5],
    length: 2053,
    labels: [],
    steps: [{ id: 0, fn: "sum", dtype: "f32", body }],
    stores: [],
    rowStores: [{ ...store, form: { strides: [1, 0], offset: affine(0) } }],
  };
  const reduce: ReduceKernel = {
    family: "reduce",
    outer: [5],
    inner: [2053],
    fn: "sum",
    dtype: "f32",
    body,
    labels: [],
    stores: [{ ...store, form: denseForm([5]) }],
  };
  runWasmProgram(
    renderRows(rows, PLAIN),
    new Map([
      [0, x],
      [1, inRows],
    ]),
  );
  runWasmProgram(
    renderReduce(reduce, PLAIN),
    new Map([
      [0, x],
      [1, inReduce],
    ]),
  );
  expect([...inRows]).toEqual([...inReduce]);
});

describe("keys", () => {
  const code = (program: WasmProgram): string => Buffer.from(program.code()).toString("base64");

  it("are shared by kernels that differ in sizes, strides and slots only", () => {
    const [small, large] = [
      renderRows(layerNorm(2, 5), PLAIN),
      renderRows(layerNorm(197, 768), PLAIN),
    ];
    expect(large.key).toBe(small.key);
    expect(code(large)).toBe(code(small));
    expect(large.params).not.toEqual(small.params);
    expect(renderMap(productSum([7]), PLAIN).key).toBe(renderMap(productSum([70]), PLAIN).key);
  });

  it("name the code, in 2000 random kernels", () => {
    const codes = new Map<string, string>();
    for (let seed = 0; seed < 2000; seed++) {
      const next = randomNumbers(seed);
      const shape = [3, 4].slice(0, Math.floor(3 * next()));
      const random = new RandomKernels(next, shape);
      const kernel: MapKernel = {
        family: "map",
        shape,
        labels: [],
        stores: [random.store(random.expression("f32", random.below(2)))],
      };
      const program = renderMap(kernel, PLAIN);
      const known = codes.get(program.key) ?? code(program);
      expect(code(program)).toBe(known);
      codes.set(program.key, known);
    }
    expect(codes.size).toBeLessThan(1500);
    expect(new Set(codes.values()).size).toBeGreaterThan(codes.size / 2);
  });
});
