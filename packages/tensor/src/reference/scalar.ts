// Scalar functions in float64, by formulas of their own: what every device is compared with.
import { machineType, type DType } from "../dtype.ts";
import type { ScalarFunctionName } from "../graph/functions/names.ts";

/** erf by its Taylor series below 3, by the continued fraction of erfc above (Abramowitz & Stegun 7.1.5, 7.1.14). */
export function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  const size = Math.abs(x);
  if (size < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  if (size > 6) return Math.sign(x);
  let fraction = 0;
  for (let k = 60; k >= 1; k--) fraction = k / 2 / (size + fraction);
  return Math.sign(x) * (1 - Math.exp(-size * size) / (Math.sqrt(Math.PI) * (size + fraction)));
}

const rotate = (x: number, by: number): number => ((x << by) | (x >>> (32 - by))) >>> 0;

/** First word of Threefry-2x32 with 20 rounds (Salmon et al. 2011). */
function threefry(counter: number, key0: number, key1: number): number {
  const keys = [key0 >>> 0, key1 >>> 0, (key0 ^ key1 ^ 0x1bd11bda) >>> 0];
  const rotations = [13, 15, 26, 6, 17, 29, 16, 24];
  let a = (counter + key0) >>> 0;
  let b = key1 >>> 0;
  for (let round = 0; round < 20; round++) {
    a = (a + b) >>> 0;
    b = (rotate(b, rotations[round % 8] ?? 0) ^ a) >>> 0;
    if (round % 4 !== 3) continue;
    const step = (round + 1) / 4;
    a = (a + (keys[step % 3] ?? 0)) >>> 0;
    b = (b + (keys[(step + 1) % 3] ?? 0) + step) >>> 0;
  }
  return a;
}

/** Quantile of the standard normal by bisection on erf: slow and certain. */
function normalQuantile(p: number): number {
  let [low, high] = [-9, 9];
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (0.5 * (1 + erf(middle / Math.SQRT2)) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const truth = (condition: boolean): number => (condition ? 1 : 0);
const floorDiv = (a: number, b: number): number => (b === 0 ? 0 : Math.floor(a / b));

function roundToEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}

/** PyTorch's pow: as JavaScript's, but 1 to any power is 1, NaN included. */
const pow = (x: number, y: number): number =>
  x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;

/** The nearest half: a multiple of 2^-24, or of 2^-10 of the power of two below; infinite where that is 2^16. */
function toHalf(x: number): number {
  const size = Math.abs(x);
  if (!(size > 0 && size < Infinity)) return x;
  let unit = 2 ** -24;
  while (size >= unit * 2 ** 11) unit *= 2;
  const nearest = roundToEven(size / unit) * unit;
  return Math.sign(x) * (nearest >= 2 ** 16 ? Infinity : nearest);
}

const SATURATE = { i32: [-(2 ** 31), 2 ** 31 - 1], u32: [0, 2 ** 32 - 1] } as const;

function toInteger(x: number, dtype: "i32" | "u32", from: DType): number {
  if (Number.isNaN(x)) return 0;
  if (machineType(from) !== "f32") return dtype === "i32" ? x | 0 : x >>> 0;
  const [low, high] = SATURATE[dtype];
  return Math.trunc(Math.min(high, Math.max(low, x)));
}

/** `value` as an integer operation leaves it: wrapped to 32 bits. */
export function wrap(value: number, dtype: DType): number {
  return dtype === "i32"
    ? Number(BigInt.asIntN(32, BigInt(value)))
    : dtype === "u32"
      ? Number(BigInt.asUintN(32, BigInt(value)))
      : value;
}

/** A function of one element of each input; `from` is the type of the last input. */
export type ReferenceFunction = (args: readonly number[], from: DType) => number;

const one =
  (f: (x: number) => number): ReferenceFunction =>
  ([x = Number.NaN]) =>
    f(x);
const two =
  (f: (a: number, b: number) => number): ReferenceFunction =>
  ([a = Number.NaN, b = Number.NaN]) =>
    f(a, b);

/** Integer products need more than a double's 53 bits. */
const product: ReferenceFunction = ([a = 0, b = 0], from) =>
  from === "f32"
    ? a * b
    : wrap(Number(BigInt.asIntN(64, BigInt(a) * BigInt(b)) % 4294967296n), from);

/** One formula per function. */
export const REFERENCE: Readonly<Record<ScalarFunctionName, ReferenceFunction>> = {
  add: two((a, b) => a + b),
  sub: two((a, b) => a - b),
  mul: product,
  div: two((a, b) => a / b),
  neg: one((x) => -x),
  abs: one(Math.abs),
  sqrt: one(Math.sqrt),
  floor: one(Math.floor),
  ceil: one(Math.ceil),
  round: one(roundToEven),
  trunc: one(Math.trunc),
  min: two(Math.min),
  max: two(Math.max),
  floorDiv: two(floorDiv),
  mod: two((a, b) => (b === 0 ? 0 : a - b * floorDiv(a, b))),
  eq: two((a, b) => truth(a === b)),
  ne: two((a, b) => truth(a !== b)),
  lt: two((a, b) => truth(a < b)),
  le: two((a, b) => truth(a <= b)),
  gt: two((a, b) => truth(a > b)),
  ge: two((a, b) => truth(a >= b)),
  isNaN: one((x) => truth(Number.isNaN(x))),
  isFinite: one((x) => truth(Number.isFinite(x))),
  and: two((a, b) => a & b),
  or: two((a, b) => a | b),
  xor: two((a, b) => a ^ b),
  not: ([x = 0], from) => (from === "bool" ? truth(x === 0) : ~x),
  shl: two((a, b) => (a << b) >>> 0),
  shr: two((a, b) => a >>> b),
  select: ([condition = 0, a = 0, b = 0]) => (condition !== 0 ? a : b),
  sign: one(Math.sign),
  detach: one((x) => x),
  reciprocal: one((x) => 1 / x),
  square: ([x = 0], from) => product([x, x], from),
  rsqrt: one((x) => 1 / Math.sqrt(x)),
  relu: one((x) => Math.max(x, 0)),
  toF32: one((x) => x),
  toF16: one(toHalf),
  toI32: ([x = 0], from) => toInteger(x, "i32", from),
  toU32: ([x = 0], from) => toInteger(x, "u32", from),
  toBool: one((x) => truth(x !== 0)),
  exp: one(Math.exp),
  log: one(Math.log),
  tanh: one(Math.tanh),
  sin: one((x) => (Math.abs(x) <= 65536 ? Math.sin(x) : Number.NaN)),
  cos: one((x) => (Math.abs(x) <= 65536 ? Math.cos(x) : Number.NaN)),
  erf: one(erf),
  sigmoid: one(sigmoid),
  gelu: one((x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2))),
  geluTanh: one((x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))),
  quickGelu: one((x) => x * sigmoid(1.702 * x)),
  silu: one((x) => x * sigmoid(x)),
  pow: two(pow),
  threefry: ([counter = 0, key0 = 0, key1 = 0]) => threefry(counter, key0, key1),
  uniformFromBits: one((bits) => (bits >>> 8) / 2 ** 24),
  normalFromBits: one((bits) => normalQuantile(((bits >>> 9) + 0.5) / 2 ** 23)),
};
