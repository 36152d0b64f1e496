// The control block: a few shared words at the bottom of the memory through which a coordinator directs its helpers.

/** Places of the words, in units of four bytes. */
export const WORD = {
  /** Rises with every job; helpers wait on it. */
  generation: 0,
  /** Helpers that have finished the present job; the coordinator waits on it. */
  finished: 1,
  /** Next work item that nobody has taken. */
  nextItem: 2,
  /** What to do: one of {@link JOB}. */
  job: 3,
  /** Kernel number. */
  kernel: 4,
  items: 5,
  step: 6,
  /** Byte address of the helpers' scratch, and bytes for each thread. */
  scratch: 7,
  scratchBytes: 8,
  /** Byte address and length of a module to load. */
  address: 9,
  length: 10,
  /** Not 0 when a helper failed. */
  failed: 11,
} as const;

/** Kinds of jobs. */
export const JOB = { run: 1, load: 2 } as const;

/** Bytes the block takes at address 0; parameters follow it. */
export const CONTROL_BYTES = 64;

/** Looks at a word this many times before sleeping on it: launches follow one another within microseconds. */
const SPINS = 20_000;

/** Waits until the word at `place` is no longer `value`. */
export function waitWhile(control: Int32Array<SharedArrayBuffer>, place: number, value: number): void {
  for (let spin = 0; spin < SPINS; spin++) if (Atomics.load(control, place) !== value) return;
  while (Atomics.load(control, place) === value) Atomics.wait(control, place, value);
}

/** The control block of a memory that threads share. */
export function controlBlock(memory: WebAssembly.Memory): Int32Array<SharedArrayBuffer> {
  const buffer: unknown = memory.buffer;
  if (!(buffer instanceof SharedArrayBuffer)) throw new TypeError("threads need a shared memory");
  return new Int32Array(buffer, 0, CONTROL_BYTES / 4);
}
