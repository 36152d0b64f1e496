// Measuring: interleaved rounds, so that a machine whose speed drifts treats every engine alike.
import type { Case } from "./cases.ts";
import type { Engine, Prepared } from "./engine.ts";

/** Times of one engine on one case, in milliseconds. */
export interface Timing {
  readonly engine: string;
  /** First call, compilation and tier-up included. */
  readonly cold: number;
  /** Over all calls after the warm-up. */
  readonly best: number;
  readonly median: number;
  /** The fastest call of each round. */
  readonly rounds: readonly number[];
}

/** Rounds of every case, and the milliseconds that each engine may use in a round and before all rounds. */
export interface MeasureOptions {
  readonly warmUpMs: number;
  readonly rounds: number;
  readonly roundMs: number;
}

/** One engine in a case. */
interface Lane {
  readonly engine: string;
  readonly prepared: Prepared;
  readonly cold: number;
  readonly rounds: number[][];
}

/** The middle of `values`, the upper one of two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/**
 * How often `timing` takes as long as `ours`: the median, over the rounds, of the fastest call of the one over the
 * fastest of the other. What slows the machine for longer than a round cancels out.
 */
export function ratioOf(timing: Timing, ours: Timing): number {
  return median(timing.rounds.map((best, round) => best / (ours.rounds[round] ?? Number.NaN)));
}

/** Times of the runs that fit into `ms`, at least one. */
async function timeRound({ prepared }: Lane, ms: number): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + ms;
  do times.push(await prepared.run());
  while (performance.now() < end);
  return times;
}

/** Times of all `engines` that can do `item`, in rounds A B C, A B C, ... after a first call and a warm-up of each. */
export async function measure(
  item: Case,
  engines: readonly Engine[],
  { warmUpMs, rounds, roundMs }: MeasureOptions,
): Promise<Timing[]> {
  const lanes: Lane[] = [];
  for (const engine of engines) {
    const prepared = await engine.prepare(item.workload);
    if (prepared === null) continue;
    lanes.push({ engine: engine.name, prepared, cold: await prepared.run(), rounds: [] });
  }
  for (const lane of lanes) await timeRound(lane, warmUpMs);
  for (let round = 0; round < rounds; round++)
    for (const lane of lanes) lane.rounds.push(await timeRound(lane, roundMs));
  for (const lane of lanes) await lane.prepared.dispose();
  return lanes.map(timingOf);
}

function timingOf({ engine, cold, rounds }: Lane): Timing {
  const times = rounds.flat();
  return {
    engine,
    cold,
    best: Math.min(...times),
    median: median(times),
    rounds: rounds.map((round) => Math.min(...round)),
  };
}
