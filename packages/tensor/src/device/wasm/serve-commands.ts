// A coordinator worker: carries out commands as they arrive and answers reads; an error stays until the next read has told it.
import { PrismaError } from "../../errors.ts";
import type { Answer, Command, ErrorAnswer, Role } from "./commands.ts";
import { serveJobs } from "./helper.ts";
import { createMemory, Runner } from "./runner.ts";

/** The worker's end of the line. */
export interface WorkerPort {
  post(answer: Answer, transfer: readonly ArrayBuffer[]): void;
  /** Has `receive` called with every message from now on. */
  listen(receive: (message: Role | Command) => void): void;
}

function describe(error: unknown): ErrorAnswer {
  if (error instanceof PrismaError) return { code: error.code, message: error.message, details: error.details };
  return { code: "INTERNAL", message: `WebAssembly worker: ${String(error)}`, details: {} };
}

class Coordinator {
  #error: ErrorAnswer | null = null;

  constructor(
    readonly runner: Runner,
    readonly port: WorkerPort,
  ) {}

  receive(command: Command): void {
    if (command.type === "read") return this.#read(command.id, command);
    // After an error nothing more is computed until the host has heard of it: later results would stand on missing ones.
    if (this.#error !== null) return;
    try {
      this.runner.execute(command);
    } catch (error) {
      this.#error = describe(error);
    }
  }

  #read(id: number, command: Command): void {
    try {
      const data = this.#error === null ? this.runner.execute(command) : null;
      if (data !== null) return this.port.post({ type: "data", id, data }, [data]);
    } catch (error) {
      this.#error = describe(error);
    }
    const error = this.#error ?? { code: "INTERNAL", message: "WebAssembly worker: a read gave nothing", details: {} };
    this.#error = null;
    this.port.post({ type: "failed", id, error }, []);
  }
}

/** Runs a worker: its first message says which part it plays. */
export function serveCommands(port: WorkerPort): void {
  let coordinator: Coordinator | null = null;
  port.listen((message) => {
    if (message.type === "helper") {
      port.post({ type: "ready" }, []);
      serveJobs(message.memory, message.index);
    } else if (message.type === "coordinator") {
      coordinator = new Coordinator(new Runner(message.memory ?? createMemory(false), message.helpers), port);
      port.post({ type: "ready" }, []);
    } else {
      coordinator?.receive(message);
    }
  });
}
