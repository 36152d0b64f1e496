// Transports: how commands reach the runner, on this thread or on a worker's.
import { PrismaError } from "../../errors.ts";
import type { Answer, Command, Role } from "./commands.ts";
import { Runner } from "./runner.ts";
import type { WorkerHandle } from "./worker-handle.ts";

type ReadCommand = Extract<Command, { type: "read" }>;

/** Delivers commands in order. */
export interface Transport {
  /** Errors are thrown here, or told by the next {@link read}. */
  send(command: Exclude<Command, ReadCommand>): void;
  read(address: number, bytes: number): Promise<ArrayBuffer>;
  close(): void;
}

/** Called once when the far side is gone. */
export type OnLost = (error: PrismaError) => void;

/** Runs commands at once, on the calling thread. */
export class InlineTransport implements Transport {
  readonly #runner: Runner;
  #lost: PrismaError | null = null;

  constructor(
    memory: WebAssembly.Memory,
    readonly helpers: readonly WorkerHandle[],
    onLost: OnLost,
  ) {
    this.#runner = new Runner(memory, helpers.length);
    for (const helper of helpers) {
      helper.onFailure((reason) => {
        if (this.#lost !== null) return;
        this.#lost = workerFailed(reason);
        onLost(this.#lost);
      });
    }
  }

  send(command: Exclude<Command, ReadCommand>): void {
    if (this.#lost !== null) throw this.#lost;
    this.#runner.execute(command);
  }

  async read(address: number, bytes: number): Promise<ArrayBuffer> {
    if (this.#lost !== null) throw this.#lost;
    const data = this.#runner.execute({ type: "read", id: 0, address, bytes });
    if (data === null) throw new PrismaError("INTERNAL", "WebAssembly: a read gave nothing");
    return data;
  }

  close(): void {
    this.#lost ??= new PrismaError("DISPOSED", "WebAssembly: the device was disposed");
    this.helpers.forEach((helper) => helper.terminate());
  }
}

function workerFailed(reason: string): PrismaError {
  return new PrismaError("WORKER_FAILED", `WebAssembly: a worker thread died (${reason}); its tensors are gone. Load the model again; the next call starts new workers.`, { reason });
}

interface Waiting {
  readonly resolve: (data: ArrayBuffer) => void;
  readonly reject: (error: PrismaError) => void;
}

/** Posts commands to a coordinator worker. */
export class WorkerTransport implements Transport {
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #lost: PrismaError | null = null;

  constructor(
    readonly coordinator: WorkerHandle,
    readonly helpers: readonly WorkerHandle[],
    readonly onLost: OnLost,
  ) {
    coordinator.onMessage((message) => this.#receive(message as Answer));
    for (const worker of [coordinator, ...helpers]) worker.onFailure((reason) => this.#lose(workerFailed(reason)));
  }

  #lose(error: PrismaError): void {
    if (this.#lost !== null) return;
    this.#lost = error;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
    this.onLost(error);
  }

  #receive(answer: Answer): void {
    if (answer.type === "ready") return;
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.type === "data") waiting?.resolve(answer.data);
    else waiting?.reject(new PrismaError(answer.error.code, answer.error.message.replace(/^[A-Z_]+: /, ""), answer.error.details));
  }

  send(command: Exclude<Command, ReadCommand>): void {
    if (this.#lost !== null) throw this.#lost;
    this.coordinator.post(command, []);
  }

  read(address: number, bytes: number): Promise<ArrayBuffer> {
    if (this.#lost !== null) return Promise.reject(this.#lost);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.coordinator.post({ type: "read", id, address, bytes }, []);
    });
  }

  close(): void {
    this.#lose(new PrismaError("DISPOSED", "WebAssembly: the device was disposed"));
    for (const worker of [this.coordinator, ...this.helpers]) worker.terminate();
  }
}

/** Longest a worker may take to start, in milliseconds. */
const START_LIMIT = 30_000;

/** Gives a worker its part and resolves when it has taken it. */
export function startWorker(worker: WorkerHandle, role: Role): Promise<WorkerHandle> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => reject(workerFailed(reason));
    const timer = setTimeout(() => fail(`it did not start within ${START_LIMIT} ms`), START_LIMIT);
    worker.onFailure((reason) => {
      clearTimeout(timer);
      fail(reason);
    });
    worker.onMessage((message) => {
      if ((message as Answer).type !== "ready") return;
      clearTimeout(timer);
      resolve(worker);
    });
    worker.post(role, []);
  });
}
