// Bindings so small that kernels run in windows and tables in parts: the bits of whole bindings, or a coded error first.
import { PrismaError } from "@prisma/tensor";
import { describe, expect, test } from "vitest";
import { hasAdapter, limitedGpu, type BoundSoFar } from "./limited-gpu.ts";
import { bitsOf, changed, on, RANDOM, VALUES, type Program } from "./programs.ts";
import { WIDE } from "./wide-programs.ts";

/** Milliseconds for everything in a row on a busy machine. */
const PATIENCE = 120_000;

/** What became of a program: its bits or why it was refused, and what was bound. */
interface Outcome {
  readonly bits: ReadonlyMap<string, readonly string[]>;
  readonly refusal: string | null;
  readonly dispatches: number;
  readonly partial: number;
}

async function outcomeOf(program: Program, bound: BoundSoFar): Promise<Outcome> {
  const before = { ...bound };
  const done = await bitsOf([program]).catch((error: unknown) => {
    if (!(error instanceof PrismaError) || error.code !== "SIZE_LIMIT") throw error;
    return error.message;
  });
  const refusal = typeof done === "string" ? done : null;
  const bits = typeof done === "string" ? new Map<string, readonly string[]>() : done;
  const dispatches = bound.dispatches - before.dispatches;
  return { bits, refusal, dispatches, partial: bound.partial - before.partial };
}

/** Runs `programs` with bindings of `bytes` at most, one after another. */
async function within(
  bytes: number,
  programs: readonly Program[],
  as: { readonly card?: boolean } = {},
): Promise<Map<string, Outcome>> {
  const { gpu, bound } = await limitedGpu({ maxStorageBufferBindingSize: bytes }, as);
  return on({ device: gpu }, async () => {
    const outcomes = new Map<string, Outcome>();
    for (const program of programs) outcomes.set(program[0], await outcomeOf(program, bound));
    expect(bound.largest).toBeLessThanOrEqual(bytes);
    return outcomes;
  });
}

const NO_LIMIT = 2 ** 27;

/** What small bindings did to programs, by name. */
interface Effects {
  /** Run by more dispatches. */
  readonly windows: string[];
  /** Run with ranges of buffers bound. */
  readonly ranges: string[];
  readonly refused: string[];
}

/** What bindings of `bytes` do to `programs`. Those that run must give the bits that whole bindings give. */
async function effectsOf(
  bytes: number,
  programs: readonly Program[],
  as: { readonly card?: boolean } = {},
): Promise<Effects> {
  const expected = await within(NO_LIMIT, programs, as);
  const found = await within(bytes, programs, as);
  const names = (wanted: (small: Outcome, whole: Outcome) => boolean): string[] =>
    [...expected].flatMap(([name, whole]) => (wanted(found.get(name)!, whole) ? [name] : []));
  const refused = names(({ refusal }) => refusal !== null);
  // A program is one plan: where one of its kernels cannot run, none does.
  const refusal: unknown = expect.stringMatching(
    /WebGPU: \w+.* \d+ bytes.* adapter .*\d+; split the rows/,
  );
  for (const name of refused)
    expect(found.get(name), name).toMatchObject({ refusal, dispatches: 0 });
  const whole = { refusal: null, partial: 0 };
  expect([...expected.values()]).toEqual([...expected].map(() => expect.objectContaining(whole)));
  expect(
    names((small, { bits }) => small.refusal === null && changed(small.bits, bits).length > 0),
  ).toEqual([]);
  return {
    refused,
    windows: names((small, { dispatches }) => small.dispatches > dispatches),
    ranges: names(({ partial }) => partial > 0),
  };
}

describe.skipIf(!hasAdapter)("small bindings on WebGPU", { timeout: PATIENCE }, () => {
  test.each([
    ["a software adapter", { card: false }],
    ["a graphics card", { card: true }],
  ])("4 KiB: every family of kernels on tensors of 20 KiB, as on %s", async (_, as) => {
    const { ranges, windows, refused } = await effectsOf(4096, WIDE, as);
    expect(refused).toEqual([]);
    expect(ranges).toEqual(WIDE.map(([name]) => name));
    const inOneLaunch = ["one slice", "columns", "everything to one number"];
    expect(windows).toEqual(ranges.filter((name) => !inOneLaunch.includes(name)));
  });

  test("256 bytes: every operation", async () => {
    const { windows, refused } = await effectsOf(256, VALUES);
    // Most are smaller than any binding may be.
    expect(windows.length).toBeGreaterThan(2);
    // Rows shorter than a binding may lie across a multiple of 256 bytes, where bindings start.
    const operations = new Set(refused.map((name) => name.split(" #")[0]));
    expect([...operations].sort()).toEqual(["argsort", "cumsum", "sort", "topK"]);
  });

  test("256 bytes: random programs", async () => {
    const { windows, refused } = await effectsOf(256, RANDOM);
    expect(windows.length).toBeGreaterThan(8);
    expect(refused.length).toBeLessThan(RANDOM.length / 10);
  });
});
