// Random programs give on every device what the float64 reference gives.
import { realize, scope } from "@prisma/tensor";
import { expect, inject, test } from "vitest";
import type { CommitSeed } from "../../../../scripts/commit-seed.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { onEachDevice } from "../each-device.ts";
import { randomProgram } from "./random-graph.ts";

/** Error allowed relative to the largest magnitude of a result: a few roundings per step of a short chain. */
const TOLERANCE = 2e-5;
/** Programs from fixed seeds, and as many from the commit; a GPU compiles a pipeline for each new shape of kernel. */
const PROGRAMS = { wasm: 3000, webgpu: 300 } as const;
const STEPS = 6;

/** The places of `found` that are not `values`, in words. */
function differences(found: ArrayLike<number>, values: Float64Array, scale: number): string[] {
  if (found.length !== values.length) return [`${found.length} values for ${values.length}`];
  return [...values].flatMap((value, place) => {
    const same =
      Object.is(value, found[place]) || Math.abs(value - found[place]!) <= TOLERANCE * scale;
    return same ? [] : [`element ${place} is ${found[place]}, expected ${value}`];
  });
}

async function expectProgram(seed: number): Promise<void> {
  const program = scope(() => randomProgram(seed, STEPS));
  const expected = program.outputs.map((output) =>
    evaluate(output.node, (leaf) => program.leaves.get(leaf)!),
  );
  try {
    await realize(...program.outputs);
    for (const [i, output] of program.outputs.entries()) {
      const { values, magnitudes } = expected[i]!;
      const scale = Math.max(1, ...magnitudes.filter(Number.isFinite));
      const wrong = differences(await output.data(), values, scale);
      expect(wrong, `seed ${seed}, output ${i}: ${program.steps.join("; ")}`).toEqual([]);
    }
  } finally {
    program.outputs.forEach((output) => output.dispose());
  }
}

onEachDevice((kind) => {
  test.each([0, 1, 2])("random programs equal the reference, part %i of 3", async (part) => {
    const count = PROGRAMS[kind] / 3;
    for (let seed = part * count; seed < (part + 1) * count; seed++) await expectProgram(seed);
  });

  const commit: CommitSeed = inject("commitSeed");
  test.skipIf(commit === null)("random programs of this commit equal the reference", async () => {
    for (let i = 0; i < PROGRAMS[kind]; i++) await expectProgram(Number(commit) + i);
  });
});
