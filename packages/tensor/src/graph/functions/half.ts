// Halves in machine operations: f32 rounded to f16, and f16 to and from its bits. Works on bits, and with products and
// roundings that are exact, so that every device gives the same, whether or not it keeps subnormal f32.
import { apply, bitcastTo, castTo, literal, type Expr } from "../expr.ts";

/** Bits of f32 numbers: infinity; 2^-14, the least normal half; 2^16, the least power of two that is no half. */
const INFINITE = 0x7f800000;
const LEAST_NORMAL = 0x38800000;
const TOO_LARGE = 0x47800000;
/** Distance of exponents of f16 and f32 (112), and of fractions, in bits of f32. */
const EXPONENTS = 0x38000000;
const FRACTION_BITS = 13;

const word = (value: number): Expr => literal(value, "u32");
const and = (x: Expr, mask: number): Expr => apply("and", x, word(mask));
const up = (x: Expr, count: number): Expr => apply("shl", x, word(count));
const down = (x: Expr, count: number): Expr => apply("shr", x, word(count));
const plus = (x: Expr, value: number): Expr => apply("add", x, word(value));
/** `x` times 2^`power`, as f32. */
const scaled = (x: Expr, power: number): Expr =>
  apply("mul", castTo(x, "f32"), literal(2 ** power));

/** `x`, an f32, as the f32 that is the nearest half, ties to even. */
export function roundToHalf(x: Expr): Expr {
  const bits = bitcastTo(x, "u32");
  const size = and(bits, 0x7fffffff);
  const odd = and(down(size, FRACTION_BITS), 1);
  const rounded = and(apply("add", plus(size, 0xfff), odd), 0xffffe000);
  const normal = apply("select", apply("lt", rounded, word(TOO_LARGE)), rounded, word(INFINITE));
  // Subnormal halves are the multiples of 2^-24.
  const whole = apply("round", scaled(bitcastTo(size, "f32"), 24));
  const subnormal = bitcastTo(scaled(whole, -24), "u32");
  const finite = apply("select", apply("lt", size, word(LEAST_NORMAL)), subnormal, normal);
  const notNaN = apply("le", size, word(INFINITE));
  const magnitude = apply("select", notNaN, finite, size);
  return bitcastTo(apply("or", magnitude, and(bits, 0x80000000)), "f32");
}

/** The bits, as u32 below 2^16, of the half that the f32 `x` is; NaN becomes the quiet NaN of its sign. */
export function bitsOfHalf(x: Expr): Expr {
  const bits = bitcastTo(x, "u32");
  const size = and(bits, 0x7fffffff);
  const normal = down(apply("sub", size, word(EXPONENTS)), FRACTION_BITS);
  const subnormal = castTo(scaled(bitcastTo(size, "f32"), 24), "u32");
  const special = apply("select", apply("eq", size, word(INFINITE)), word(0x7c00), word(0x7e00));
  const finite = apply("select", apply("lt", size, word(LEAST_NORMAL)), subnormal, normal);
  const magnitude = apply("select", apply("lt", size, word(INFINITE)), finite, special);
  return apply("or", magnitude, and(down(bits, 16), 0x8000));
}

/** The half with the bits `half`, a u32 below 2^16, as f32. */
export function halfOfBits(half: Expr): Expr {
  const size = and(half, 0x7fff);
  const normal = plus(up(size, FRACTION_BITS), EXPONENTS);
  const special = plus(normal, EXPONENTS);
  const finite = apply("select", apply("lt", size, word(0x7c00)), normal, special);
  const subnormal = bitcastTo(scaled(size, -24), "u32");
  const magnitude = apply("select", apply("lt", size, word(0x400)), subnormal, finite);
  return bitcastTo(apply("or", magnitude, up(and(half, 0x8000), 16)), "f32");
}
