// Runs random programs on the current device and judges what they give.
import { realize, scope } from "@prisma/tensor";
import { expect } from "vitest";
import { expectedOf, judge } from "./judge-outputs.ts";
import { randomProgram, type RandomProgram } from "./random-graph.ts";
import type { ValueKind } from "./random-leaves.ts";

/** Most operations of a program. */
const STEPS = 6;
/** Programs under way at once: while one is read back, the next is compiled. */
const AT_ONCE = 8;
/** Share of the programs that may hang on a rounding: hardly any on plain numbers, some on others, which overflow and cancel. */
const UNSTABLE = { plain: 1 / 200, others: 1 / 20 } as const;

/** Programs `from` to `from + count` by their seeds. */
export interface Seeds {
  readonly from: number;
  readonly count: number;
}

/** Runs one program; says whether it hangs on a rounding, and fails where it is wrong. */
async function runProgram(
  seed: number,
  kinds: (kind: ValueKind) => ValueKind,
): Promise<keyof typeof UNSTABLE | null> {
  const build = (): RandomProgram => scope(() => randomProgram(seed, STEPS, kinds));
  const program = build();
  try {
    const expected = expectedOf(program);
    await realize(...program.outputs);
    const found = await Promise.all(program.outputs.map((output) => output.data()));
    const verdict = judge(program, expected, found, build);
    if (verdict.kind === "wrong")
      expect.fail(`seed ${seed}, ${program.kind}, ${verdict.where}: ${program.steps.join("; ")}`);
    if (verdict.kind === "equal") return null;
    return program.kind === "normal" ? "plain" : "others";
  } finally {
    program.outputs.forEach((output) => output.dispose());
  }
}

/** Expects of every program of `seeds` what the reference gives. `kinds` says what a kind of numbers is replaced by. */
export async function expectPrograms(
  { from, count }: Seeds,
  kinds: (kind: ValueKind) => ValueKind = (kind) => kind,
): Promise<void> {
  const unstable = { plain: 0, others: 0 };
  for (let first = from; first < from + count; first += AT_ONCE) {
    const size = Math.min(AT_ONCE, from + count - first);
    const seeds = Array.from({ length: size }, (_, i) => first + i);
    for (const kind of await Promise.all(seeds.map((seed) => runProgram(seed, kinds))))
      if (kind !== null) unstable[kind]++;
  }
  for (const kind of ["plain", "others"] as const)
    expect(
      unstable[kind],
      `programs on ${kind} numbers that hang on a rounding`,
    ).toBeLessThanOrEqual(Math.max(1, count * UNSTABLE[kind]));
}
