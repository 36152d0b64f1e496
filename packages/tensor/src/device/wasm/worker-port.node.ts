// Workers in Node.
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { PrismaError } from "../../errors.ts";
import type { WorkerHandle } from "./worker-handle.ts";

/** A worker from inlined source. It keeps the process alive only while it is held. */
export function spawnWorker(source: string): WorkerHandle {
  const worker = new Worker(source, { eval: true });
  worker.unref();
  return {
    post: (message, transfer) => worker.postMessage(message, [...transfer]),
    onMessage: (receive) => {
      worker.on("message", receive);
      worker.unref();
    },
    onFailure: (fail) => {
      worker.on("error", (error) => fail(String(error)));
      worker.on("messageerror", (error) => fail(String(error)));
      worker.on("exit", (code) => fail(`it ended with code ${code}`));
    },
    hold: (held) => (held ? worker.ref() : worker.unref()),
    terminate: () => void worker.terminate(),
  };
}

/** @throws PrismaError ARGUMENT_INVALID: worker factories are for pages */
export function workerHandle(_worker: globalThis.Worker): WorkerHandle {
  throw new PrismaError(
    "ARGUMENT_INVALID",
    "init: a worker factory is for pages; in Node leave it out",
  );
}

/** Threads the processor offers. */
export function processorCount(): number {
  return availableParallelism();
}

/** True where memory can be shared between threads. */
export function canShareMemory(): boolean {
  return true;
}

/** True where one thread may run kernels on the calling thread. */
export function mayBlock(): boolean {
  return true;
}
