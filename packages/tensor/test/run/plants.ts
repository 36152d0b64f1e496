// Operations that go wrong at one element, each with the line that calls it, as the stack says it there.
import { einsum, tensor, where, type Tensor } from "@prisma/tensor";

/** What a plant gives, and the line on which the operation at fault is called. */
export type Planted = readonly [result: Tensor, line: number];

/** Makes `x` go wrong at the coordinates `spot`. */
export type Plant = (x: Tensor, spot: readonly number[]) => Planted;

/** The line that calls this, read off the stack by the test's own means. */
function here(): number {
  const caller = new Error().stack?.split("\n").filter((line) => line.includes("plants.ts"))[1];
  return Number(/:(\d+):\d+\)?$/.exec(caller ?? "")?.[1]);
}

/** A [1] tensor of `value` that does not come as a number of the graph. */
const one = (value: number): Tensor => tensor([value]);

/** Operations that make NaN of what they are given, by what they are called. */
export const FORWARD: Readonly<Record<string, Plant>> = {
  "log of a negative number": (x, spot) => {
    const bad = x.abs().add(1).set(spot, -2);
    return [bad.log(), here()];
  },
  "sqrt of a negative number": (x, spot) => {
    const bad = x.abs().add(1).set(spot, -1);
    return [bad.sqrt(), here()];
  },
  "rsqrt of a negative number": (x, spot) => {
    const bad = x.abs().add(1).set(spot, -4);
    return [bad.rsqrt(), here()];
  },
  "div of 0 by 0": (x, spot) => {
    const [zero, divisor] = [x.set(spot, 0), x.abs().add(1).set(spot, 0)];
    return [zero.div(divisor), here()];
  },
  "sub of infinities": (x, spot) => {
    const infinite = x.set(spot, Infinity);
    return [infinite.sub(infinite), here()];
  },
  "add of infinities": (x, spot) => {
    const [high, low] = [x.set(spot, Infinity), x.set(spot, -Infinity)];
    return [high.add(low), here()];
  },
  "mul of 0 and infinity": (x, spot) => {
    const [zero, infinite] = [x.set(spot, 0), x.set(spot, Infinity)];
    return [zero.mul(infinite), here()];
  },
  "pow of a negative number": (x, spot) => {
    const bad = x.abs().add(1).set(spot, -8);
    return [bad.pow(0.5), here()];
  },
  "sqrt as in an arccosine outside [-1, 1]": (x, spot) => {
    const cosine = x.tanh().set(spot, 1.5);
    const rest = cosine.square().neg().add(1);
    return [rest.sqrt(), here()];
  },
  "log as in an inverse tanh outside [-1, 1]": (x, spot) => {
    const bad = x.tanh().mul(0.5).set(spot, 3);
    const ratio = bad.add(1).div(bad.neg().add(1));
    return [ratio.log(), here()];
  },
  "sin of infinity": (x, spot) => {
    const infinite = x.set(spot, Infinity);
    return [infinite.sin(), here()];
  },
  "exp that overflows": (x, spot) => {
    const large = x.set(spot, 1000);
    const [result, line] = [large.exp(), here()];
    return [result.sub(result), line];
  },
  "mul that overflows": (x, spot) => {
    const large = x.set(spot, 3e38);
    const [result, line] = [large.mul(one(10)), here()];
    return [result.sub(result), line];
  },
  "einsum of 0 and infinity": (x, spot) => {
    const [zero, infinite] = [x.mul(0).reshape([-1]), x.set(spot, Infinity).reshape([-1])];
    const [result, line] = [einsum("i,i->", zero, infinite), here()];
    return [x.add(result), line];
  },
};

/** Operations whose value is finite and whose gradient is not. */
export const BACKWARD: Readonly<Record<string, Plant>> = {
  "sqrt at 0, behind a where": (x, spot) => {
    const zero = x.abs().add(0.5).set(spot, x.get(spot).mul(0));
    const [root, line] = [zero.sqrt(), here()];
    return [where(zero.greater(0), root, x), line];
  },
  "log at 0, behind a where": (x, spot) => {
    const zero = x.abs().add(0.5).set(spot, x.get(spot).mul(0));
    const [result, line] = [zero.log(), here()];
    return [where(zero.greater(0), result, x), line];
  },
  "reciprocal at 0, behind a where": (x, spot) => {
    const zero = x.abs().add(0.5).set(spot, x.get(spot).mul(0));
    const [result, line] = [zero.reciprocal(), here()];
    return [where(zero.greater(0), result, x), line];
  },
  "div by 0, behind a where": (x, spot) => {
    const zero = x.abs().add(0.5).set(spot, x.get(spot).mul(0));
    const [result, line] = [x.div(zero), here()];
    return [where(zero.greater(0), result, x), line];
  },
  "norm of nothing": (x, spot) => {
    const zero = x.set(spot, x.get(spot).mul(0)).get(spot).reshape([1]);
    const [result, line] = [zero.norm(), here()];
    return [x.add(result), line];
  },
};
