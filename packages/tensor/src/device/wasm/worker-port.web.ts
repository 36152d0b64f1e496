// Workers in browsers.
import type { LockMessage } from "./commands.ts";
import type { WorkerHandle } from "./worker-handle.ts";

/** A worker from inlined source. */
export function spawnWorker(source: string): WorkerHandle {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    return workerHandle(new Worker(url));
  } finally {
    // The worker has fetched it by the time its first task runs; browsers keep the blob until then.
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }
}

/** A handle on a worker somebody else made. */
export function workerHandle(worker: Worker): WorkerHandle {
  return {
    post: (message, transfer) => worker.postMessage(message, [...transfer]),
    onMessage: (receive) =>
      worker.addEventListener("message", (event: MessageEvent) => {
        if (!isLockMessage(event.data)) receive(event.data);
      }),
    onFailure: (fail) => {
      worker.addEventListener("error", (event) => {
        // It is told to those who wait for results, not to the page as well.
        event.preventDefault();
        fail(event.message ?? "it could not be started");
      });
      worker.addEventListener("messageerror", () => fail("a message could not be read"));
      worker.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
        if (!isLockMessage(data)) return;
        // Granted when the worker has ended, which raises no event.
        void navigator.locks.request(data.lock, () => fail("it ended"));
      });
    },
    hold: () => undefined,
    terminate: () => worker.terminate(),
  };
}

function isLockMessage(data: unknown): data is LockMessage {
  return typeof data === "object" && data !== null && "lock" in data;
}

/** Threads the processor offers. */
export function processorCount(): number {
  return navigator.hardwareConcurrency ?? 1;
}

/** True where memory can be shared between threads. */
export function canShareMemory(): boolean {
  return typeof SharedArrayBuffer !== "undefined" && globalThis.crossOriginIsolated === true;
}

/** True where one thread may run kernels on the calling thread: in a worker, not in a page. */
export function mayBlock(): boolean {
  return typeof document === "undefined";
}
