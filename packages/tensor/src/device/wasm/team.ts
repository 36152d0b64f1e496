// Threads that share one launch: the coordinator offers it, helpers join while it is open, all take slices off one counter.
import type { WasmRun } from "../../codegen/wasm/abi.ts";
import { CONTROL_ADDRESS } from "./memory.ts";

/** Words of the control block. */
const SEQUENCE = 0;
const GATE = 1;
const NEXT = 2;
const ITEMS = 3;
const STEP = 4;
const SCRATCH = 5;
const SCRATCH_STRIDE = 6;
const MODULE = 7;
const MODULE_ADDRESS = 8;
const MODULE_BYTES = 9;
const FAILED = 10;
const WORDS = 11;

/** The gate's value when nobody may join and nobody is inside; its other bits count those inside. */
const CLOSED = -(2 ** 31);
/** Looks at a word before going to sleep on it: some tens of microseconds. */
const SPINS = 20_000;

/** A launch offered to all threads. */
export interface Job {
  readonly run: WasmRun;
  readonly module: number;
  readonly moduleAddress: number;
  readonly moduleBytes: number;
  readonly items: number;
  /** Items taken at once. */
  readonly step: number;
  /** Scratch of thread 0, and bytes to that of the next. */
  readonly scratch: number;
  readonly scratchStride: number;
}

function controlOf(memory: WebAssembly.Memory): Int32Array {
  return new Int32Array(memory.buffer, CONTROL_ADDRESS, WORDS);
}

/** Waits until `word` is no longer `value`, awake at first. */
function awaitChange(control: Int32Array, word: number, value: number): number {
  for (let spin = 0; spin < SPINS; spin++) {
    const now = Atomics.load(control, word);
    if (now !== value) return now;
  }
  while (Atomics.load(control, word) === value) Atomics.wait(control, word, value);
  return Atomics.load(control, word);
}

/** The coordinator's side. Helpers that come late or sleep are not waited for. */
export class Team {
  readonly #control: Int32Array;

  constructor(
    memory: WebAssembly.Memory,
    /** Threads in all, the coordinator included. */
    readonly threads: number,
  ) {
    this.#control = controlOf(memory);
    Atomics.store(this.#control, GATE, CLOSED);
  }

  /** Runs `job`, yielding after each slice of its own. Ended early, it stops the others after their current slices. */
  *run(job: Job): Generator<void, void> {
    this.#open(job);
    try {
      for (const _ of takeSlices(this.#control, job.run, job.scratch)) yield;
    } catch (error) {
      Atomics.store(this.#control, FAILED, 1);
      throw error;
    } finally {
      Atomics.store(this.#control, NEXT, job.items);
      this.#close();
    }
    if (Atomics.load(this.#control, FAILED) !== 0)
      throw new WebAssembly.RuntimeError("a helper thread trapped");
  }

  #open(job: Job): void {
    const control = this.#control;
    control.set(
      [
        0,
        job.items,
        job.step,
        job.scratch,
        job.scratchStride,
        job.module,
        job.moduleAddress,
        job.moduleBytes,
        0,
      ],
      NEXT,
    );
    Atomics.store(control, GATE, 0);
    Atomics.add(control, SEQUENCE, 1);
    Atomics.notify(control, SEQUENCE);
  }

  #close(): void {
    let gate = Atomics.or(this.#control, GATE, CLOSED) | CLOSED;
    while (gate !== CLOSED) gate = awaitChange(this.#control, GATE, gate);
  }
}

/** Runs slices of the open job until none is left. */
function* takeSlices(control: Int32Array, run: WasmRun, scratch: number): Generator<void, void> {
  const items = (control[ITEMS] ?? 0) >>> 0;
  const step = (control[STEP] ?? 1) >>> 0;
  for (;;) {
    const begin = Atomics.add(control, NEXT, step) >>> 0;
    if (begin >= items) return;
    run(0, begin, Math.min(begin + step, items), scratch);
    yield;
  }
}

function join(control: Int32Array): boolean {
  for (;;) {
    const gate = Atomics.load(control, GATE);
    if (gate < 0) return false;
    if (Atomics.compareExchange(control, GATE, gate, gate + 1) === gate) return true;
  }
}

function leave(control: Int32Array): void {
  if (Atomics.sub(control, GATE, 1) - 1 === CLOSED) Atomics.notify(control, GATE);
}

/** The helper's side: works on whatever is offered, and never returns. */
export function serveTeam(memory: WebAssembly.Memory, thread: number): never {
  const control = controlOf(memory);
  const runs = new Map<number, WasmRun>();
  let seen = 0;
  for (;;) {
    seen = awaitChange(control, SEQUENCE, seen);
    if (!join(control)) continue;
    try {
      const scratch = (control[SCRATCH] ?? 0) + thread * (control[SCRATCH_STRIDE] ?? 0);
      for (const _ of takeSlices(control, findRun(memory, control, runs), scratch >>> 0));
    } catch {
      Atomics.store(control, FAILED, 1);
    } finally {
      leave(control);
    }
  }
}

function findRun(
  memory: WebAssembly.Memory,
  control: Int32Array,
  runs: Map<number, WasmRun>,
): WasmRun {
  const module = control[MODULE] ?? 0;
  const known = runs.get(module);
  if (known !== undefined) return known;
  // Growing by nothing makes this thread see what the coordinator has grown.
  memory.grow(0);
  const bytes = new Uint8Array(
    memory.buffer,
    (control[MODULE_ADDRESS] ?? 0) >>> 0,
    control[MODULE_BYTES] ?? 0,
  ).slice();
  const run = instantiate(memory, bytes);
  runs.set(module, run);
  return run;
}

/** The `run` function of a module. */
export function instantiate(memory: WebAssembly.Memory, bytes: Uint8Array<ArrayBuffer>): WasmRun {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  return instance.exports["run"] as WasmRun;
}
