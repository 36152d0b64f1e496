// The WebAssembly device: addresses and parameter words on this side, commands to whoever owns the memory.
import { renderKernel } from "../../codegen/wasm/index.ts";
import type { WasmProgram, WasmTarget } from "../../codegen/wasm/abi.ts";
import { PrismaError } from "../../errors.ts";
import { evaluateAffine } from "../../graph/affine.ts";
import type { Kernel } from "../../schedule/kernel.ts";
import type { ParamWord } from "../../codegen/program.ts";
import type { DeviceBuffer, DeviceInfo, DeviceLimits, DeviceMemory, DevicePort, Launch, Prepared } from "../device.ts";
import { Allocator, type Range } from "./allocator.ts";
import type { LaunchCommand } from "./commands.ts";
import { RESERVED_BYTES } from "./runner.ts";
import type { OnLost, Transport } from "./transport.ts";

/** A rendered kernel whose module the runner has. */
interface WasmPrepared extends Prepared {
  readonly program: WasmProgram;
}

/** A buffer of one epoch of the device. */
interface WasmBuffer extends Range {
  readonly epoch: number;
}

/** Kernels may touch this many buffers: a choice, to keep expressions and address registers few. */
const BUFFERS_PER_KERNEL = 24;

const bits = new DataView(new ArrayBuffer(4));

/** A number as the 32 bits of `dtype`. */
function wordOf(value: number, dtype: "f32" | "i32" | "u32"): number {
  if (dtype !== "f32") return value >>> 0;
  bits.setFloat32(0, value);
  return bits.getUint32(0);
}

function paramWord(word: ParamWord, slots: readonly number[]): number {
  switch (word.kind) {
    case "u32":
      return word.value;
    case "affine":
      return evaluateAffine(word.value, slots) >>> 0;
    case "slot":
      return wordOf(slots[word.slot] ?? Number.NaN, word.dtype);
  }
}

/** A device whose kernels run where its transport takes them. */
export class WasmDevice implements DevicePort {
  readonly kind = "wasm";
  readonly limits: DeviceLimits = { buffersPerKernel: BUFFERS_PER_KERNEL, bufferBytes: 2 ** 32 };
  #epoch = 0;
  #transport: Transport | null;
  #allocator = new Allocator(RESERVED_BYTES);
  #modules = new Set<string>();
  #restarting: Promise<void> | null = null;
  #disposed = false;

  /** `connect` makes a transport, again after the workers died. */
  private constructor(
    readonly info: DeviceInfo,
    readonly target: WasmTarget,
    readonly connect: (onLost: OnLost) => Promise<Transport>,
  ) {
    this.#transport = null;
  }

  /** A device that is connected. */
  static async create(info: DeviceInfo, target: WasmTarget, connect: (onLost: OnLost) => Promise<Transport>): Promise<WasmDevice> {
    const device = new WasmDevice(info, target, connect);
    await device.#start();
    return device;
  }

  get epoch(): number {
    return this.#epoch;
  }

  async #start(): Promise<void> {
    this.#transport = await this.connect(() => this.#lose());
  }

  /** The workers are gone, and with them every buffer; new ones are started at once, for whoever comes next. */
  #lose(): void {
    if (this.#disposed) return;
    this.#transport?.close();
    this.#transport = null;
    this.#epoch++;
    this.#allocator = new Allocator(RESERVED_BYTES);
    this.#modules = new Set();
    this.#restarting = this.#start().finally(() => (this.#restarting = null));
    this.#restarting.catch(() => {});
  }

  async ready(): Promise<void> {
    while (this.#restarting !== null) await this.#restarting;
  }

  #line(): Transport {
    if (this.#disposed) throw new PrismaError("DISPOSED", "WebAssembly: the device was disposed");
    if (this.#transport === null) throw new PrismaError("WORKER_FAILED", "WebAssembly: the workers died and are being started again; try once more");
    return this.#transport;
  }

  #address(buffer: DeviceBuffer): number {
    if (!("address" in buffer)) throw new PrismaError("DEVICE_MISMATCH", "WebAssembly: a buffer of another device");
    const { address, epoch } = buffer as WasmBuffer;
    if (epoch !== this.#epoch) throw new PrismaError("DEVICE_LOST", "WebAssembly: a buffer from before the workers died");
    return address;
  }

  allocate(bytes: number): WasmBuffer {
    this.#line();
    return { ...this.#allocator.allocate(bytes), epoch: this.#epoch };
  }

  release(buffer: DeviceBuffer): void {
    if (this.#disposed || !("address" in buffer) || (buffer as WasmBuffer).epoch !== this.#epoch) return;
    this.#allocator.release(buffer as WasmBuffer);
  }

  write(buffer: DeviceBuffer, data: ArrayBufferView<ArrayBuffer>): void {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.#line().send({ type: "write", address: this.#address(buffer), data: bytes });
  }

  prepare(kernel: Kernel): WasmPrepared {
    const program = renderKernel(kernel, this.target);
    if (!this.#modules.has(program.key)) {
      this.#line().send({ type: "module", key: program.key, bytes: program.code(), top: this.#allocator.top });
      this.#modules.add(program.key);
    }
    return { kernel, program };
  }

  launch(launches: readonly Launch[], slots: readonly number[], signal?: AbortSignal): void {
    if (signal?.aborted) throw new PrismaError("CANCELLED", "the run was cancelled");
    const commands = launches.map((launch) => this.#command(launch, slots)).filter((one) => one.items > 0);
    if (commands.length > 0) this.#line().send({ type: "launch", launches: commands, top: this.#allocator.top });
  }

  #command(launch: Launch, slots: readonly number[]): LaunchCommand {
    const { program, kernel } = launch.prepared as WasmPrepared;
    const addresses = program.buffers.map((id) => this.#address(launch.buffer(id)));
    const words = Uint32Array.from([...addresses, ...program.params.map((word) => paramWord(word, slots))]);
    const { key, items, costPerItem, scratchBytes } = program;
    return { key, words, items, costPerItem, scratchBytes, labels: kernel.labels };
  }

  async read(buffer: DeviceBuffer, byteOffset: number, byteLength: number): Promise<ArrayBuffer> {
    const epoch = this.#epoch;
    const data = await this.#line().read(this.#address(buffer) + byteOffset, byteLength);
    if (epoch !== this.#epoch) throw new PrismaError("WORKER_FAILED", "WebAssembly: the workers died while the result was read");
    return data;
  }

  memory(): DeviceMemory {
    const { buffers, bytes, peakBytes, freeBytes } = this.#allocator;
    return { buffers, bytes, peakBytes, pooledBytes: freeBytes };
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#transport?.close();
  }
}
