// The kernel interpreter that judges generated code, on cases worked out by hand.
import { expect, it } from "vitest";
import { affine, slotValue } from "../src/graph/affine.ts";
import { apply, castTo, literal, type Expr, type Load } from "../src/graph/expr.ts";
import { denseForm } from "../src/graph/linear-form.ts";
import { interpretKernel } from "./kernel-interpreter.ts";

const x = (strides: number[], offset = affine(0)): Load => ({
  kind: "load",
  dtype: "f32",
  buffer: 0,
  form: { strides, offset },
  guards: [],
});
const value = (id: number): Expr => ({
  kind: "value",
  dtype: "f32",
  kernel: 0,
  value: id,
  form: denseForm([]),
});

it("reads transposed and sliced views, guards and special integers", () => {
  const out = new Float32Array(4);
  const guard = { form: { strides: [0, 1], offset: affine(-1) }, size: 5 };
  const body = apply("add", { ...x([1, 2], slotValue(0)), guards: [guard] }, literal(10));
  interpretKernel(
    {
      family: "map",
      shape: [2, 2],
      labels: [],
      stores: [{ buffer: 1, dtype: "f32", value: body, form: denseForm([2, 2]) }],
    },
    new Map([
      [0, new Float32Array([0, 1, 2, 3, 4])],
      [1, out],
    ]),
    [1],
  );
  expect([...out]).toEqual([10, 13, 10, 14]);

  const mod = new Int32Array(1);
  const int = (n: number): Expr => literal(n, "i32");
  interpretKernel(
    {
      family: "map",
      shape: [1],
      labels: [],
      stores: [
        {
          buffer: 0,
          dtype: "i32",
          value: apply("add", apply("mod", int(-7), int(3)), castTo(literal(3e9), "i32")),
          form: denseForm([1]),
        },
      ],
    },
    new Map([[0, mod]]),
  );
  expect(mod[0]).toBe((2 + 2 ** 31 - 1) | 0);
});

it("runs row programs: a softmax and its maximum's place", () => {
  const [out, places] = [new Float32Array(6), new Int32Array(2)];
  const load = x([3, 1]);
  const shifted = apply("sub", load, value(0));
  interpretKernel(
    {
      family: "rows",
      outer: [2],
      length: 3,
      labels: [],
      steps: [
        { id: 0, fn: "max", dtype: "f32", body: load },
        { id: 1, fn: "sum", dtype: "f32", body: shifted },
        { id: 2, fn: "argmax", dtype: "i32", body: load },
      ],
      rowStores: [
        {
          buffer: 2,
          dtype: "i32",
          value: { ...value(2), dtype: "i32" } as Expr,
          form: { strides: [1, 0], offset: affine(0) },
        },
      ],
      stores: [
        {
          buffer: 1,
          dtype: "f32",
          value: apply("div", shifted, value(1)),
          form: denseForm([2, 3]),
        },
      ],
    },
    new Map<number, Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>>([
      [0, new Float32Array([1, 3, 2, 5, 5, 1])],
      [1, out],
      [2, places],
    ]),
  );
  expect([...out]).toEqual([2 / 3, -0, 1 / 3, -0, -0, 1].map(Math.fround));
  expect([...places]).toEqual([1, 0]);
});

it("multiplies matrices, reduces middle axes, scatters and ranks", () => {
  const a = new Float32Array([1, 2, 3, 4, 5, 6]);
  const product = new Float32Array(4);
  interpretKernel(
    {
      family: "contract",
      batch: [],
      m: [2],
      n: [2],
      k: [3],
      labels: [],
      a: { buffer: 0, form: denseForm([2, 3]) },
      b: { buffer: 0, form: denseForm([2, 3]) },
      stores: [{ buffer: 1, dtype: "f32", value: value(0), form: denseForm([2, 2]) }],
    },
    new Map([
      [0, a],
      [1, product],
    ]),
  );
  expect([...product]).toEqual([14, 32, 32, 77]);

  const sums = new Float32Array(3);
  interpretKernel(
    {
      family: "reduce",
      outer: [3],
      inner: [2],
      fn: "sum",
      dtype: "f32",
      body: x([1, 3]),
      labels: [],
      stores: [{ buffer: 1, dtype: "f32", value: value(0), form: denseForm([3]) }],
    },
    new Map([
      [0, a],
      [1, sums],
    ]),
  );
  expect([...sums]).toEqual([5, 7, 9]);

  const scattered = new Float32Array(4);
  interpretKernel(
    {
      family: "scatter",
      outer: [],
      first: 0,
      targets: 2,
      sources: 3,
      inner: [2],
      dtype: "f32",
      labels: [],
      index: { buffer: 2, form: { strides: [1, 0], offset: affine(0) } },
      source: { buffer: 0, form: denseForm([3, 2]) },
      output: { buffer: 1, form: denseForm([2, 2]) },
    },
    new Map<number, Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>>([
      [0, a],
      [1, scattered],
      [2, new Int32Array([1, 7, 1])],
    ]),
  );
  expect([...scattered]).toEqual([0, 0, 6, 8]);

  const places = new Int32Array(3);
  interpretKernel(
    {
      family: "topK",
      rows: 1,
      length: 5,
      k: 3,
      dtype: "f32",
      labels: [],
      source: { buffer: 0, form: denseForm([1, 5]) },
      output: { buffer: 1, form: denseForm([1, 3]) },
    },
    new Map<number, Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>>([
      [0, new Float32Array([2, 7, Number.NaN, 7, 1])],
      [1, places],
    ]),
  );
  expect([...places]).toEqual([2, 1, 3]);
});
