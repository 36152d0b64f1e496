// The runner: owns the WebAssembly memory and its modules, and carries out commands one after another.
import type { WasmRun } from "../../codegen/wasm/abi.ts";
import type {
  BufferNumber,
  Command,
  Fault,
  LaunchCommand,
  LaunchesCommand,
  ModuleCommand,
  ReadCommand,
  Reply,
  WriteCommand,
} from "./commands.ts";
import { growTo, PARAM_BYTES } from "./memory.ts";
import { instantiate, Team } from "./team.ts";

/** Half nanoseconds of a slice, about a millisecond: engines tier a kernel up between calls. */
const SLICE_COST = 2_000_000;
/** Half nanoseconds below which a launch stays on one thread: waking others takes about as long. */
const ALONE_COST = 300_000;
/** Bytes of scratch that are zero at a launch's first call. */
const CLEARED_BYTES = 64;

/** A module's function, and where helper threads find its bytes. */
interface Loaded {
  readonly run: WasmRun;
  readonly address: number;
  readonly bytes: number;
}

/**
 * Executes commands on one memory. What fails is not thrown: buffers that were not computed are remembered with the
 * reason, whatever depends on them is skipped, and reading one answers with the reason.
 */
export class Runner {
  readonly #modules = new Map<number, Loaded | Fault>();
  readonly #faults = new Map<BufferNumber, Fault>();
  /** Numbers stay: of one signal, launches after those that are skipped now may be on their way. */
  readonly #cancelled = new Set<number>();
  readonly #team: Team | null;

  constructor(
    readonly memory: WebAssembly.Memory,
    threads: number,
  ) {
    this.#team = threads > 1 ? new Team(memory, threads) : null;
  }

  /** Skips what is left, and what is still to come, of the launches of this number. */
  cancel(number: number): void {
    this.#cancelled.add(number);
  }

  /** Carries out one command, yielding between slices of work; a read returns its answer. */
  *execute(command: Command): Generator<void, Reply | null> {
    switch (command.type) {
      case "module":
        this.#load(command);
        return null;
      case "write":
        this.#write(command);
        return null;
      case "launch":
        yield* this.#launchAll(command);
        return null;
      case "read":
        return this.#read(command);
    }
  }

  #load({ module, bytes, address }: ModuleCommand): void {
    try {
      this.#modules.set(module, {
        run: instantiate(this.memory, bytes),
        address: address ?? 0,
        bytes: bytes.length,
      });
      if (address === null) return;
      if (growTo(this.memory, address + bytes.length))
        new Uint8Array(this.memory.buffer).set(bytes, address);
      else this.#modules.set(module, outOfMemory(address + bytes.length));
    } catch (cause) {
      this.#modules.set(module, {
        code: "KERNEL_FAILED",
        message: `WebAssembly: a kernel's code was refused: ${String(cause)}`,
        details: {},
      });
    }
  }

  #write({ buffer, address, data }: WriteCommand): void {
    const end = address + data.length;
    if (growTo(this.memory, end)) new Uint8Array(this.memory.buffer).set(data, address);
    else this.#faults.set(buffer, outOfMemory(end));
  }

  #read({ id, buffer, address, bytes }: ReadCommand): Reply {
    const fault =
      this.#faults.get(buffer) ??
      (growTo(this.memory, address + bytes) ? undefined : outOfMemory(address + bytes));
    if (fault !== undefined) return { id, fault };
    const copy = new Uint8Array(bytes);
    copy.set(new Uint8Array(this.memory.buffer, address, bytes));
    return { id, bytes: copy.buffer };
  }

  *#launchAll(command: LaunchesCommand): Generator<void, void> {
    for (const launch of command.launches) {
      const fault = yield* this.#launch(launch, command);
      if (fault === null) continue;
      for (const buffer of launch.buffers.slice(launch.buffers.length - launch.outputs))
        this.#faults.set(buffer, fault);
    }
  }

  /** Runs one kernel; gives the reason where its outputs are not computed. */
  *#launch(
    launch: LaunchCommand,
    { scratch, cancel }: LaunchesCommand,
  ): Generator<void, Fault | null> {
    for (const buffer of launch.buffers) {
      const fault = this.#faults.get(buffer);
      if (fault !== undefined) return fault;
    }
    if (!growTo(this.memory, launch.reach)) return outOfMemory(launch.reach);
    const loaded = this.#modules.get(launch.module);
    if (loaded === undefined || "code" in loaded)
      return failed(launch, loaded?.message ?? "its code is missing");
    if (launch.words.byteLength > PARAM_BYTES)
      return failed(launch, `it has ${launch.words.length} parameters`);
    new Uint32Array(this.memory.buffer, 0, launch.words.length).set(launch.words);
    try {
      for (const _ of this.#slices(launch, loaded, scratch)) {
        if (cancel !== null) yield;
        if (cancel !== null && this.#cancelled.has(cancel))
          return { code: "CANCELLED", message: "the run was cancelled", details: {} };
      }
      return null;
    } catch (cause) {
      return failed(launch, `it trapped: ${String(cause)}`);
    }
  }

  /** Runs the items of a launch, yielding after each slice. */
  *#slices(
    launch: LaunchCommand,
    { run, address, bytes }: Loaded,
    scratch: number,
  ): Generator<void, void> {
    const { items, costPerItem, scratchBytes } = launch;
    const slice = Math.max(1, Math.floor(SLICE_COST / Math.max(costPerItem, 1e-3)));
    const scratchStride = strideOf(scratchBytes);
    const team = items > 1 && items * costPerItem > ALONE_COST ? this.#team : null;
    this.#clear(scratch, scratchStride, team?.threads ?? 1);
    if (team !== null) {
      const step = Math.min(slice, Math.ceil(items / (4 * team.threads)));
      yield* team.run({
        run,
        module: launch.module,
        moduleAddress: address,
        moduleBytes: bytes,
        items,
        step,
        scratch,
        scratchStride,
      });
      return;
    }
    for (let begin = 0; begin < items; begin += slice) {
      run(0, begin, Math.min(begin + slice, items), scratch);
      yield;
    }
  }

  /** Clears the start of each thread's scratch: kernels may keep state there from one slice to the next. */
  #clear(scratch: number, stride: number, threads: number): void {
    if (stride === 0) return;
    for (let thread = 0; thread < threads; thread++)
      new Uint8Array(this.memory.buffer, scratch + thread * stride, CLEARED_BYTES).fill(0);
  }
}

/** Bytes from one thread's scratch to the next. */
export function strideOf(scratchBytes: number): number {
  return CLEARED_BYTES * Math.ceil(scratchBytes / CLEARED_BYTES);
}

function outOfMemory(bytes: number): Fault {
  return {
    code: "OUT_OF_MEMORY",
    message: `WebAssembly: the memory could not grow to ${bytes} bytes; dispose tensors or use a smaller batch`,
    details: { asked: bytes },
  };
}

function failed({ labels }: LaunchCommand, why: string): Fault {
  return {
    code: "KERNEL_FAILED",
    message: `WebAssembly: a kernel failed (${labels.join(", ")}): ${why}`,
    details: { labels },
  };
}
