// Judges what a device computed: equal to the float64 reference, or as far from it as rounding of every step carries.
import type { Tensor } from "@prisma/tensor";
import type { Node } from "../../src/graph/node.ts";
import { evaluateAll, type Evaluated } from "../../src/reference/evaluate.ts";
import type { RandomProgram } from "./random-graph.ts";
import { UNIT } from "./random-leaves.ts";
import { RandomSource } from "./random-source.ts";

/** Error allowed relative to the largest magnitude of a result: a few roundings per step of a short chain. */
const TOLERANCE = 2e-5;
/** Evaluations with random rounding from which the reach of rounding is read. */
const SAMPLES = 12;
/** Times that reach which an element may be off: a device rounds more often than the reference has steps. */
const REACH = 16;

/** What became of a program. `"unstable"`: a value hangs on a rounding, such as a comparison of nearly equal numbers. */
export type Verdict =
  | { readonly kind: "equal" | "unstable" }
  | { readonly kind: "wrong"; readonly where: string };

/** The reference's results. */
export function expectedOf(
  { outputs, leaves }: RandomProgram,
  round?: (value: number) => number,
): Evaluated[] {
  const nodes = outputs.map((output) => output.node);
  return evaluateAll(nodes, (leaf: Node) => leaves.get(leaf)!, round);
}

/** Compares `found` with `expected`; where they differ, `again` builds the program anew to see what rounding does to it. */
export function judge(
  program: RandomProgram,
  expected: readonly Evaluated[],
  found: readonly ArrayLike<number>[],
  again: () => RandomProgram,
): Verdict {
  const differing = found.flatMap((values, output) =>
    differences(values, expected[output]!, UNIT[program.kind]).map((place) => ({ output, place })),
  );
  if (differing.length === 0) return { kind: "equal" };
  const samples = roundedSamples(again());
  for (const { output, place } of differing) {
    const [value, got] = [expected[output]!.values[place] ?? NaN, found[output]![place] ?? NaN];
    const others = samples.map((sample) => sample[output]!.values[place] ?? NaN);
    if (!withinReach(got, value, others))
      return {
        kind: "wrong",
        where: `output ${output}, element ${place} is ${got}, expected ${value}`,
      };
  }
  return { kind: "unstable" };
}

/** Places where `found` is not what is expected; one past the end where there are too few or too many. */
function differences(
  found: ArrayLike<number>,
  { values, magnitudes }: Evaluated,
  unit: number,
): number[] {
  if (found.length !== values.length) return [values.length];
  const scale = magnitudes.reduce(
    (most, one) => (Number.isFinite(one) ? Math.max(most, one) : most),
    Math.min(1, unit),
  );
  return [...values.keys()].filter((place) => {
    const [value, got] = [values[place]!, found[place]!];
    // As numbers: the sign of a zero is a matter of the table of special values.
    return (
      !(value === got || (Number.isNaN(value) && Number.isNaN(got))) &&
      !(Math.abs(value - got) <= TOLERANCE * scale)
    );
  });
}

/** Results with every step rounded to float32 at random, up or down (Monte Carlo arithmetic, Parker 1997); first to nearest. */
function roundedSamples(program: RandomProgram): Evaluated[][] {
  const random = new RandomSource(1);
  const noisy = (value: number): number =>
    Math.fround(value * (1 + (random.unit() - 0.5) * 2 ** -22));
  const samples = Array.from({ length: SAMPLES }, (_, i) =>
    expectedOf(program, i === 0 ? Math.fround : noisy),
  );
  program.outputs.forEach((output: Tensor) => output.dispose());
  return samples;
}

/** Whether rounding takes `value` as far as `got`. Where it makes or unmakes an infinity or a NaN, it takes it anywhere. */
function withinReach(got: number, value: number, others: readonly number[]): boolean {
  const turned = (other: number): boolean =>
    !(Number.isFinite(other) && Number.isFinite(value)) && !Object.is(other, value);
  if (others.some(turned)) return true;
  const spread = Math.max(...others.map((other) => Math.abs(other - value)));
  return Math.abs(got - value) <= REACH * spread;
}
