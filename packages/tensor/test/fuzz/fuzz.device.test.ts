// Random programs give on every device what the float64 reference gives.
import { init, realize, scope } from "@prisma/tensor";
import { expect, test } from "vitest";
import { evaluate } from "../../src/reference/evaluate.ts";
import { randomProgram } from "./random-graph.ts";

/** Error allowed relative to the largest magnitude of a result: a few roundings per step of a short chain. */
const TOLERANCE = 2e-5;

async function check(seed: number): Promise<void> {
  const program = scope(() => randomProgram(seed, 6));
  const expected = program.outputs.map((output) => evaluate(output.node, (leaf) => program.leaves.get(leaf)!));
  await realize(...program.outputs);
  for (const [i, output] of program.outputs.entries()) {
    const found = await output.data();
    const { values, magnitudes } = expected[i]!;
    const scale = Math.max(1, ...magnitudes.filter(Number.isFinite));
    const story = () => `seed ${seed}, output ${i}: ${program.steps.join("; ")}`;
    expect(found.length, story()).toBe(values.length);
    values.forEach((value, place) => {
      const same = Object.is(value, found[place]) || Math.abs(value - found[place]!) <= TOLERANCE * scale;
      if (!same) throw new Error(`${story()}: element ${place} is ${found[place]}, expected ${value}`);
    });
    output.dispose();
  }
}

test("random programs on WebAssembly equal the reference", async () => {
  const device = await init({ device: "wasm", threads: 1 });
  for (let seed = 0; seed < 500; seed++) await check(seed);
  await device.dispose();
});
