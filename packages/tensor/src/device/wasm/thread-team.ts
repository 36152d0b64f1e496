// The coordinator's side of a team of helper threads.
import { PrismaError } from "../../errors.ts";
import { CONTROL_BYTES, controlBlock, JOB, waitWhile, WORD } from "./control-block.ts";
import { takeItems } from "./helper.ts";
import type { KernelTable } from "./kernel-table.ts";

/** One launch to share out. */
export interface TeamLaunch {
  readonly kernel: number;
  readonly items: number;
  readonly step: number;
  readonly scratch: number;
  readonly scratchBytes: number;
}

/** Directs `helpers` threads that run `serveJobs` on the same memory. */
export class ThreadTeam {
  readonly #control: Int32Array<SharedArrayBuffer>;

  constructor(
    memory: WebAssembly.Memory,
    readonly helpers: number,
  ) {
    this.#control = controlBlock(memory);
  }

  /** Has every helper compile the module that lies at `address`. */
  load(kernel: number, address: number, length: number): void {
    const control = this.#control;
    Atomics.store(control, WORD.kernel, kernel);
    Atomics.store(control, WORD.address, address | 0);
    Atomics.store(control, WORD.length, length);
    this.#begin(JOB.load);
    this.#finish();
  }

  /** Runs a launch on all threads, the calling one among them. */
  run(launch: TeamLaunch, kernels: KernelTable): void {
    const control = this.#control;
    Atomics.store(control, WORD.kernel, launch.kernel);
    Atomics.store(control, WORD.items, launch.items | 0);
    Atomics.store(control, WORD.step, launch.step);
    Atomics.store(control, WORD.nextItem, 0);
    Atomics.store(control, WORD.scratch, launch.scratch | 0);
    Atomics.store(control, WORD.scratchBytes, launch.scratchBytes);
    this.#begin(JOB.run);
    try {
      kernels.work(launch.kernel, CONTROL_BYTES, { address: launch.scratch, bytes: launch.scratchBytes }, () => takeItems(control));
    } finally {
      this.#finish();
    }
  }

  #begin(job: number): void {
    const control = this.#control;
    Atomics.store(control, WORD.finished, 0);
    Atomics.store(control, WORD.job, job);
    Atomics.add(control, WORD.generation, 1);
    Atomics.notify(control, WORD.generation);
  }

  #finish(): void {
    const control = this.#control;
    for (let done = Atomics.load(control, WORD.finished); done < this.helpers; done = Atomics.load(control, WORD.finished)) waitWhile(control, WORD.finished, done);
    if (Atomics.exchange(control, WORD.failed, 0) !== 0) throw new PrismaError("KERNEL_FAILED", "WebAssembly: a kernel trapped on a helper thread");
  }
}
