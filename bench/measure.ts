// Measuring: interleaved rounds, so that a machine whose speed drifts treats every engine alike.
import type { Case } from "./cases.ts";
import type { Engine, Run } from "./engine.ts";

/** Times of one engine on one case, in milliseconds. */
export interface Timing {
  readonly engine: string;
  /** First call, compilation and tier-up included. */
  readonly cold: number;
  readonly best: number;
  readonly median: number;
}

/** Rounds of every case, and the time each engine may use in a round. */
export interface MeasureOptions {
  readonly rounds: number;
  readonly roundMs: number;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

async function timeOnce(run: Run): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/** Runs until `ms` have passed, at least once; each run's time goes to `times`. */
async function timeRound(run: Run, ms: number, times: number[]): Promise<void> {
  const end = performance.now() + ms;
  do times.push(await timeOnce(run));
  while (performance.now() < end);
}

/** Times of all `engines` that can do `item`, in rounds A B C, A B C, ... after one warm-up each. */
export async function measure(
  item: Case,
  engines: readonly Engine[],
  options: MeasureOptions,
): Promise<Timing[]> {
  const lanes: { engine: string; run: Run; cold: number; times: number[] }[] = [];
  for (const engine of engines) {
    const run = await engine.prepare(item.workload);
    if (run === null) continue;
    lanes.push({ engine: engine.name, run, cold: await timeOnce(run), times: [] });
  }
  for (const lane of lanes) await timeRound(lane.run, options.roundMs, []);
  for (let round = 0; round < options.rounds; round++)
    for (const lane of lanes) await timeRound(lane.run, options.roundMs, lane.times);
  return lanes.map(({ engine, cold, times }) => ({
    engine,
    cold,
    best: Math.min(...times),
    median: median(times),
  }));
}
