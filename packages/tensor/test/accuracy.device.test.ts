// Functions of one number are within their stated error of float64 over the whole range of f32, special values included.
import { scope, tensor, type Tensor } from "@prisma/tensor";
import { expect, test } from "vitest";
import { onEachDevice } from "./each-device.ts";
import { REFERENCE } from "../src/reference/scalar.ts";
import type { ScalarFunctionName } from "../src/graph/functions/names.ts";

const SPECIAL = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  Infinity,
  -Infinity,
  Number.NaN,
  1e-30,
  -1e-30,
  1e30,
  -1e30,
  1e-45,
  -1e-45,
  1.17549435e-38,
  3.4e38,
  -3.4e38,
  88.7,
  88.8,
  89,
  -87,
  -89,
  -103,
  -104,
  104,
  9.01,
  9.02,
  0.625,
  0.921875,
  2 ** 24,
  2.5,
  3.5,
  -2.5,
];

/** Bit patterns spread over all of f32: every exponent and sign, mantissas from a fixed sequence. */
function sample(count: number): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(count);
  for (let i = 0; i < count; i++) bits[i] = (Math.imul(i, 2654435761) ^ (i << 9)) >>> 0;
  const values = new Float32Array(bits.buffer);
  values.set(SPECIAL, 0);
  return values;
}

const spacing = new Float32Array(1);
const spacingBits = new Uint32Array(spacing.buffer);

/** Distance between neighbouring f32 at `value`. */
function ulp(value: number): number {
  spacing[0] = Math.min(Math.abs(value), 3.4028234e38);
  spacingBits[0]!++;
  const next = spacing[0];
  return Number.isFinite(next)
    ? next - Math.fround(Math.min(Math.abs(value), 3.4028234e38))
    : 2 ** 104;
}

/** `value`, or the infinity that f32 makes of it. */
function roundedPastRange(value: number): number {
  return Number.isFinite(Math.fround(value)) ? value : Math.fround(value);
}

/** Largest error in ULP; NaN and infinities must match in kind. */
function worst(
  found: ArrayLike<number>,
  inputs: Float32Array,
  exact: (x: number) => number,
): { readonly error: number; readonly at: number } {
  let [error, at] = [0, 0];
  inputs.forEach((x, i) => {
    const want = roundedPastRange(exact(x));
    const got = found[i]!;
    const kind = (value: number): number =>
      Number.isNaN(value) ? Number.NaN : Number.isFinite(Math.fround(value)) ? 0 : value;
    const off = Object.is(kind(want), kind(got))
      ? Number.isFinite(Math.fround(want))
        ? Math.abs(got - want) / ulp(want)
        : 0
      : nearOverflow(want, got);
    if (!(off <= error)) [error, at] = [off, x];
  });
  return { error, at };
}

/** Next to the largest f32, rounding may decide between it and infinity. */
function nearOverflow(want: number, got: number): number {
  return Math.abs(want) > 3.4028e38 &&
    Math.abs(want) < 3.4029e38 &&
    Math.sign(want) === Math.sign(got)
    ? 1
    : Infinity;
}

/** WebGPU may flush denormals, on the way too: what is or comes near one (a tenth of a result) is compared as zero there. */
const withoutDenormals = (x: number): number => (Math.abs(x) < 1e-37 ? 0 : x);

/** Below -87 the sum 1 + e^-x overflows, and the denormal result comes out as 0, as in PyTorch. */
const sigmoidOfNormal = (x: Tensor): Tensor => x.maximum(-87).sigmoid();

const FUNCTIONS: readonly (readonly [
  name: ScalarFunctionName,
  apply: (x: Tensor) => Tensor,
  bound: number,
])[] = [
  ["exp", (x) => x.exp(), 2],
  ["log", (x) => x.log(), 2],
  ["tanh", (x) => x.tanh(), 2],
  ["erf", (x) => x.erf(), 2],
  ["sin", (x) => x.sin(), 2],
  ["cos", (x) => x.cos(), 2],
  ["sigmoid", sigmoidOfNormal, 3],
  ["sqrt", (x) => x.sqrt(), 0.5],
  ["rsqrt", (x) => x.rsqrt(), 2],
  ["reciprocal", (x) => x.reciprocal(), 0.5],
  ["floor", (x) => x.floor(), 0],
  ["ceil", (x) => x.ceil(), 0],
  ["round", (x) => x.round(), 0],
  ["abs", (x) => x.abs(), 0],
  ["neg", (x) => x.neg(), 0],
  ["sign", (x) => x.sign(), 0],
  ["relu", (x) => x.relu(), 0],
];

onEachDevice((kind) => {
  // GPUs may flush denormals and round division differently; their own bounds stand in docs.
  const slack = kind === "webgpu" ? 3 : 0;
  const inputs = kind === "webgpu" ? sample(2 ** 16).map(withoutDenormals) : sample(2 ** 16);
  test.each(FUNCTIONS)("%s", async (name, apply, bound) => {
    using result = scope(() => apply(tensor(inputs)));
    const found = await result.data();
    const domain = name === "sigmoid" ? (x: number) => Math.max(x, -87) : (x: number) => x;
    const rounded = kind === "webgpu" ? withoutDenormals : (x: number) => x;
    const exact = (x: number): number => rounded(REFERENCE[name]([domain(x)], "f32"));
    const { error, at } = worst(
      kind === "webgpu" ? Float32Array.from(found, withoutDenormals) : found,
      inputs,
      exact,
    );
    expect(error, `${name}(${at})`).toBeLessThanOrEqual(bound + slack);
  });

  test("the powers 1, 2 and 3 are products, to the bit", async () => {
    // No denormals on the way, which GPUs may flush.
    const values = sample(2 ** 10)
      .map((x) => Math.fround(x % 1000))
      .filter((x) => Math.abs(x) > 1e-9);
    using x = tensor(values);
    for (const exponent of [1, 2, 3]) {
      using result = x.pow(exponent);
      const product = (value: number): number =>
        Array<number>(exponent - 1)
          .fill(value)
          .reduce((total, factor) => Math.fround(total * factor), value);
      expect(await result.data()).toEqual(Float32Array.from(values, product));
    }
  });
});
