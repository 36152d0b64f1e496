// Rendered map kernels give the interpreter's bits, however their work is cut.
import { expect, it } from "vitest";
import { renderMap } from "../../src/codegen/wasm/render-map.ts";
import type { TypedArray } from "../../src/dtype.ts";
import { MACHINE_OPS, type BufferId, type MachineOp } from "../../src/graph/expr.ts";
import type { MapKernel } from "../../src/schedule/kernel.ts";
import { interpretKernel } from "../kernel-interpreter.ts";
import { operationsIn, randomNumbers, RandomKernels } from "./random-kernels.ts";
import { PLAIN, runWasmProgram } from "./run-wasm-program.ts";

type Buffers = Map<BufferId, TypedArray>;

function copy(buffers: ReadonlyMap<BufferId, TypedArray>): Buffers {
  return new Map([...buffers].map(([id, array]) => [id, array.slice() as TypedArray]));
}

/** Words of `array`, all NaNs as one. */
function words(array: TypedArray): number[] {
  const bits = new Uint32Array(array.buffer);
  return [...array].map((value, i) => (Number.isNaN(value) ? Number.NaN : bits[i]!));
}

function randomMap(seed: number): { kernel: MapKernel; random: RandomKernels } {
  const next = randomNumbers(seed);
  const rank = Math.floor(next() * 6);
  const shape = Array.from({ length: rank }, (_, axis) => 1 + Math.floor(next() * (axis === rank - 1 ? 21 : 4)));
  const random = new RandomKernels(next, shape);
  const stores = Array.from({ length: 1 + random.below(2) }, () =>
    random.store(random.expression(random.pick(["f32", "f32", "i32", "u32", "bool"]), random.below(5))));
  return { kernel: { family: "map", shape, stores, labels: [] }, random };
}

const SEEDS = Array.from({ length: 40 }, (_, i) => i);

it.each(SEEDS)("gives the interpreter's bits on 25 random kernels from seed %i", (seed) => {
  for (let i = 0; i < 25; i++) {
    const { kernel, random } = randomMap(1000 * seed + i);
    const [expected, actual, cut] = [copy(random.buffers), copy(random.buffers), copy(random.buffers)];
    interpretKernel(kernel, expected, random.slots);
    const program = renderMap(kernel, PLAIN);
    runWasmProgram(program, actual, { slots: random.slots });
    const cuts = Array.from({ length: 3 }, () => random.below(program.items + 1)).sort((a, b) => a - b);
    runWasmProgram(program, cut, { slots: random.slots, cuts });
    for (const { buffer } of kernel.stores) {
      expect(words(actual.get(buffer)!), `kernel ${1000 * seed + i}`).toEqual(words(expected.get(buffer)!));
      expect(words(cut.get(buffer)!)).toEqual(words(actual.get(buffer)!));
    }
  }
});

it("makes kernels with every machine operation", () => {
  const found = new Set<MachineOp>();
  for (let i = 0; i < 1000; i++) for (const { value } of randomMap(i).kernel.stores) operationsIn(value, found);
  expect([...found].sort()).toEqual([...MACHINE_OPS].sort());
});
