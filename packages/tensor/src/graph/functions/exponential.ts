// exp, log, tanh, erf and pow in machine operations: range reduction and polynomials, branch-free, f32.
import { apply, bitcastTo, castTo, literal, type Expr } from "../expr.ts";

const add = (a: Expr, b: Expr): Expr => apply("add", a, b);
const sub = (a: Expr, b: Expr): Expr => apply("sub", a, b);
const mul = (a: Expr, b: Expr): Expr => apply("mul", a, b);
const fma = (a: Expr, b: Expr, c: Expr): Expr => apply("fma", a, b, c);
const select = (condition: Expr, a: Expr, b: Expr): Expr => apply("select", condition, a, b);
const num = (value: number): Expr => literal(value);
const bits = (value: number): Expr => literal(value, "u32");

/** c0 + x (c1 + x (c2 + ...)), highest degree first in `coefficients`. */
function polynomial(x: Expr, coefficients: readonly number[]): Expr {
  const [highest = 0, ...rest] = coefficients;
  return rest.reduce<Expr>((sum, c) => fma(sum, x, num(c)), num(highest));
}

/**
 * 2^n for a whole number n in [-126, 127], given as f32: adding 1.5 * 2^23 + 127 leaves n + 127 in the low bits of the
 * mantissa, from where it is shifted into the exponent.
 */
function powerOfTwo(n: Expr): Expr {
  return bitcastTo(
    apply("shl", bitcastTo(add(n, num(1.5 * 2 ** 23 + 127)), "u32"), bits(23)),
    "f32",
  );
}

/**
 * e^x. x = n ln 2 + r with |r| <= ln 2 / 2; e^r by a polynomial of degree 6 (Cephes expf), 2^n in two steps so that
 * denormal results come out. Above 88.72 inf, below -103.97 zero, NaN stays.
 */
export function exp(x: Expr): Expr {
  const inRange = apply("min", apply("max", x, num(-104)), num(89));
  const n = apply("round", mul(inRange, num(Math.LOG2E)));
  const r = fma(n, num(2.1219444e-4), fma(n, num(-0.693359375), inRange));
  const tail = polynomial(
    r,
    [
      1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1,
      5.0000001201e-1,
    ],
  );
  const value = add(fma(tail, mul(r, r), r), num(1));
  const half = apply("floor", mul(n, num(0.5)));
  return mul(mul(value, powerOfTwo(half)), powerOfTwo(sub(n, half)));
}

/** Exponent e and mantissa m in [sqrt(1/2), sqrt(2)) of a positive normal x = m 2^e. */
function splitFloat(x: Expr): { readonly mantissa: Expr; readonly exponent: Expr } {
  const SQRT_HALF = 0x3f3504f3;
  const moved = add(bitcastTo(x, "u32"), bits(0x3f800000 - SQRT_HALF));
  const exponent = sub(castTo(bitcastTo(apply("shr", moved, bits(23)), "i32"), "f32"), num(127));
  const mantissa = bitcastTo(add(apply("and", moved, bits(0x7fffff)), bits(SQRT_HALF)), "f32");
  return { mantissa, exponent };
}

/** log of a positive finite x: log m by a polynomial of degree 9 (Cephes logf), plus e ln 2 in two parts. */
function logOfPositive(x: Expr): Expr {
  const tiny = apply("lt", x, num(1.17549435e-38));
  const { mantissa, exponent } = splitFloat(select(tiny, mul(x, num(2 ** 25)), x));
  const e = sub(exponent, select(tiny, num(25), num(0)));
  const m = sub(mantissa, num(1));
  const square = mul(m, m);
  const tail = polynomial(
    m,
    [
      7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1,
      -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
    ],
  );
  const low = fma(num(-0.5), square, fma(e, num(-2.1219444e-4), mul(tail, mul(m, square))));
  return fma(e, num(0.693359375), add(m, low));
}

/** Natural logarithm. 0 gives -inf, negatives NaN, inf stays, NaN stays. */
export function log(x: Expr): Expr {
  const unusual = select(
    apply("eq", x, num(0)),
    num(-Infinity),
    select(apply("gt", x, num(0)), x, num(Number.NaN)),
  );
  const usual = apply("and", apply("gt", x, num(0)), apply("lt", x, num(Infinity)));
  return select(usual, logOfPositive(x), unusual);
}

/** `magnitude` with the sign bit of `x`. */
function withSignOf(magnitude: Expr, x: Expr): Expr {
  const sign = apply("and", bitcastTo(x, "u32"), bits(0x80000000));
  return bitcastTo(apply("or", bitcastTo(magnitude, "u32"), sign), "f32");
}

/** tanh: odd polynomial below 0.625 (Cephes tanhf), 1 - 2 / (e^2x + 1) above; +-1 from 9.02 on, NaN stays. */
export function tanh(x: Expr): Expr {
  const size = apply("abs", x);
  const square = mul(x, x);
  const tail = polynomial(
    square,
    [-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1],
  );
  const small = fma(mul(tail, square), x, x);
  const large = sub(num(1), apply("div", num(2), add(exp(add(size, size)), num(1))));
  const value = select(apply("lt", size, num(0.625)), small, large);
  return select(apply("isNan", x), x, withSignOf(value, x));
}

/** Error function: odd polynomial below 0.921875, 1 - e^p(|x|) above (minimax fits in f32); NaN stays. */
export function erf(x: Expr): Expr {
  const size = apply("min", apply("abs", x), num(4));
  const square = mul(x, x);
  const small = fma(
    polynomial(
      square,
      [-5.96761703e-4, 4.99119423e-3, -2.67681349e-2, 1.12819925e-1, -3.76125336e-1, 1.28379166e-1],
    ),
    x,
    x,
  );
  const power = polynomial(
    size,
    [
      -1.7285347e-5, 3.83197126e-4, -3.88396438e-3, 2.42546219e-2, -1.06777877e-1, -6.34846687e-1,
      -1.28717512e-1,
    ],
  );
  const large = sub(num(1), exp(sub(mul(power, size), size)));
  return select(
    apply("lt", apply("abs", x), num(0.921875)),
    small,
    select(apply("isNan", x), x, withSignOf(large, x)),
  );
}

/** 1 / (1 + e^-x). */
export function sigmoid(x: Expr): Expr {
  return apply("div", num(1), add(num(1), exp(apply("neg", x))));
}

/** True where f32 `y` is a whole number; all of size 2^24 and more are. */
function isWhole(y: Expr): Expr {
  return apply("eq", apply("trunc", y), y);
}

/**
 * x^y as e^(y log |x|), with PyTorch's edges: anything^0 and 1^anything are 1, a negative x needs a whole y, and its sign
 * follows y's parity. Relative error about (1 + |y log x|) times 1e-7.
 */
export function pow(x: Expr, y: Expr): Expr {
  const size = exp(mul(y, log(apply("abs", x))));
  const half = mul(y, num(0.5));
  const odd = apply("and", isWhole(y), apply("not", isWhole(half)));
  const signed = select(
    apply("and", odd, apply("lt", withSignOf(num(1), x), num(0))),
    apply("neg", size),
    size,
  );
  const finiteNegative = apply("and", apply("lt", x, num(0)), apply("gt", x, num(-Infinity)));
  const real = select(
    apply("and", finiteNegative, apply("not", isWhole(y))),
    num(Number.NaN),
    signed,
  );
  const unit = apply("or", apply("eq", y, num(0)), apply("eq", x, num(1)));
  const infiniteOfUnit = apply(
    "and",
    apply("eq", apply("abs", x), num(1)),
    apply("eq", apply("abs", y), num(Infinity)),
  );
  return select(apply("or", unit, infiniteOfUnit), num(1), real);
}
