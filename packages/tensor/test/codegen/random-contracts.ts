// Seeded random contractions: permuted, padded, reversed and broadcast operands, any number of axes, any epilogue.
import { createArray } from "../../src/dtype.ts";
import { affine, type Affine } from "../../src/graph/affine.ts";
import type { ValueExpr } from "../../src/graph/expr.ts";
import { denseForm } from "../../src/graph/linear-form.ts";
import type { ContractKernel, Operand } from "../../src/schedule/kernel.ts";
import type { Shape } from "../../src/shape.ts";
import { randomNumbers, RandomKernels } from "./random-kernels.ts";

/** The sum of products, as stores see it. */
export const PRODUCT: ValueExpr = {
  kind: "value",
  dtype: "f32",
  kernel: 0,
  value: 0,
  form: denseForm([]),
};

/** What a random contraction is made of. */
export interface ContractOptions {
  /** Largest product of the sizes in each of the lists m, n, k. */
  readonly largest: number;
  /** Draws an element of an operand from a number in [0, 1). */
  readonly element: (uniform: number) => number;
  /** Operations deep an epilogue may be; 0 stores the product itself. */
  readonly depth: number;
}

/** A random contraction with the buffers and slots it reads. */
export function randomContract(
  seed: number,
  { largest, element, depth }: ContractOptions,
): { kernel: ContractKernel; random: RandomKernels } {
  const next = randomNumbers(seed);
  const random = new RandomKernels(next, []);
  const [batch, m, n, k] = [
    axes(random, 4),
    axes(random, largest),
    axes(random, largest),
    random.below(20) === 0 ? [0] : axes(random, largest),
  ];
  const [a, b] = [operand(random, [batch, m, k], element), operand(random, [batch, n, k], element)];
  random.shape = [...batch, ...m, ...n];
  random.results.push(PRODUCT);
  const values = Array.from({ length: depth === 0 ? 1 : 1 + random.below(3) }, () =>
    depth === 0
      ? PRODUCT
      : random.expression(
          random.pick(["f32", "f32", "f32", "i32", "u32", "bool"]),
          random.below(depth + 1),
        ),
  );
  const stores = values.map((value) => random.store(value));
  return { kernel: { family: "contract", batch, m, n, k, a, b, stores, labels: [] }, random };
}

/** Sizes of up to three axes whose product is at most `largest`. */
function axes(random: RandomKernels, largest: number): number[] {
  const sizes: number[] = [];
  let room = largest;
  for (let count = random.pick([0, 1, 1, 1, 1, 2, 2, 3]); count > 0; count--) {
    const size = 1 + random.below(count === 1 ? room : Math.min(room, 7));
    sizes.push(size);
    room = Math.floor(room / size);
  }
  return sizes;
}

/** A view of a new buffer: axes in any order, whole lists of them repeated, gaps, backward steps, a start that a slot decides. */
function operand(
  random: RandomKernels,
  lists: readonly Shape[],
  element: (uniform: number) => number,
): Operand {
  const shape = lists.flat();
  const strides = new Array<number>(shape.length).fill(0);
  const places = lists.flatMap((list) => list.map(() => list));
  const repeated = new Set(lists.filter(() => random.below(8) === 0));
  const order = places.map((_, axis) => axis);
  if (random.below(2) === 0) order.sort(() => random.below(2) - 0.5);
  let [span, lowest] = [1, 0];
  for (const axis of order.reverse()) {
    if (repeated.has(places[axis]!)) continue;
    const stride = span * random.pick([1, 1, 1, 1, 1, 1, -1, 2]);
    const reach = stride * Math.max(0, shape[axis]! - 1);
    strides[axis] = stride;
    lowest += Math.min(reach, 0);
    span += Math.abs(reach);
  }
  const first = random.below(5);
  const array = createArray("f32", first + span);
  for (let i = 0; i < array.length; i++) array[i] = element(random.below(2 ** 24) / 2 ** 24);
  const buffer = random.buffers.size;
  random.buffers.set(buffer, array);
  return { buffer, form: { strides, offset: offset(random, first - lowest) } };
}

function offset(random: RandomKernels, value: number): Affine {
  if (random.below(3) > 0) return affine(value);
  const factor = random.pick([1, 2, -3]);
  const slot = random.slots.push(random.below(4)) - 1;
  return { constant: value - factor * random.slots[slot]!, terms: [[slot, factor]] };
}
