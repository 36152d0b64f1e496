// What the benchmarks ask of a library: its name and version, and a function that runs one workload to its end.
import type { Case } from "./cases.ts";

/** A workload made ready: calling it computes once and waits for the result. `null` says the library cannot do it. */
export type Run = () => Promise<void>;

/** A library under measurement. */
export interface Engine {
  readonly name: string;
  readonly version: string;
  /** Builds inputs and weights; the first call of the result may still compile. */
  prepare(workload: Case["workload"]): Promise<Run | null>;
  close(): Promise<void>;
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
