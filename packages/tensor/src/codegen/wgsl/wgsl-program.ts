// A kernel rendered for WebGPU, and what the generator is told of the adapter.
import type { Program } from "../program.ts";

/** What decides between variants of a kernel. */
export interface WgslTarget {
  /** A CPU pretending to be a GPU: no workgroup memory, few and fat threads. */
  readonly cpu: boolean;
}

/** WGSL text with an entry point `main`; binding 0 is the parameters, binding i + 1 is buffer i. */
export interface WgslProgram extends Program<string> {
  /** Workgroups of the whole kernel, to be folded over the grid's dimensions. */
  readonly workgroups: number;
  /** Rough number of operations, to cut submissions. */
  readonly cost: number;
}
