// Random orders.
import { randomBits, type RandomOptions } from "./create.ts";
import { argsort } from "./ops/sorting.ts";
import { Tensor } from "./tensor.ts";

/**
 * The whole numbers from 0 up to but not including `count`, each once, in random order; i32, [count]. They are the places
 * that sort random bits of 32, so the same seed gives the same order on every device.
 * @throws PrismaError ARGUMENT_INVALID, SHAPE_INVALID
 * @example
 * await permutation(5, { seed: 1 }).sort().array(); // [0, 1, 2, 3, 4]
 */
export function permutation(count: number, options: RandomOptions): Tensor {
  return new Tensor(argsort(randomBits("permutation", [count], options), 0, false));
}
