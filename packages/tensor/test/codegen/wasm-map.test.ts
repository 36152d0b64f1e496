// Rendered map kernels give the interpreter's bits, however their work is cut.
import { expect, it } from "vitest";
import { renderMap } from "../../src/codegen/wasm/render-map.ts";
import { MACHINE_OPS, type MachineOp } from "../../src/graph/expr.ts";
import type { MapKernel } from "../../src/schedule/kernel.ts";
import { findDifferences } from "./find-differences.ts";
import { operationsIn, randomNumbers, RandomKernels } from "./random-kernels.ts";
import { PLAIN } from "./run-wasm-program.ts";

function randomMap(seed: number): { kernel: MapKernel; random: RandomKernels } {
  const next = randomNumbers(seed);
  const rank = Math.floor(next() * 6);
  const shape = Array.from(
    { length: rank },
    (_, axis) => 1 + Math.floor(next() * (axis === rank - 1 ? 21 : 4)),
  );
  const random = new RandomKernels(next, shape);
  const stores = Array.from({ length: 1 + random.below(2) }, () =>
    random.store(
      random.expression(random.pick(["f32", "f32", "i32", "u32", "bool"]), random.below(5)),
    ),
  );
  return { kernel: { family: "map", shape, stores, labels: [] }, random };
}

const BATCHES = Array.from({ length: 40 }, (_, i) => i);

it.each(BATCHES)("gives the interpreter's bits on 25 random kernels, batch %i", (batch) => {
  for (let seed = 25 * batch; seed < 25 * (batch + 1); seed++) {
    const { kernel, random } = randomMap(seed);
    expect(findDifferences(kernel, renderMap(kernel, PLAIN), random), `kernel ${seed}`).toEqual([]);
  }
});

it("makes kernels with every machine operation", () => {
  const found = new Set<MachineOp>();
  for (let seed = 0; seed < 1000; seed++)
    for (const { value } of randomMap(seed).kernel.stores) operationsIn(value, found);
  expect([...found].sort()).toEqual([...MACHINE_OPS].sort());
});
