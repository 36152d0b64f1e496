// What a worker does: thread 0 carries out commands, the others help it.
import type { Reply, WorkerMessage, WorkerSetup } from "./commands.ts";
import { createMemory } from "./memory.ts";
import { Runner } from "./runner.ts";
import { serveTeam } from "./team.ts";

/** Where a worker gets messages and answers: `self` in pages, `parentPort` in Node. */
export interface WorkerScope {
  receive(listener: (message: unknown) => void): void;
  post(reply: Reply, transfer: ArrayBuffer[]): void;
}

/** Milliseconds of work after which a run that can be cancelled looks at its messages. */
const PATIENCE = 10;

/** Becomes what the first message says. */
export function serveCommands(scope: WorkerScope): void {
  let coordinator: Coordinator | null = null;
  scope.receive((message) => {
    if (coordinator !== null) return coordinator.take(message as WorkerMessage);
    const setup = message as WorkerSetup;
    const memory = setup.memory ?? createMemory(false);
    if (setup.thread > 0) return serveTeam(memory, setup.thread);
    coordinator = new Coordinator(new Runner(memory, setup.threads), scope);
  });
}

/** Carries out commands in order; messages that arrive meanwhile wait, but for cancellations. */
class Coordinator {
  readonly #queue: WorkerMessage[] = [];
  #busy = false;

  constructor(
    readonly runner: Runner,
    readonly scope: WorkerScope,
  ) {}

  take(message: WorkerMessage): void {
    if (message.type === "cancel") return this.runner.cancel(message.cancel);
    this.#queue.push(message);
    if (!this.#busy) this.#drain().catch(failLoudly);
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    for (let command = this.#queue.shift(); command !== undefined; command = this.#queue.shift()) {
      if (command.type === "cancel") continue;
      const steps = this.runner.execute(command);
      let since = performance.now();
      let step = steps.next();
      while (step.done !== true) {
        if (performance.now() - since > PATIENCE) {
          await nextMessage();
          since = performance.now();
        }
        step = steps.next();
      }
      if (step.value !== null)
        this.scope.post(step.value, "bytes" in step.value ? [step.value.bytes] : []);
    }
    this.#busy = false;
  }
}

/** Ends in an error event on the host's side, which a rejected promise in a worker does not. */
function failLoudly(error: unknown): void {
  setTimeout(() => {
    throw error;
  });
}

/** Lets messages that have arrived be taken. */
function nextMessage(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
