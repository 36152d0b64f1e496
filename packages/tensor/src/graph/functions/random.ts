// Random bits and what is made of them: a counter and a key in, the same bits on every device out.
import { apply, bitcastTo, castTo, literal, type Expr } from "../expr.ts";
import { log } from "./exponential.ts";
import type { ScalarFunction } from "./scalar-function.ts";

const bits = (value: number): Expr => literal(value >>> 0, "u32");
const add = (a: Expr, b: Expr): Expr => apply("add", a, b);
const xor = (a: Expr, b: Expr): Expr => apply("xor", a, b);

function rotate(x: Expr, by: number): Expr {
  return apply("or", apply("shl", x, bits(by)), apply("shr", x, bits(32 - by)));
}

const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;

/** Threefry-2x32, 20 rounds, of (counter, 0) under (key0, key1): its first word (Salmon et al. 2011). */
export function threefry(counter: Expr, key0: Expr, key1: Expr): Expr {
  const keys = [key0, key1, xor(xor(key0, key1), bits(0x1bd11bda))] as const;
  const key = (i: number): Expr => keys[i % 3] ?? key0;
  let a = add(counter, key0);
  let b = key1;
  for (let group = 0; group < 5; group++) {
    for (const rotation of ROTATIONS[group % 2] ?? []) {
      a = add(a, b);
      b = xor(rotate(b, rotation), a);
    }
    a = add(a, key(group + 1));
    b = add(add(b, key(group + 2)), bits(group + 1));
  }
  return a;
}

const fma = (a: Expr, b: Expr, c: number): Expr => apply("fma", a, b, literal(c));

function polynomial(x: Expr, coefficients: readonly number[]): Expr {
  const [highest = 0, ...rest] = coefficients;
  return rest.reduce<Expr>((sum, c) => fma(sum, x, c), literal(highest));
}

/** Inverse error function on (-1, 1), relative error about 3e-7 (Giles 2010, single precision). */
function inverseErf(x: Expr): Expr {
  const one = literal(1);
  const w = apply("neg", log(apply("mul", apply("sub", one, x), apply("add", one, x))));
  const near = polynomial(
    apply("sub", w, literal(2.5)),
    [
      2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 2.1858087e-4, -1.25372503e-3,
      -4.17768164e-3, 2.46640727e-1, 1.50140941,
    ],
  );
  const far = polynomial(
    apply("sub", apply("sqrt", w), literal(3)),
    [
      -2.00214257e-4, 1.00950558e-4, 1.34934322e-3, -3.67342844e-3, 5.73950773e-3, -7.6224613e-3,
      9.43887047e-3, 1.00167406, 2.83297682,
    ],
  );
  return apply("mul", x, apply("select", apply("lt", w, literal(5)), near, far));
}

/** Standard normal from random bits: the middle of one of 2^23 equal slices of (-1, 1), through the inverse. */
function normalFromBits([word = bits(0)]: readonly Expr[]): Expr {
  const slice = castTo(bitcastTo(apply("shr", word, bits(9)), "i32"), "f32");
  const x = fma(slice, literal(2 ** -22), 2 ** -23 - 1);
  return apply("mul", literal(Math.SQRT2), inverseErf(x));
}

/** Rows by name. */
export const RANDOM = {
  /** Bits from a u32 counter and two u32 keys. */
  threefry: {
    arity: 3,
    expression: ([counter = bits(0), key0 = bits(0), key1 = bits(0)]) =>
      threefry(counter, key0, key1),
  },
  /** Uniform in [0, 1) with 24 bits. */
  uniformFromBits: {
    arity: 1,
    expression: ([word = bits(0)]) =>
      apply("mul", castTo(bitcastTo(apply("shr", word, bits(8)), "i32"), "f32"), literal(2 ** -24)),
  },
  normalFromBits: { arity: 1, expression: normalFromBits },
} as const satisfies Record<string, ScalarFunction>;
