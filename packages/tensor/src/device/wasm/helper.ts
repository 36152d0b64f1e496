// A helper thread: sleeps on the control block, and does its part of every job.
import { CONTROL_BYTES, controlBlock, JOB, waitWhile, WORD } from "./control-block.ts";
import { KernelTable } from "./kernel-table.ts";

/** Serves jobs on `memory` for ever; `index` counts helpers from 1 (the coordinator is thread 0). */
export function serveJobs(memory: WebAssembly.Memory, index: number): never {
  const control = controlBlock(memory);
  const kernels = new KernelTable(memory);
  for (let seen = 0; ; ) {
    waitWhile(control, WORD.generation, seen);
    seen = Atomics.load(control, WORD.generation);
    try {
      doJob(control, kernels, index);
    } catch {
      Atomics.store(control, WORD.failed, 1);
    }
    Atomics.add(control, WORD.finished, 1);
    Atomics.notify(control, WORD.finished);
  }
}

function doJob(control: Int32Array<SharedArrayBuffer>, kernels: KernelTable, index: number): void {
  const kernel = Atomics.load(control, WORD.kernel);
  if (Atomics.load(control, WORD.job) === JOB.load) {
    const address = Atomics.load(control, WORD.address) >>> 0;
    const length = Atomics.load(control, WORD.length);
    // Compilers take no shared bytes.
    const bytes = new Uint8Array(length);
    bytes.set(new Uint8Array(kernels.memory.buffer, address, length));
    kernels.load(kernel, bytes);
    return;
  }
  const bytes = Atomics.load(control, WORD.scratchBytes);
  const scratch = { address: (Atomics.load(control, WORD.scratch) >>> 0) + index * bytes, bytes };
  kernels.work(kernel, CONTROL_BYTES, scratch, () => takeItems(control));
}

/** Takes the next items of the running job. */
export function takeItems(control: Int32Array<SharedArrayBuffer>): readonly [begin: number, end: number] | null {
  const step = Atomics.load(control, WORD.step);
  const items = Atomics.load(control, WORD.items) >>> 0;
  const begin = Atomics.add(control, WORD.nextItem, step) >>> 0;
  return begin >= items ? null : [begin, Math.min(begin + step, items)];
}
