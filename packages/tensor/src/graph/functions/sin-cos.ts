// sin and cos in machine operations: range reduction in parts that are exact, and polynomials, branch-free, f32.
import { apply, literal, type Expr } from "../expr.ts";

const sub = (a: Expr, b: Expr): Expr => apply("sub", a, b);
const mul = (a: Expr, b: Expr): Expr => apply("mul", a, b);
const fma = (a: Expr, b: Expr, c: Expr): Expr => apply("fma", a, b, c);
const select = (condition: Expr, a: Expr, b: Expr): Expr => apply("select", condition, a, b);
const num = (value: number): Expr => literal(value);

/** Largest angle in radians that is reduced with all its digits; the sine and cosine of a larger one are NaN. */
const LARGEST_ANGLE = 65536;

/**
 * pi / 2 is the sum of these. They have 12, 7, 6, 8 and 24 bits, so that products with whole numbers of 16 bits (with the
 * first, of 10) are exact but for the last.
 */
const HALF_PI = {
  first: 1.57080078125,
  second: -4.470348358154297e-6,
  third: 1.5832483768463135e-8,
  fourth: 6.093614501878619e-11,
  last: -1.6513995574653217e-13,
} as const;
/** What is cut into multiples of this and a rest has 10 bits in each. */
const STEP = 512;

/**
 * x - n pi / 2 for the whole number n = `turns`, below 2^16 (Cody & Waite 1980). The first three differences are exact; what
 * the next two lose to rounding is added up and given back with the last, so that the result is rounded about once.
 */
function reduceAngle(x: Expr, turns: Expr): Expr {
  const high = mul(apply("round", mul(turns, num(1 / STEP))), num(STEP));
  const low = sub(turns, high);
  let rest = sub(sub(x, mul(high, num(HALF_PI.first))), mul(low, num(HALF_PI.first)));
  rest = sub(rest, mul(turns, num(HALF_PI.second)));
  let lost: Expr = num(0);
  for (const part of [HALF_PI.third, HALF_PI.fourth]) {
    const step = mul(turns, num(part));
    const next = sub(rest, step);
    lost = apply("add", lost, sub(sub(rest, next), step));
    rest = next;
  }
  return sub(rest, sub(mul(turns, num(HALF_PI.last)), lost));
}

/** sin r for |r| <= pi / 4 and a little more (Cephes sinf). */
function sinOfReduced(r: Expr, square: Expr): Expr {
  const cubic = fma(
    fma(num(-1.9515295891e-4), square, num(8.3321608736e-3)),
    square,
    num(-1.6666654611e-1),
  );
  return fma(mul(cubic, square), r, r);
}

/** cos r for |r| <= pi / 4 and a little more (Cephes cosf). */
function cosOfReduced(square: Expr): Expr {
  const tail = fma(
    fma(num(2.443315711809948e-5), square, num(-1.388731625493765e-3)),
    square,
    num(4.166664568298827e-2),
  );
  return fma(tail, mul(square, square), fma(num(-0.5), square, num(1)));
}

/** sin(x + quarters pi / 2). */
function sinFrom(x: Expr, quarters: 0 | 1): Expr {
  const turns = apply("round", mul(x, num(2 / Math.PI)));
  const r = reduceAngle(x, turns);
  const square = mul(r, r);
  const from = apply("add", turns, num(quarters));
  const odd = apply("ne", apply("floor", mul(from, num(0.5))), mul(from, num(0.5)));
  const size = select(odd, cosOfReduced(square), sinOfReduced(r, square));
  // n mod 4 is 2 or 3.
  const quarter = mul(from, num(0.25));
  const lower = apply("ge", sub(quarter, apply("floor", quarter)), num(0.5));
  const value = select(lower, apply("neg", size), size);
  return select(apply("le", apply("abs", x), num(LARGEST_ANGLE)), value, num(Number.NaN));
}

/** Sine of an angle in radians, within 2 ULP up to {@link LARGEST_ANGLE}, NaN beyond; -0 stays. */
export function sin(x: Expr): Expr {
  return select(apply("eq", x, num(0)), x, sinFrom(x, 0));
}

/** Cosine of an angle in radians, within 2 ULP up to {@link LARGEST_ANGLE}, NaN beyond. */
export function cos(x: Expr): Expr {
  return sinFrom(x, 1);
}
