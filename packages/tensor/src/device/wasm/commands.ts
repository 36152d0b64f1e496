// Commands: what the host side of the WebAssembly device tells the side that owns the memory, in order, and the answers.
import type { ErrorCode } from "../../errors.ts";

/** Number of a buffer within the life of a device; never used twice. */
export type BufferNumber = number;

/** One kernel run. Modules are numbered by the host. */
export interface LaunchCommand {
  readonly module: number;
  /** Addresses of its buffers, then its parameters. */
  readonly words: Uint32Array<ArrayBuffer>;
  /** Its buffers in the order of their addresses, those written last. */
  readonly buffers: readonly BufferNumber[];
  readonly outputs: number;
  /** One past the last byte it touches. */
  readonly reach: number;
  readonly items: number;
  readonly costPerItem: number;
  readonly scratchBytes: number;
  readonly labels: readonly string[];
}

/** Launches in order, and scratch for all threads. `cancel` is the number of the signal that may cancel them. */
export interface LaunchesCommand {
  readonly type: "launch";
  readonly launches: readonly LaunchCommand[];
  readonly scratch: number;
  readonly cancel: number | null;
}

/** A place in the memory for a read or a write. */
interface Place {
  readonly buffer: BufferNumber;
  readonly address: number;
}

/** Makes code known. Helper threads find its bytes at `address`, where there are helpers. */
export interface ModuleCommand {
  readonly type: "module";
  readonly module: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly address: number | null;
}

/** Copies `data` to an address. */
export interface WriteCommand extends Place {
  readonly type: "write";
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Asks for a copy of bytes; the answer carries `id`. */
export interface ReadCommand extends Place {
  readonly type: "read";
  readonly id: number;
  readonly bytes: number;
}

/** A command; only reads are answered. */
export type Command = ModuleCommand | WriteCommand | LaunchesCommand | ReadCommand;

/** An error as plain data, to be made a PrismaError on the host's side. */
export interface Fault {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** The answer to a read. */
export type Reply =
  | { readonly id: number; readonly bytes: ArrayBuffer }
  | { readonly id: number; readonly fault: Fault };

/** What a worker of a page says first: the name of a lock that is free again when it has ended. */
export interface LockMessage {
  readonly lock: string;
}

/** The first message to a worker: what it is. The coordinator (thread 0) makes its own memory where none is shared. */
export interface WorkerSetup {
  readonly thread: number;
  readonly threads: number;
  readonly memory: WebAssembly.Memory | null;
}

/** What a coordinator is sent after its setup. */
export type WorkerMessage = Command | { readonly type: "cancel"; readonly cancel: number };
