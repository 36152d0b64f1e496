// The calling convention between WebAssembly kernels and the device that runs them.
import type { Program } from "../program.ts";

/**
 * The function a kernel's module exports as `run`. It imports the device's memory as `env.memory`, computes the work
 * items `[begin, end)` and returns nothing. Items are cut along output axes only: bits do not depend on the cuts.
 * All arguments are u32: `params` and `scratch` are byte addresses, multiples of 16. At `params` stand u32 words: the
 * byte address of element 0 of each of `Program.buffers` (16 or more), then the words of `Program.params`. `scratch`
 * points to `scratchBytes` bytes that no other call uses at the same time. Calls of one launch that share scratch find it
 * as the call before left it; at the first of them its first 64 bytes are 0, so that nothing of an earlier launch is believed.
 */
export type WasmRun = (params: number, begin: number, end: number, scratch: number) => void;

/** What the device knows about its engine and its memory when it asks for code. */
export interface WasmTarget {
  /** Whether the memory is shared between threads; the import must say the same. */
  readonly shared: boolean;
  /** Whether `f32x4.relaxed_madd` exists and is fused; `fma` is a product and a sum otherwise. */
  readonly relaxed: boolean;
}

/** A kernel rendered as a module; `code` gives its bytes. */
export interface WasmProgram extends Program<Uint8Array<ArrayBuffer>> {
  /** Work items of the whole kernel; a launch covers `[0, items)` in any cuts. */
  readonly items: number;
  /** Bytes of scratch each concurrent call needs, private to it. */
  readonly scratchBytes: number;
  /** Rough time of an item in half nanoseconds, to choose cuts of about a millisecond and the number of threads. */
  readonly costPerItem: number;
}
