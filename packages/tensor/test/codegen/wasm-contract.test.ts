// Contractions stay within the error bound of a sum taken in order, and give the same bits for every cut and tile.
import { expect, it } from "vitest";
import type { WasmTarget } from "../../src/codegen/wasm/abi.ts";
import { DEFAULT_TILE, type Tile } from "../../src/codegen/wasm/contract-tile.ts";
import { renderContract } from "../../src/codegen/wasm/render-contract.ts";
import type { TypedArray } from "../../src/dtype.ts";
import { affine } from "../../src/graph/affine.ts";
import { apply, type BufferId, type Expr } from "../../src/graph/expr.ts";
import type { ContractKernel, Store } from "../../src/schedule/kernel.ts";
import { sizeOf, type Shape } from "../../src/shape.ts";
import { evaluate } from "../expr-interpreter.ts";
import { coordinatesOf } from "../kernel-interpreter.ts";
import { randomNumbers, RandomKernels } from "./random-kernels.ts";
import { PLAIN, runWasmProgram } from "./run-wasm-program.ts";

const ACCUMULATOR: Expr = {
  kind: "value",
  dtype: "f32",
  kernel: 0,
  value: 0,
  form: { strides: [], offset: affine(0) },
};

/** Sizes of axes whose product is `size` or, where it does not factor, a little more. */
function splitAxes(random: RandomKernels, size: number): number[] {
  const parts = random.below(3);
  if (parts === 0) return size === 1 ? [] : [size];
  const inner = 1 + random.below(Math.min(size, 12));
  return parts === 1
    ? [Math.ceil(size / inner), inner]
    : [1 + random.below(3), Math.ceil(size / 3 / inner) || 1, inner];
}

/** A buffer for a view over `shape`: axes in any order, some with gaps or backwards, some repeated; always inside. */
function operand(random: RandomKernels, shape: Shape): ContractKernel["a"] {
  const axes = shape.map((_, axis) => axis);
  if (random.below(2) === 0) axes.sort(() => random.below(3) - 1);
  const strides = new Array<number>(shape.length).fill(0);
  let [span, lowest] = [1, 0];
  for (const axis of axes.reverse()) {
    if (random.below(12) === 0) continue;
    const stride = span * random.pick([1, 1, 1, 1, 1, 2, -1]);
    strides[axis] = stride;
    const reach = stride * (shape[axis]! - 1);
    lowest += Math.min(reach, 0);
    span += Math.abs(reach);
  }
  const first = random.below(5);
  const buffer = random.buffer("f32", first + span);
  random.buffers
    .get(buffer)!
    .forEach((_, i, array) => (array[i] = Math.fround(random.below(2 ** 24) / 2 ** 23 - 1)));
  return { buffer, form: { strides, offset: affine(first - lowest) } };
}

interface Sizes {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** A kernel of about these sizes that stores the bare sums first. */
function randomContract(
  seed: number,
  sizes: (random: RandomKernels) => Sizes,
  epilogue = true,
): { kernel: ContractKernel; random: RandomKernels } {
  const random = new RandomKernels(randomNumbers(seed), []);
  const { batch, m, n, k } = sizes(random);
  const axes = {
    batch: splitAxes(random, batch),
    m: splitAxes(random, m),
    n: splitAxes(random, n),
    k: splitAxes(random, k),
  };
  const a = operand(random, [...axes.batch, ...axes.m, ...axes.k]);
  const b = operand(random, [...axes.batch, ...axes.n, ...axes.k]);
  random.shape = [...axes.batch, ...axes.m, ...axes.n];
  const stores: Store[] = [random.store(ACCUMULATOR)];
  if (epilogue && random.below(2) === 0) {
    const scaled = apply("mul", ACCUMULATOR, random.leaf("f32"));
    stores.push(random.store(apply("add", scaled, random.expression("f32", random.below(3)))));
  }
  return { kernel: { family: "contract", ...axes, a, b, stores, labels: [] }, random };
}

function copyOf(buffers: ReadonlyMap<BufferId, TypedArray>): Map<BufferId, TypedArray> {
  return new Map([...buffers].map(([id, array]) => [id, array.slice() as TypedArray]));
}

interface RunOptions {
  readonly tile?: Tile;
  readonly target?: WasmTarget;
  readonly cuts?: boolean;
}

/** The buffers after a run; `cuts` cuts the items in four. */
function run(
  kernel: ContractKernel,
  random: RandomKernels,
  { tile = DEFAULT_TILE, target = PLAIN, cuts = false }: RunOptions = {},
): Map<BufferId, TypedArray> {
  const buffers = copyOf(random.buffers);
  const program = renderContract(kernel, target, tile);
  const places = cuts
    ? [0, 1, 2].map(() => random.below(program.items + 1)).sort((x, y) => x - y)
    : [];
  runWasmProgram(program, buffers, { slots: random.slots, target, cuts: places });
  return buffers;
}

/** Places, in elements from the first, of all coordinates of axes of the given sizes and strides. */
function placesOf(sizes: Shape, strides: readonly number[]): number[] {
  return sizes.reduce<number[]>(
    (places, size, axis) =>
      places.flatMap((place) => Array.from({ length: size }, (_, i) => place + i * strides[axis]!)),
    [0],
  );
}

/** The first sum outside the bound 2 (k + 4) 2^-24 sum |a b|, as text; null: all inside. */
function outsideBound(
  { batch, m, n, k, a, b, stores }: ContractKernel,
  random: RandomKernels,
  actual: Map<BufferId, TypedArray>,
): string | null {
  const views = [
    [m, a],
    [n, b],
  ] as const;
  const [left, right] = views.map(
    ([
      own,
      {
        buffer,
        form: { strides, offset },
      },
    ]) => ({
      batch: placesOf(batch, strides).map((place) => place + offset.constant),
      own: placesOf(own, strides.slice(batch.length)),
      k: placesOf(k, strides.slice(batch.length + own.length)),
      all: random.buffers.get(buffer)!,
    }),
  );
  const { strides, offset } = stores[0]!.form;
  const [outBatch, outM, outN] = [
    placesOf(batch, strides),
    placesOf(m, strides.slice(batch.length)),
    placesOf(n, strides.slice(batch.length + m.length)),
  ];
  const out = actual.get(stores[0]!.buffer)!;
  const bound = 2 * (sizeOf(k) + 4) * 2 ** -24;
  for (let s = 0; s < outBatch.length; s++)
    for (let i = 0; i < outM.length; i++)
      for (let j = 0; j < outN.length; j++) {
        const [p, q] = [left!.batch[s]! + left!.own[i]!, right!.batch[s]! + right!.own[j]!];
        let [sum, magnitude] = [0, 0];
        for (let d = 0; d < left!.k.length; d++) {
          const product = left!.all[p + left!.k[d]!]! * right!.all[q + right!.k[d]!]!;
          sum += product;
          magnitude += Math.abs(product);
        }
        const value = out[offset.constant + outBatch[s]! + outM[i]! + outN[j]!]!;
        if (!(Math.abs(value - sum) <= bound * magnitude))
          return `[${s},${i},${j}] is ${value}, not ${sum}`;
      }
  return null;
}

/** The first element of the other stores that is not the epilogue of the stored sum, as text. */
function wrongEpilogue(
  kernel: ContractKernel,
  random: RandomKernels,
  actual: Map<BufferId, TypedArray>,
): string | null {
  const [sums, ...others] = kernel.stores;
  for (const coordinates of coordinatesOf([...kernel.batch, ...kernel.m, ...kernel.n])) {
    const at = {
      buffers: actual,
      slots: random.slots,
      coordinates,
      values: new Map<number, number>(),
    };
    const element = (store: Store): number =>
      evaluate(
        { kind: "load", dtype: store.dtype, buffer: store.buffer, form: store.form, guards: [] },
        at,
      );
    at.values.set(0, element(sums!));
    const wrong = others.find((store) => !Object.is(element(store), evaluate(store.value, at)));
    if (wrong !== undefined)
      return `at ${coordinates.join(",")}: ${element(wrong)} instead of ${evaluate(wrong.value, at)}`;
  }
  return null;
}

const SMALL = (random: RandomKernels): Sizes => ({
  batch: 1 + random.below(3),
  m: 1 + random.below(70),
  n: 1 + random.below(70),
  k: 1 + random.below(70),
});
const BATCHES = Array.from({ length: 20 }, (_, i) => i);

it.each(BATCHES)("computes 10 random contractions with their epilogues, batch %i", (batch) => {
  for (let seed = 10 * batch; seed < 10 * (batch + 1); seed++) {
    const { kernel, random } = randomContract(seed, SMALL);
    const actual = run(kernel, random);
    expect(outsideBound(kernel, random, actual), `kernel ${seed}`).toBeNull();
    expect(wrongEpilogue(kernel, random, actual), `kernel ${seed}`).toBeNull();
    expect(run(kernel, random, { cuts: true }), `kernel ${seed} in cuts`).toEqual(actual);
  }
});
