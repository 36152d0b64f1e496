// The worker's own program: bundled into `worker-source.ts`, and served as a file where a page forbids inlined workers.
import type { Command, Role } from "./commands.ts";
import { serveCommands } from "./serve-commands.ts";

/** What Node's workers have in place of a global scope's messages. */
interface NodePort {
  postMessage(message: unknown, transfer: readonly ArrayBuffer[]): void;
  on(event: "message", receive: (message: Role | Command) => void): void;
}

/** The global scope of a browser's worker. */
interface WorkerScope {
  postMessage(message: unknown, transfer: readonly ArrayBuffer[]): void;
  addEventListener(event: "message", receive: (event: { readonly data: Role | Command }) => void): void;
}

declare const require: ((name: string) => { readonly parentPort: NodePort | null }) | undefined;

/** Serves commands on whichever port this thread has. */
export function runWorker(): void {
  const parent = typeof require === "function" ? require("node:worker_threads").parentPort : null;
  if (parent !== null) {
    serveCommands({ post: (answer, transfer) => parent.postMessage(answer, transfer), listen: (receive) => parent.on("message", receive) });
    return;
  }
  const scope = globalThis as typeof globalThis & WorkerScope;
  serveCommands({
    post: (answer, transfer) => scope.postMessage(answer, transfer),
    listen: (receive) => scope.addEventListener("message", (event) => receive(event.data)),
  });
}

runWorker();
