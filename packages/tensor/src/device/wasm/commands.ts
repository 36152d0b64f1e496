// Commands: what the host side of the WebAssembly device tells the side that owns the memory, in order.

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

/** A command; answers are given only to `read`. */
export type Command =
  | { readonly type: "module"; readonly key: string; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: "write"; readonly address: number; readonly data: Uint8Array<ArrayBuffer> }
  | { readonly type: "launch"; readonly launches: readonly LaunchCommand[]; readonly top: number }
  | { readonly type: "read"; readonly id: number; readonly address: number; readonly bytes: number };
