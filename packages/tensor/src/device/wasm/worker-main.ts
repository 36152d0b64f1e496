// The worker's own program: bundled into `worker-source.ts`, and served as a file where a page forbids inlined workers.
import type { LockMessage } from "./commands.ts";
import { serveCommands, type WorkerScope } from "./serve-commands.ts";

/** `parentPort` in a worker of Node, `self` in one of a page. */
function findScope(): WorkerScope {
  const parent = globalThis.process?.getBuiltinModule?.("node:worker_threads").parentPort;
  if (parent) {
    return {
      receive: (listener) => void parent.on("message", listener),
      post: (reply, transfer) => parent.postMessage(reply, transfer),
    };
  }
  const held = holdLock();
  return {
    receive: (listener) =>
      addEventListener("message", (event: MessageEvent<unknown>) => {
        // After the lock: a helper never gives its thread back.
        void held.then(() => listener(event.data));
      }),
    post: (reply, transfer) => postMessage(reply, { transfer }),
  };
}

/** Holds a lock for as long as this worker lives, and tells the page its name: pages hear of an end in no other way. */
function holdLock(): Promise<void> {
  const lock = crypto.getRandomValues(new Uint32Array(4)).join("-");
  return new Promise((resolve) => {
    const hold = (): Promise<never> => {
      postMessage({ lock } satisfies LockMessage);
      resolve();
      return new Promise(() => undefined);
    };
    // Pages without a secure origin have no locks.
    if (navigator.locks === undefined) return resolve();
    navigator.locks.request(lock, hold).catch(() => resolve());
  });
}

serveCommands(findScope());
