// The runner: owns the WebAssembly memory and its kernels, and carries out commands one after another.
import { PrismaError } from "../../errors.ts";
import type { Command, LaunchCommand } from "./commands.ts";
import { CONTROL_BYTES } from "./control-block.ts";
import { KernelTable, type TakeItems } from "./kernel-table.ts";
import { ThreadTeam } from "./thread-team.ts";

const PAGE = 65536;
/** Work of one slice in units of `costPerItem` (half a nanosecond), about a millisecond: engines tier a kernel up between calls. */
const SLICE_COST = 2_000_000;
/** Launches below this cost, about 30 microseconds, stay on one thread: waking others takes as long. */
const TEAM_COST = 60_000;
/** Slices per thread of a shared launch at least, so that threads finish together. */
const SLICES_PER_THREAD = 4;
/** Bytes for parameters, after the control block. */
const PARAM_BYTES = 16384;
const ALIGNMENT = 64;

/** Bytes at the bottom of the memory that the allocator must leave alone. */
export const RESERVED_BYTES = CONTROL_BYTES + PARAM_BYTES;

/** A memory that all threads can see, or that only one can. */
export function createMemory(shared: boolean): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 16, maximum: 65536, shared });
}

/** Executes commands on one memory, on the calling thread and its helpers. */
export class Runner {
  readonly #kernels: KernelTable;
  readonly #numbers = new Map<string, number>();
  readonly #team: ThreadTeam | null;

  constructor(
    readonly memory: WebAssembly.Memory,
    helpers: number,
  ) {
    this.#kernels = new KernelTable(memory);
    this.#team = helpers > 0 ? new ThreadTeam(memory, helpers) : null;
  }

  /** Carries out one command; a `read` answers with a copy of the bytes. */
  execute(command: Command): ArrayBuffer | null {
    switch (command.type) {
      case "module":
        this.#load(command.key, command.bytes, command.top);
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

  /** Compiles here, and on the helpers from a copy above everything allocated. */
  #load(key: string, bytes: Uint8Array<ArrayBuffer>, top: number): void {
    const number = this.#numbers.size;
    this.#kernels.load(number, bytes);
    this.#numbers.set(key, number);
    if (this.#team === null) return;
    this.#reserve(top + bytes.length);
    new Uint8Array(this.memory.buffer).set(bytes, top);
    this.#team.load(number, top, bytes.length);
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
    const threads = 1 + (this.#team?.helpers ?? 0);
    const scratch = launches.reduce((most, launch) => Math.max(most, launch.scratchBytes), 0);
    this.#reserve(top + threads * (scratch + ALIGNMENT));
    for (const launch of launches) this.#launch(launch, top);
  }

  #launch(launch: LaunchCommand, scratch: number): void {
    const kernel = this.#numbers.get(launch.key);
    if (kernel === undefined || launch.words.byteLength > PARAM_BYTES) {
      throw new PrismaError("INTERNAL", `WebAssembly: ${launch.labels.join(", ")}: no module, or ${launch.words.length} parameters`);
    }
    new Uint32Array(this.memory.buffer, CONTROL_BYTES, launch.words.length).set(launch.words);
    const scratchBytes = Math.ceil(launch.scratchBytes / ALIGNMENT) * ALIGNMENT;
    try {
      if (this.#team !== null && launch.items > 1 && launch.items * launch.costPerItem > TEAM_COST) {
        const share = Math.ceil(launch.items / ((1 + this.#team.helpers) * SLICES_PER_THREAD));
        this.#team.run({ kernel, items: launch.items, step: Math.min(share, sliceOf(launch)), scratch, scratchBytes }, this.#kernels);
      } else {
        this.#kernels.work(kernel, CONTROL_BYTES, { address: scratch, bytes: scratchBytes }, slices(launch));
      }
    } catch (cause) {
      throw new PrismaError("KERNEL_FAILED", `WebAssembly: a kernel trapped (${launch.labels.join(", ")})`, { labels: launch.labels }, { cause });
    }
  }
}

/** Items that make a slice of about a millisecond. */
function sliceOf(launch: LaunchCommand): number {
  return Math.max(1, Math.floor(SLICE_COST / Math.max(1, launch.costPerItem)));
}

function slices(launch: LaunchCommand): TakeItems {
  const step = sliceOf(launch);
  let begin = 0;
  return () => {
    if (begin >= launch.items) return null;
    const range = [begin, Math.min(begin + step, launch.items)] as const;
    begin = range[1];
    return range;
  };
}
