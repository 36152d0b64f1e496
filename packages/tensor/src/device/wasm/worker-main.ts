// The worker's own program: bundled into `worker-source.ts`, and served as a file where a page forbids inlined workers.
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
  return {
    receive: (listener) =>
      addEventListener("message", (event: MessageEvent<unknown>) => listener(event.data)),
    post: (reply, transfer) => postMessage(reply, { transfer }),
  };
}

serveCommands(findScope());
