// Compiled kernels of one thread, by number, and how one thread works on a launch.
import type { WasmRun } from "../../codegen/wasm/abi.ts";

/** Bytes at the start of scratch that are zero when a launch begins. */
const SCRATCH_STATE_BYTES = 64;

/** A range of items taken from a launch, or null when none are left. */
export type TakeItems = () => readonly [begin: number, end: number] | null;

/** Kernels instantiated on a memory. */
export class KernelTable {
  readonly #runs: WasmRun[] = [];

  constructor(readonly memory: WebAssembly.Memory) {}

  /** Compiles `bytes` as kernel `number`. */
  load(number: number, bytes: Uint8Array<ArrayBuffer>): void {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory: this.memory } });
    this.#runs[number] = instance.exports["run"] as WasmRun;
  }

  /** Works on kernel `number` until `take` gives nothing more. */
  work(number: number, params: number, scratch: { readonly address: number; readonly bytes: number }, take: TakeItems): void {
    const run = this.#runs[number];
    if (run === undefined) throw new Error(`no kernel ${number}`);
    const state = Math.min(scratch.bytes, SCRATCH_STATE_BYTES);
    new Uint8Array(this.memory.buffer, scratch.address, state).fill(0);
    for (let range = take(); range !== null; range = take()) run(params, range[0], range[1], scratch.address);
  }
}
