// The runner: owns the WebAssembly memory and its modules, and carries out commands one after another.
import { PrismaError } from "../../errors.ts";
import type { WasmRun } from "../../codegen/wasm/abi.ts";
import type { Command, LaunchCommand } from "./commands.ts";

const PAGE = 65536;
/** Work of one slice in machine operations, about a millisecond: engines tier a kernel up between calls. */
const SLICE_COST = 2_000_000;
/** Bytes at the start of scratch that are zero when a launch begins. */
const SCRATCH_STATE_BYTES = 64;
/** Bytes at the bottom of the memory for parameters. */
const PARAM_BYTES = 16384;

/** Bytes at the bottom of the memory that the allocator must leave alone. */
export const RESERVED_BYTES = PARAM_BYTES;

/** Executes commands on one memory, on the calling thread. */
export class Runner {
  readonly memory: WebAssembly.Memory;
  readonly #runs = new Map<string, WasmRun>();

  constructor(readonly shared: boolean) {
    this.memory = new WebAssembly.Memory({ initial: 16, maximum: 65536, shared });
  }

  /** Carries out one command; a `read` answers with a copy of the bytes. */
  execute(command: Command): ArrayBuffer | null {
    switch (command.type) {
      case "module":
        this.#instantiate(command.key, command.bytes);
        return null;
      case "write":
        this.#reserve(command.address + command.data.length);
        new Uint8Array(this.memory.buffer).set(command.data, command.address);
        return null;
      case "launch":
        this.#launchAll(command.launches, command.top);
        return null;
      case "read": {
        this.#reserve(command.address + command.bytes);
        const copy = new Uint8Array(command.bytes);
        copy.set(new Uint8Array(this.memory.buffer, command.address, command.bytes));
        return copy.buffer;
      }
    }
  }

  #instantiate(key: string, bytes: Uint8Array<ArrayBuffer>): void {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory: this.memory } });
    this.#runs.set(key, instance.exports["run"] as WasmRun);
  }

  /** Makes the memory hold `bytes` bytes. */
  #reserve(bytes: number): void {
    const missing = Math.ceil((bytes - this.memory.buffer.byteLength) / PAGE);
    if (missing <= 0) return;
    try {
      this.memory.grow(missing);
    } catch (cause) {
      throw new PrismaError("OUT_OF_MEMORY", `WebAssembly: the memory could not grow to ${bytes} bytes`, { asked: bytes }, { cause });
    }
  }

  #launchAll(launches: readonly LaunchCommand[], top: number): void {
    const scratch = launches.reduce((most, launch) => Math.max(most, launch.scratchBytes), 0);
    this.#reserve(top + scratch);
    for (const launch of launches) this.#launch(launch, top);
  }

  /** Runs a kernel in slices over its items. */
  #launch(launch: LaunchCommand, scratch: number): void {
    const run = this.#runs.get(launch.key);
    if (run === undefined) throw new PrismaError("INTERNAL", `WebAssembly: no module for ${launch.labels.join(", ")}`);
    if (launch.words.byteLength > PARAM_BYTES) throw new PrismaError("INTERNAL", `WebAssembly: ${launch.words.length} parameters`);
    new Uint32Array(this.memory.buffer, 0, launch.words.length).set(launch.words);
    // Kernels may keep state in scratch from one slice to the next, and find it zeroed at the first.
    new Uint8Array(this.memory.buffer, scratch, Math.min(launch.scratchBytes, SCRATCH_STATE_BYTES)).fill(0);
    const step = Math.max(1, Math.floor(SLICE_COST / Math.max(1, launch.costPerItem)));
    try {
      for (let begin = 0; begin < launch.items; begin += step) run(0, begin, Math.min(begin + step, launch.items), scratch);
    } catch (cause) {
      throw new PrismaError("KERNEL_FAILED", `WebAssembly: a kernel trapped (${launch.labels.join(", ")})`, { labels: launch.labels }, { cause });
    }
  }
}
