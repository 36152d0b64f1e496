// sin and cos in machine operations: range reduction in parts that are exact, and polynomials, branch-free, f32.
import { apply, literal, type Expr } from "../expr.ts";

const sub = (a: Expr, b: Expr): Expr => apply("sub", a, b);
const mul = (a: Expr, b: Expr): Expr => apply("mul", a, b);
const fma = (a: Expr, b: Expr, c: Expr): Expr => apply("fma", a, b, c);
const select = (condition: Expr, a: Expr, b: Expr): Expr => apply("select", condition, a, b);
const num = (value: number): Expr => literal(value);

/** Largest angle in radians that is reduced with all its digits; the sine and cosine of a larger one are NaN. */
export const LARGEST_ANGLE = 65536;

/** pi / 2 = 1.57080078125 + the rest; the first has 12 bits, the next two 7 and 6, so that products with n are exact. */
const HALF_PI = 1.57080078125;
const HALF_PI_REST = [-4.470348358154297e-6, 1.5832483768463135e-8, 6.07710062827671e-11] as const;
/** Step into whose multiples and rest n is cut, so that both fit beside the 12 bits of {@link HALF_PI}. */
const STEP = 512;

/**
 * x - n pi / 2 for the whole number n = `turns`, below 2^16 (Cody & Waite 1980). Each of the first differences is exact;
 * what the last part loses is 2^-40.
 */
function reduceAngle(x: Expr, turns: Expr): Expr {
  const high = mul(apply("round", mul(turns, num(1 / STEP))), num(STEP));
  const low = sub(turns, high);
  const first = sub(sub(x, mul(high, num(HALF_PI))), mul(low, num(HALF_PI)));
  return HALF_PI_REST.reduce<Expr>((rest, part) => sub(rest, mul(turns, num(part))), first);
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

/** Sine of an angle in radians, within 3 ULP up to {@link LARGEST_ANGLE}, NaN beyond; -0 stays. */
export function sin(x: Expr): Expr {
  return select(apply("eq", x, num(0)), x, sinFrom(x, 0));
}

/** Cosine of an angle in radians, within 3 ULP up to {@link LARGEST_ANGLE}, NaN beyond. */
export function cos(x: Expr): Expr {
  return sinFrom(x, 1);
}
