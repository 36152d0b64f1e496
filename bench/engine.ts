// What the benchmarks ask of a library: its name and version, and a function that runs one workload to its end.
import type { Case } from "./cases.ts";

/** A workload made ready, its inputs and weights in the library's memory until it is disposed. */
export interface Prepared {
  /** Computes once, waits for the result, and gives the milliseconds that took; the first call may still compile. */
  run(): Promise<number>;
  dispose(): Promise<void>;
}

/** A library under measurement. */
export interface Engine {
  readonly name: string;
  readonly version: string;
  /** What computes, and with how many threads, as far as the library tells. */
  readonly device: string;
  /** `null` says that the library cannot do it. */
  prepare(workload: Case["workload"]): Promise<Prepared | null>;
  close(): Promise<void>;
}

/** Milliseconds until `compute` is done. */
export async function timed(compute: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await compute();
  return performance.now() - start;
}

/** Deterministic values in [-1, 1), the same for every engine. */
export function randomValues(size: number, seed: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(size);
  let state = (seed * 2654435761 + 1) >>> 0;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = state / 2 ** 31 - 1;
  }
  return values;
}
