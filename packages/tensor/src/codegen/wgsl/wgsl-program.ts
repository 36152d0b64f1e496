// A kernel rendered for WebGPU, and what the generator is told of the adapter.
import type { BufferId } from "../../graph/expr.ts";
import type { Program } from "../program.ts";

/** Buffers that are bound in parts, since they are larger than a binding. */
export interface BoundParts {
  /** Bindings of a buffer; 1 for all that it lacks. */
  readonly counts: ReadonlyMap<BufferId, number>;
  /** Words of every part of a buffer but the last. */
  readonly words: number;
}

/** What decides between variants of a kernel. */
export interface WgslTarget {
  /** A CPU pretending to be a GPU: no workgroup memory, few and fat threads. */
  readonly cpu: boolean;
  readonly parts?: BoundParts;
}

/** WGSL text with an entry point `main`; binding 0 is the parameters, binding i + 1 is buffer i. */
export interface WgslProgram extends Program<string> {
  /** A buffer that is bound in parts occurs once for each. */
  readonly buffers: readonly BufferId[];
  /** Workgroups of the whole kernel, to be folded over the grid's dimensions. */
  readonly workgroups: number;
  /** Rough number of operations, to cut submissions. */
  readonly cost: number;
}
