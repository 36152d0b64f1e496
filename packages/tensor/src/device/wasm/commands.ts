// Commands: what the host side of the WebAssembly device tells the side that owns the memory, in order, and its answers.
import type { ErrorCode } from "../../errors.ts";

/** One kernel run: module `key`, its parameter words, and how it may be cut. */
export interface LaunchCommand {
  readonly key: string;
  /** Addresses of its buffers, then its parameters. */
  readonly words: Uint32Array<ArrayBuffer>;
  readonly items: number;
  readonly costPerItem: number;
  readonly scratchBytes: number;
  readonly labels: readonly string[];
}

/** A command. `top` is the first byte above everything allocated: free for scratch while the command runs. */
export type Command =
  | { readonly type: "module"; readonly key: string; readonly bytes: Uint8Array<ArrayBuffer>; readonly top: number }
  | { readonly type: "write"; readonly address: number; readonly data: Uint8Array<ArrayBuffer> }
  | { readonly type: "launch"; readonly launches: readonly LaunchCommand[]; readonly top: number }
  | { readonly type: "read"; readonly id: number; readonly address: number; readonly bytes: number };

/** An error on its way between threads. */
export interface ErrorAnswer {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** What a worker says first, and its answer to each `read`. */
export type Answer =
  | { readonly type: "ready" }
  | { readonly type: "data"; readonly id: number; readonly data: ArrayBuffer }
  | { readonly type: "failed"; readonly id: number; readonly error: ErrorAnswer };

/** The first message to a worker: which part it plays. A coordinator without `memory` makes its own. */
export type Role =
  | { readonly type: "coordinator"; readonly memory: WebAssembly.Memory | null; readonly helpers: number }
  | { readonly type: "helper"; readonly memory: WebAssembly.Memory; readonly index: number };
