// The WebAssembly device: addresses and parameter words on this side, commands to whoever owns the memory.
import type { WasmProgram, WasmTarget } from "../../codegen/wasm/abi.ts";
import { renderKernel } from "../../codegen/wasm/index.ts";
import { PrismaError } from "../../errors.ts";
import type { Kernel } from "../../schedule/kernel.ts";
import type {
  DeviceBuffer,
  DeviceInfo,
  DeviceLimits,
  DeviceMemory,
  DevicePort,
  Launch,
  Prepared,
} from "../device.ts";
import { Allocator, type Range } from "./allocator.ts";
import type { LaunchCommand } from "./commands.ts";
import type { Engine } from "./engine.ts";
import { RESERVED_BYTES } from "./memory.ts";
import { paramWords } from "./param-words.ts";
import { strideOf } from "./runner.ts";

/** Starts whoever owns the memory; calls `onLost` when that one dies. */
export type StartEngine = (onLost: () => void) => Engine;

/** What a {@link WasmDevice} is made of. */
export interface WasmDeviceParts {
  readonly info: DeviceInfo;
  readonly target: WasmTarget;
  readonly start: StartEngine;
}

/** A rendered kernel whose module the engine has. */
interface WasmPrepared extends Prepared {
  readonly program: WasmProgram;
  readonly module: number;
  readonly epoch: number;
}

/** Kernels may touch this many buffers: a choice, to keep expressions and address registers few. */
const BUFFERS_PER_KERNEL = 24;

/** A device that runs kernels on the processor. Lost workers are replaced at the next use; what was in their memory is gone. */
export class WasmDevice implements DevicePort {
  readonly kind = "wasm";
  readonly limits: DeviceLimits = { buffersPerKernel: BUFFERS_PER_KERNEL, bufferBytes: 2 ** 32 };
  readonly info: DeviceInfo;
  readonly #target: WasmTarget;
  readonly #start: StartEngine;
  #engine: Engine | null = null;
  #epoch = 0;
  #allocator = new Allocator(RESERVED_BYTES, 0);
  /** Numbers of modules by the key of their program. */
  #modules = new Map<string, number>();
  /** Ranges of the device's own: code for helper threads, and scratch for all threads. */
  readonly #own = new Set<Range>();
  #scratch: Range | null = null;
  #signalCount = 0;
  readonly #signals = new WeakMap<AbortSignal, { engine: Engine; number: number }>();
  #disposed = false;

  constructor({ info, target, start }: WasmDeviceParts) {
    this.info = info;
    this.#target = target;
    this.#start = start;
  }

  get epoch(): number {
    return this.#epoch;
  }

  allocate(bytes: number): Range {
    this.#assertUsable();
    return this.#allocator.allocate(bytes);
  }

  release(buffer: DeviceBuffer): void {
    const range = asRange(buffer);
    if (range.epoch === this.#epoch && !this.#disposed) this.#allocator.release(range);
  }

  write(buffer: DeviceBuffer, data: ArrayBufferView<ArrayBuffer>): void {
    const { number, address } = this.#alive(buffer);
    const copy = new Uint8Array(data.byteLength);
    copy.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    this.#use().send({ type: "write", buffer: number, address, data: copy });
  }

  prepare(kernel: Kernel): WasmPrepared {
    const program = renderKernel(kernel, this.#target);
    this.#reserveScratch(program.scratchBytes);
    return { kernel, program, module: this.#moduleOf(program), epoch: this.#epoch };
  }

  launch(launches: readonly Launch[], slots: readonly number[], signal?: AbortSignal): void {
    const engine = this.#use();
    if (signal?.aborted) throw new PrismaError("CANCELLED", "the run was cancelled");
    const commands = launches
      .map((launch) => this.#command(launch, slots))
      .filter((one) => one.items > 0);
    const cancel = signal === undefined ? null : this.#cancelNumber(signal, engine);
    engine.send({
      type: "launch",
      launches: commands,
      scratch: this.#scratch?.address ?? 0,
      cancel,
    });
  }

  /** One number and one listener for all launches of a signal, which may outlive thousands of them. */
  #cancelNumber(signal: AbortSignal, engine: Engine): number {
    const known = this.#signals.get(signal);
    if (known?.engine === engine) return known.number;
    const number = this.#signalCount++;
    this.#signals.set(signal, { engine, number });
    const cancel = (): void => {
      if (this.#engine === engine) engine.cancel(number);
    };
    signal.addEventListener("abort", cancel, { once: true });
    return number;
  }

  async read(buffer: DeviceBuffer, byteOffset: number, byteLength: number): Promise<ArrayBuffer> {
    const { number, address, epoch } = this.#alive(buffer);
    const bytes = await this.#use().read({
      buffer: number,
      address: address + byteOffset,
      bytes: byteLength,
    });
    if (epoch !== this.#epoch) throw lost(epoch, this.#epoch);
    return bytes;
  }

  memory(): DeviceMemory {
    const { buffers, bytes, peakBytes, freeBytes } = this.#allocator;
    const own = this.#allocator.sizeOf([...this.#own]);
    return {
      buffers: buffers - this.#own.size,
      bytes: bytes - own,
      peakBytes: peakBytes - own,
      pooledBytes: freeBytes,
    };
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#engine?.dispose();
    this.#engine = null;
  }

  #assertUsable(): void {
    if (this.#disposed) throw new PrismaError("DISPOSED", "WebAssembly: the device was disposed");
  }

  #use(): Engine {
    this.#assertUsable();
    this.#engine ??= this.#startEngine();
    return this.#engine;
  }

  #startEngine(): Engine {
    const engine = this.#start(() => {
      if (this.#engine === engine) this.#forget();
    });
    return engine;
  }

  /** Begins a new epoch: nothing of the lost engine is known any more. */
  #forget(): void {
    this.#engine = null;
    this.#epoch++;
    this.#allocator = new Allocator(RESERVED_BYTES, this.#epoch);
    this.#modules = new Map();
    this.#own.clear();
    this.#scratch = null;
  }

  #alive(buffer: DeviceBuffer): Range {
    this.#assertUsable();
    const range = asRange(buffer);
    if (range.epoch !== this.#epoch) throw lost(range.epoch, this.#epoch);
    return range;
  }

  #moduleOf(program: WasmProgram): number {
    const known = this.#modules.get(program.key);
    if (known !== undefined) return known;
    const engine = this.#use();
    const module = this.#modules.size;
    const bytes = program.code();
    engine.send({
      type: "module",
      module,
      bytes,
      address: this.#target.shared ? this.#allocateOwn(bytes.length).address : null,
    });
    this.#modules.set(program.key, module);
    return module;
  }

  #allocateOwn(bytes: number): Range {
    const range = this.#allocator.allocate(bytes);
    this.#own.add(range);
    return range;
  }

  /** Makes scratch large enough for kernels that need `bytes` a thread. Queued launches still use what they were sent with. */
  #reserveScratch(bytes: number): void {
    const needed = strideOf(bytes) * (this.info.threads ?? 1);
    if (needed <= (this.#scratch?.bytes ?? 0)) return;
    if (this.#scratch !== null) {
      this.#own.delete(this.#scratch);
      this.#allocator.release(this.#scratch);
    }
    this.#scratch = null;
    this.#scratch = this.#allocateOwn(needed);
  }

  #command({ prepared, buffer, labels }: Launch, slots: readonly number[]): LaunchCommand {
    const { program, kernel, module, epoch } = prepared as WasmPrepared;
    if (epoch !== this.#epoch) throw lost(epoch, this.#epoch);
    const ranges = program.buffers.map((id) => this.#alive(buffer(id)));
    const words = Uint32Array.from([
      ...ranges.map((range) => range.address),
      ...paramWords(program.params, slots),
    ]);
    const { outputs, items, costPerItem, scratchBytes } = program;
    const scratch = scratchBytes > 0 ? this.#scratch : null;
    const reach = [...ranges, ...(scratch === null ? [] : [scratch])].reduce(
      (most, { address, bytes }) => Math.max(most, address + bytes),
      0,
    );
    return {
      module,
      words,
      buffers: ranges.map((range) => range.number),
      outputs,
      reach,
      items,
      costPerItem,
      scratchBytes,
      labels: labels ?? kernel.labels,
    };
  }
}

function asRange(buffer: DeviceBuffer): Range {
  if ("address" in buffer) return buffer as Range;
  throw new PrismaError("DEVICE_MISMATCH", "WebAssembly: a buffer of another device");
}

function lost(then: number, now: number): PrismaError {
  return new PrismaError(
    "DEVICE_LOST",
    "WebAssembly: this was in the memory of a worker that died; make it again from its source",
    { epoch: then, now },
  );
}
