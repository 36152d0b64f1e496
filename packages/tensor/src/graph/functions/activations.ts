// Rows of transcendental functions and activations, with their gradients.
import { apply, literal, type Expr } from "../expr.ts";
import { mapNode, numberLike } from "../build.ts";
import type { Node } from "../node.ts";
import { erf, exp, log, pow, sigmoid, tanh } from "./exponential.ts";
import type { ScalarFunction } from "./scalar-function.ts";
import { cos, sin } from "./sin-cos.ts";

const mul = (a: Node, b: Node): Node => mapNode("mul", a, b);
const add = (a: Node, b: Node): Node => mapNode("add", a, b);
const sub = (a: Node, b: Node): Node => mapNode("sub", a, b);
const times = (x: Node, value: number): Node => mul(x, numberLike(value, x));
const plus = (x: Node, value: number): Node => add(x, numberLike(value, x));

/** A function of one f32. `slope` is its derivative from the input and the output. */
function unary(expression: (x: Expr) => Expr, slope: (x: Node, y: Node) => Node): ScalarFunction {
  return {
    arity: 1,
    expression: ([x = literal(0)]) => expression(x),
    gradient: (g, [x], y) => (x === undefined ? [] : [mul(g, slope(x, y))]),
  };
}

const times2 = (a: Expr, b: Expr): Expr => apply("mul", a, b);

/** x Phi(x), Phi the normal distribution function (Hendrycks & Gimpel 2016). */
function gelu(x: Expr): Expr {
  const phi = apply("add", literal(1), erf(times2(x, literal(Math.SQRT1_2))));
  return times2(times2(x, literal(0.5)), phi);
}

/** Phi(x) + x phi(x). */
function geluSlope(x: Node): Node {
  const cdf = times(plus(mapNode("erf", times(x, Math.SQRT1_2)), 1), 0.5);
  const density = times(
    mapNode("exp", times(mapNode("square", x), -0.5)),
    1 / Math.sqrt(2 * Math.PI),
  );
  return add(cdf, mul(x, density));
}

const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);
const GELU_CUBIC = 0.044715;

/** 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))). */
function geluTanh(x: Expr): Expr {
  const cubic = apply("fma", times2(times2(x, x), x), literal(GELU_CUBIC), x);
  return times2(
    times2(x, literal(0.5)),
    apply("add", literal(1), tanh(times2(cubic, literal(SQRT_2_OVER_PI)))),
  );
}

function geluTanhSlope(x: Node): Node {
  const square = mapNode("square", x);
  const t = mapNode("tanh", times(mul(x, plus(times(square, GELU_CUBIC), 1)), SQRT_2_OVER_PI));
  const inner = times(plus(times(square, 3 * GELU_CUBIC), 1), SQRT_2_OVER_PI);
  const rest = mul(times(x, 0.5), mul(sub(numberLike(1, t), mapNode("square", t)), inner));
  return add(times(plus(t, 1), 0.5), rest);
}

/** Slope of x sigmoid(k x). */
function swishSlope(k: number): (x: Node) => Node {
  return (x) => {
    const s = mapNode("sigmoid", times(x, k));
    return mul(s, plus(times(mul(x, sub(numberLike(1, s), s)), k), 1));
  };
}

function powGradient(g: Node, inputs: readonly Node[], output: Node): readonly Node[] {
  const [x, y] = inputs;
  if (x === undefined || y === undefined) return [];
  const zero = numberLike(0, g);
  // 0 at y = 0 whatever x is, and no log of what is not positive (PyTorch's rules).
  const base = mapNode(
    "select",
    mapNode("eq", y, zero),
    zero,
    mul(y, mapNode("pow", x, plus(y, -1))),
  );
  const exponent = mapNode(
    "select",
    mapNode("eq", output, zero),
    zero,
    mul(output, mapNode("log", x)),
  );
  return [mul(g, base), mul(g, exponent)];
}

/** Rows by name. */
export const ACTIVATIONS = {
  exp: unary(exp, (_, y) => y),
  log: unary(log, (x) => mapNode("reciprocal", x)),
  tanh: unary(tanh, (_, y) => sub(numberLike(1, y), mapNode("square", y))),
  sin: unary(sin, (x) => mapNode("cos", x)),
  cos: unary(cos, (x) => mapNode("neg", mapNode("sin", x))),
  erf: unary(erf, (x) =>
    times(mapNode("exp", mapNode("neg", mapNode("square", x))), 2 / Math.sqrt(Math.PI)),
  ),
  sigmoid: unary(sigmoid, (_, y) => mul(y, sub(numberLike(1, y), y))),
  gelu: unary(gelu, geluSlope),
  geluTanh: unary(geluTanh, geluTanhSlope),
  quickGelu: unary((x) => times2(x, sigmoid(times2(x, literal(1.702)))), swishSlope(1.702)),
  silu: unary((x) => times2(x, sigmoid(x)), swishSlope(1)),
  pow: {
    arity: 2,
    expression: ([x = literal(0), y = literal(0)]) => pow(x, y),
    gradient: powGradient,
  },
} as const satisfies Record<string, ScalarFunction>;
