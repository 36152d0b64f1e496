// Contractions beside other arithmetic: exact on whole numbers with any epilogue, the sizes of ViTs, every tile, shared code.
import { describe, expect, it } from "vitest";
import type { WasmTarget } from "../../src/codegen/wasm/abi.ts";
import { DEFAULT_TILE, type Tile } from "../../src/codegen/wasm/contract-tile.ts";
import { renderContract } from "../../src/codegen/wasm/render-contract.ts";
import { affine } from "../../src/graph/affine.ts";
import { apply, literal, type Expr } from "../../src/graph/expr.ts";
import { FUNCTIONS } from "../../src/graph/functions/index.ts";
import { denseForm } from "../../src/graph/linear-form.ts";
import type { ContractKernel } from "../../src/schedule/kernel.ts";
import { sizeOf } from "../../src/shape.ts";
import { interpretKernel } from "../kernel-interpreter.ts";
import { findDifferences } from "./find-differences.ts";
import { PRODUCT, randomContract } from "./random-contracts.ts";
import { randomNumbers } from "./random-kernels.ts";
import { FUSED, PLAIN, runWasmProgram, type LaunchOptions } from "./run-wasm-program.ts";

type Layout = "[n][k]" | "[k][n]";
type Sizes = {
  readonly batch?: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
};

const TARGETS: readonly [string, WasmTarget][] = [
  ["product and sum apart", PLAIN],
  ["product and sum fused", FUSED],
];
const TILES: readonly Tile[] = [
  { ...DEFAULT_TILE, unroll: 4 },
  { ...DEFAULT_TILE, order: "loads-first" },
  { rows: 6, columns: 8, unroll: 1, order: "splat-before-use" },
  { rows: 2, columns: 16, unroll: 2, order: "splat-before-use" },
  { rows: 3, columns: 12, unroll: 1, order: "loads-first" },
  { rows: 1, columns: 4, unroll: 1, order: "splat-before-use" },
];
const BATCHES = Array.from({ length: 10 }, (_, i) => i);

/** A kernel on dense operands; buffers are a, b, the output, then what the epilogue reads. */
function denseContract(
  { batch = 1, m, n, k }: Sizes,
  layout: Layout,
  value: Expr = PRODUCT,
): ContractKernel {
  const strides = layout === "[n][k]" ? [n * k, k, 1] : [n * k, 1, n];
  return {
    family: "contract",
    batch: [batch],
    m: [m],
    n: [n],
    k: [k],
    labels: [],
    a: { buffer: 0, form: denseForm([batch, m, k]) },
    b: { buffer: 1, form: { strides, offset: affine(0) } },
    stores: [{ buffer: 2, dtype: "f32", value, form: denseForm([batch, m, n]) }],
  };
}

function randomArray(length: number, seed: number): Float32Array<ArrayBuffer> {
  const next = randomNumbers(seed);
  return Float32Array.from({ length }, () => 2 * next() - 1);
}

/** The output of a dense kernel. */
function multiply(
  kernel: ContractKernel,
  a: Float32Array<ArrayBuffer>,
  b: Float32Array<ArrayBuffer>,
  options: LaunchOptions & { tile?: Tile; parts?: number } = {},
): Float32Array {
  const { target = PLAIN, tile = DEFAULT_TILE, parts = 1 } = options;
  const out = new Float32Array(sizeOf(kernel.batch) * sizeOf(kernel.m) * sizeOf(kernel.n));
  const program = renderContract(kernel, target, tile);
  const cuts = Array.from({ length: parts - 1 }, (_, i) =>
    Math.floor(((i + 1) * program.items) / parts),
  );
  runWasmProgram(program, new Map([a, b, out].entries()), { target, cuts });
  return out;
}

/** The largest error of a dense kernel's output in units of `(k + 4) 2^-24 sum |a| |b|`. */
function worstError(
  { m, n, k, b: { form } }: ContractKernel,
  a: Float32Array,
  b: Float32Array,
  actual: Float32Array,
): number {
  const [rows, columns, depth] = [sizeOf(m), sizeOf(n), sizeOf(k)];
  const [batchStride = 0, columnStride = 0, depthStride = 0] = form.strides;
  return actual.reduce((worst, value, i) => {
    const [column, row] = [i % columns, Math.floor(i / columns)];
    const start = Math.floor(row / rows) * batchStride + column * columnStride;
    let [sum, magnitude] = [0, 0];
    for (let p = 0; p < depth; p++) {
      const product = a[row * depth + p]! * b[start + p * depthStride]!;
      sum += product;
      magnitude += Math.abs(product);
    }
    return Math.max(worst, Math.abs(value - sum) / ((depth + 4) * 2 ** -24 * magnitude));
  }, 0);
}

it.each(BATCHES)(
  "gives the interpreter's bits on 12 contractions of small whole numbers with random epilogues, batch %i",
  (batch) => {
    for (let seed = 12 * batch; seed < 12 * (batch + 1); seed++) {
      const { kernel, random } = randomContract(seed, {
        largest: seed % 4 === 0 ? 70 : 16,
        depth: 4,
        element: (x) => Math.floor(9 * x) - 4,
      });
      expect(
        findDifferences(kernel, renderContract(kernel, PLAIN), random),
        `kernel ${seed}`,
      ).toEqual([]);
    }
  },
);

describe.each(TARGETS)("with %s", (_, target) => {
  it.each<Sizes>([
    { batch: 2, m: 197, n: 64, k: 197 },
    { batch: 3, m: 197, n: 197, k: 64 },
    { batch: 1, m: 197, n: 40, k: 768 },
    { batch: 1, m: 50, n: 768, k: 197 },
    { batch: 1, m: 1, n: 1000, k: 192 },
    { batch: 1, m: 300, n: 1, k: 513 },
    { batch: 1, m: 260, n: 130, k: 260 },
    { batch: 1, m: 5, n: 3, k: 6000 },
  ])(
    "multiplies $batch times $m x $k by $k x $n within rounding, and cuts change no bit",
    (sizes) => {
      const { batch = 1, m, n, k } = sizes;
      const [a, b] = [randomArray(batch * m * k, 1), randomArray(batch * n * k, 2)];
      for (const layout of ["[n][k]", "[k][n]"] as const) {
        const kernel = denseContract(sizes, layout);
        const whole = multiply(kernel, a, b, { target });
        expect(worstError(kernel, a, b, whole)).toBeLessThanOrEqual(2);
        expect(multiply(kernel, a, b, { target, parts: 4 })).toEqual(whole);
      }
    },
  );

  it("gives an element the same bits whatever stands beside it", () => {
    const [m, n, k] = [23, 45, 600];
    const [a, b] = [randomArray(m * k, 3), randomArray(n * k, 4)];
    const whole = multiply(denseContract({ m, n, k }, "[n][k]"), a, b, { target });
    for (const [row, column] of [
      [0, 0],
      [22, 44],
      [7, 31],
      [20, 43],
    ] as const) {
      const alone = multiply(
        denseContract({ m: 1, n: 1, k }, "[n][k]"),
        a.slice(row * k, (row + 1) * k),
        b.slice(column * k, (column + 1) * k),
        { target },
      );
      expect(alone[0]).toBe(whole[row * n + column]);
    }
  });

  it.each(TILES)(
    "gives the same bits in tiles of $rows x $columns, unroll $unroll, $order",
    (tile) => {
      const sizes = { batch: 2, m: 71, n: 83, k: 301 };
      const [a, b] = [randomArray(2 * 71 * 301, 5), randomArray(2 * 83 * 301, 6)];
      for (const layout of ["[n][k]", "[k][n]"] as const) {
        const kernel = denseContract(sizes, layout);
        expect(multiply(kernel, a, b, { target, tile, parts: 3 })).toEqual(
          multiply(kernel, a, b, { target }),
        );
      }
    },
  );
});

it("adds bias, activation and residual as it stores, and stores a value before them beside it", () => {
  const [m, n, k] = [37, 52, 20];
  const load = (buffer: number, strides: readonly number[]): Expr => ({
    kind: "load",
    dtype: "f32",
    buffer,
    form: { strides, offset: affine(0) },
    guards: [],
  });
  const biased = apply("add", PRODUCT, load(3, [0, 0, 1]));
  const activated = FUNCTIONS.gelu.expression([apply("mul", biased, literal(0.125))], "f32");
  const kernel = denseContract(
    { m, n, k },
    "[n][k]",
    apply("add", activated, load(4, [m * n, n, 1])),
  );
  const transposed = {
    buffer: 5,
    dtype: "f32",
    value: biased,
    form: { strides: [0, 1, m], offset: affine(0) },
  } as const;
  const both = { ...kernel, stores: [...kernel.stores, transposed] };
  const whole = (length: number, seed: number): Float32Array<ArrayBuffer> =>
    randomArray(length, seed).map((x) => Math.round(4 * x));
  const buffers = (): Map<number, Float32Array<ArrayBuffer>> =>
    new Map(
      [
        whole(m * k, 5),
        whole(n * k, 6),
        new Float32Array(m * n),
        whole(n, 7),
        whole(m * n, 8),
        new Float32Array(m * n),
      ].entries(),
    );
  const [actual, expected] = [buffers(), buffers()];
  runWasmProgram(renderContract(both, PLAIN), actual);
  interpretKernel(both, expected);
  expect(actual.get(2)).toEqual(expected.get(2));
  expect(actual.get(5)).toEqual(expected.get(5));
});

it("shares code between sizes, strides, offsets and slots, and not between structures", () => {
  const key = (kernel: ContractKernel): string => renderContract(kernel, PLAIN).key;
  const base = denseContract({ m: 197, n: 768, k: 768 }, "[n][k]");
  expect(key(denseContract({ m: 5, n: 9, k: 700 }, "[n][k]"))).toBe(key(base));
  expect(
    key({
      ...base,
      a: { ...base.a, form: { ...base.a.form, offset: { constant: 3, terms: [[0, 2]] } } },
    }),
  ).toBe(key(base));
  expect(key(denseContract({ m: 197, n: 768, k: 768 }, "[k][n]"))).not.toBe(key(base));
  expect(key(denseContract({ m: 197, n: 768, k: 768 }, "[n][k]", apply("neg", PRODUCT)))).not.toBe(
    key(base),
  );
});

it("renders kernels of equal key to the same bytes", () => {
  const bytesByKey = new Map<string, Uint8Array>();
  const sizes = [1, 5, 64, 197, 768, 3072];
  for (const m of sizes)
    for (const n of sizes)
      for (const layout of ["[n][k]", "[k][n]"] as const) {
        const { key, code } = renderContract(denseContract({ m, n, k: 7 * m }, layout), PLAIN);
        const known = bytesByKey.get(key) ?? code();
        bytesByKey.set(key, known);
        expect(Buffer.compare(code(), known), `${m} x ${n} ${layout}`).toBe(0);
      }
  expect(bytesByKey.size).toBeLessThan(12);
});

it("has nothing to do without rows or columns, and stores 0 without products", () => {
  expect(renderContract(denseContract({ m: 0, n: 4, k: 4 }, "[n][k]"), PLAIN).items).toBe(0);
  expect(renderContract(denseContract({ m: 4, n: 0, k: 4 }, "[n][k]"), PLAIN).items).toBe(0);
  expect([
    ...multiply(
      denseContract({ m: 2, n: 5, k: 0 }, "[n][k]"),
      new Float32Array(0),
      new Float32Array(0),
    ),
  ]).toEqual(new Array(10).fill(0));
});
