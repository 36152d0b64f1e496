// Carries out commands in workers: one coordinator that owns the memory, and its helpers.
import { PrismaError } from "../../errors.ts";
import type { Command, Reply, WorkerSetup } from "./commands.ts";
import { errorOf, type Engine, type SilentCommand } from "./engine.ts";
import { createMemory } from "./memory.ts";
import type { WorkerHandle } from "./worker-handle.ts";

/** How {@link WorkerEngine} starts, and whom it tells that its workers died. */
export interface WorkerEngineOptions {
  readonly threads: number;
  readonly start: () => WorkerHandle;
  readonly onLost: () => void;
}

interface PendingRead {
  readonly resolve: (bytes: ArrayBuffer) => void;
  readonly reject: (error: PrismaError) => void;
}

/** Labels named in the error when workers die. */
const MAX_LABELS = 16;

/** An engine whose coordinator is a worker. When any of its workers ends, every pending read rejects, and it is of no more use. */
export class WorkerEngine implements Engine {
  readonly #workers: readonly WorkerHandle[];
  readonly #onLost: () => void;
  readonly #reads = new Map<number, PendingRead>();
  /** Labels of launches sent before the read of that number, until it is answered. */
  #unanswered: { readonly read: number; readonly labels: readonly string[] }[] = [];
  #nextRead = 0;
  #ended: PrismaError | null = null;

  constructor({ threads, start, onLost }: WorkerEngineOptions) {
    this.#onLost = onLost;
    const memory = threads > 1 ? createMemory(true) : null;
    this.#workers = Array.from({ length: threads }, start);
    this.#workers.forEach((worker, thread) => {
      worker.onMessage((reply) => this.#answer(reply as Reply));
      worker.onFailure((reason) => this.#fail(reason));
      const setup: WorkerSetup = { thread, threads, memory };
      worker.post(setup, []);
    });
  }

  send(command: SilentCommand): void {
    if (command.type === "launch")
      this.#remember(command.launches.flatMap((launch) => launch.labels));
    this.#post(command, transferOf(command));
  }

  read(command: Parameters<Engine["read"]>[0]): Promise<ArrayBuffer> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    const id = this.#nextRead++;
    return new Promise((resolve, reject) => {
      this.#reads.set(id, { resolve, reject });
      this.#workers[0]?.hold(true);
      this.#post({ type: "read", id, ...command }, []);
    });
  }

  cancel(number: number): void {
    this.#workers[0]?.post({ type: "cancel", cancel: number }, []);
  }

  async dispose(): Promise<void> {
    this.#end(new PrismaError("DISPOSED", "WebAssembly: the device was disposed"));
    for (const worker of this.#workers) worker.terminate();
  }

  #post(command: Command, transfer: ArrayBuffer[]): void {
    this.#workers[0]?.post(command, transfer);
  }

  #remember(labels: readonly string[]): void {
    this.#unanswered.push({ read: this.#nextRead, labels });
    if (this.#unanswered.length > MAX_LABELS) this.#unanswered.shift();
  }

  #answer(reply: Reply): void {
    const read = this.#reads.get(reply.id);
    this.#reads.delete(reply.id);
    this.#unanswered = this.#unanswered.filter((launch) => launch.read > reply.id);
    if (this.#reads.size === 0) this.#workers[0]?.hold(false);
    if ("fault" in reply) read?.reject(errorOf(reply.fault));
    else read?.resolve(reply.bytes);
  }

  #fail(reason: string): void {
    if (this.#ended !== null) return;
    const labels = [...new Set(this.#unanswered.flatMap((launch) => launch.labels))].slice(
      0,
      MAX_LABELS,
    );
    const queued = labels.length === 0 ? "" : `; not finished: ${labels.join(", ")}`;
    this.#end(
      new PrismaError(
        "WORKER_FAILED",
        `WebAssembly: a worker ended (${reason}), and its tensors are gone${queued}`,
        { labels, reason },
      ),
    );
    for (const worker of this.#workers) worker.terminate();
    this.#onLost();
  }

  #end(error: PrismaError): void {
    this.#ended ??= error;
    for (const read of this.#reads.values()) read.reject(error);
    this.#reads.clear();
    this.#workers[0]?.hold(false);
  }
}

/** What may be given away with a command: a write's own copy of its data. */
function transferOf(command: SilentCommand): ArrayBuffer[] {
  return command.type === "write" ? [command.data.buffer] : [];
}
