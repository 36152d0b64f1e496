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
import { RESERVED_BYTES, Runner } from "./runner.ts";

/** A rendered kernel whose module the runner has. */
interface WasmPrepared extends Prepared {
  readonly program: WasmProgram;
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

function asRange(buffer: DeviceBuffer): Range {
  if ("address" in buffer) return buffer as Range;
  throw new PrismaError("DEVICE_MISMATCH", "WebAssembly: a buffer of another device");
}

/** A device that runs kernels on the calling thread. */
export class WasmDevice implements DevicePort {
  readonly kind = "wasm";
  readonly limits: DeviceLimits = { buffersPerKernel: BUFFERS_PER_KERNEL, bufferBytes: 2 ** 32 };
  readonly epoch = 0;
  readonly #runner: Runner;
  readonly #target: WasmTarget;
  readonly #allocator = new Allocator(RESERVED_BYTES);
  readonly #modules = new Set<string>();
  #disposed = false;

  constructor(
    readonly info: DeviceInfo,
    target: WasmTarget,
  ) {
    this.#target = target;
    this.#runner = new Runner(target.shared);
  }

  #assertUsable(): void {
    if (this.#disposed) throw new PrismaError("DISPOSED", "WebAssembly: the device was disposed");
  }

  allocate(bytes: number): Range {
    this.#assertUsable();
    return this.#allocator.allocate(bytes);
  }

  release(buffer: DeviceBuffer): void {
    this.#allocator.release(asRange(buffer));
  }

  write(buffer: DeviceBuffer, data: ArrayBufferView<ArrayBuffer>): void {
    this.#assertUsable();
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.#runner.execute({ type: "write", address: asRange(buffer).address, data: bytes });
  }

  prepare(kernel: Kernel): WasmPrepared {
    const program = renderKernel(kernel, this.#target);
    if (!this.#modules.has(program.key)) {
      this.#runner.execute({ type: "module", key: program.key, bytes: program.code() });
      this.#modules.add(program.key);
    }
    return { kernel, program };
  }

  launch(launches: readonly Launch[], slots: readonly number[], signal?: AbortSignal): void {
    this.#assertUsable();
    if (signal?.aborted) throw new PrismaError("CANCELLED", "the run was cancelled");
    const commands = launches.map((launch) => command(launch, slots)).filter((one) => one.items > 0);
    this.#runner.execute({ type: "launch", launches: commands, top: this.#allocator.top });
  }

  async read(buffer: DeviceBuffer, byteOffset: number, byteLength: number): Promise<ArrayBuffer> {
    this.#assertUsable();
    const bytes = this.#runner.execute({ type: "read", id: 0, address: asRange(buffer).address + byteOffset, bytes: byteLength });
    return bytes ?? new ArrayBuffer(0);
  }

  memory(): DeviceMemory {
    const { buffers, bytes, peakBytes, freeBytes } = this.#allocator;
    return { buffers, bytes, peakBytes, pooledBytes: freeBytes };
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
  }
}

function command(launch: Launch, slots: readonly number[]): LaunchCommand {
  const { program, kernel } = launch.prepared as WasmPrepared;
  const addresses = program.buffers.map((id) => asRange(launch.buffer(id)).address);
  const words = Uint32Array.from([...addresses, ...program.params.map((word) => paramWord(word, slots))]);
  const { key, items, costPerItem, scratchBytes } = program;
  return { key, words, items, costPerItem, scratchBytes, labels: kernel.labels };
}
