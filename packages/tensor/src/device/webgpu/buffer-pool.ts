// Buffers by size class: freed ones wait for the next request of their class, since making one costs far more.
import { PrismaError } from "../../errors.ts";
import type { DeviceBuffer, DeviceMemory } from "../device.ts";
import type { FaultLedger } from "./fault-ledger.ts";

/** A buffer of the device, at least as large as asked for. */
export interface GpuBuffer extends DeviceBuffer {
  readonly gpu: GPUBuffer;
  readonly capacity: number;
  readonly epoch: number;
}

const STORAGE = 0x80 | 0x8 | 0x4; // STORAGE | COPY_DST | COPY_SRC; the constants' object is missing in some runtimes
const SMALLEST = 256;

/** Next of 256, 320, 384, 448, 512, 640, ...: four classes an octave waste at most a fifth. */
function sizeClass(bytes: number): number {
  if (bytes <= SMALLEST) return SMALLEST;
  const octave = 2 ** Math.floor(Math.log2(bytes - 1));
  const step = octave / 4;
  return Math.ceil(bytes / step) * step;
}

/** The buffers of one device of one epoch. */
export class BufferPool {
  readonly #free = new Map<number, GPUBuffer[]>();
  #live = 0;
  #liveBytes = 0;
  #peakBytes = 0;
  #pooledBytes = 0;

  constructor(
    readonly device: GPUDevice,
    readonly epoch: number,
    /** Told of every new buffer's out-of-memory check, so that results can wait for it. */
    readonly faults: FaultLedger,
  ) {}

  /** @throws PrismaError SIZE_LIMIT */
  allocate(bytes: number): GpuBuffer {
    const capacity = sizeClass(bytes);
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.limits;
    if (bytes > maxBufferSize) {
      throw new PrismaError(
        "SIZE_LIMIT",
        `WebGPU: a tensor of ${bytes} bytes is larger than the largest buffer of this adapter (${maxBufferSize}); split it, or use init({ device: "wasm" })`,
        { bytes, limit: maxBufferSize },
      );
    }
    // What can be bound whole must not be rounded up beyond that.
    const limit =
      bytes <= maxStorageBufferBindingSize ? maxStorageBufferBindingSize : maxBufferSize;
    const size = Math.min(capacity, Math.floor(limit / 4) * 4);
    const gpu = this.#free.get(size)?.pop() ?? null;
    if (gpu !== null) this.#pooledBytes -= size;
    this.#live++;
    this.#liveBytes += size;
    this.#peakBytes = Math.max(this.#peakBytes, this.#liveBytes);
    return { bytes, capacity: size, epoch: this.epoch, gpu: gpu ?? this.#create(size) };
  }

  #create(size: number): GPUBuffer {
    this.device.pushErrorScope("out-of-memory");
    const gpu = this.device.createBuffer({ size, usage: STORAGE });
    const check = this.device.popErrorScope();
    this.faults.watch(
      check.then((error) => (error === null ? null : this.#refused(size))),
      [gpu],
    );
    return gpu;
  }

  /** Makes room for another try. */
  #refused(bytes: number): PrismaError {
    this.trim();
    return new PrismaError(
      "OUT_OF_MEMORY",
      `WebGPU: ${bytes} bytes could not be allocated; ${this.#liveBytes} are in use. Dispose tensors or use a smaller batch.`,
      { asked: bytes, inUse: this.#liveBytes },
    );
  }

  /** Keeps the buffer, unless it could not be had, for the next request of its class. */
  release(buffer: GpuBuffer): void {
    this.#live--;
    this.#liveBytes -= buffer.capacity;
    if (this.faults.isUnusable(buffer.gpu)) return buffer.gpu.destroy();
    this.#pooledBytes += buffer.capacity;
    const list = this.#free.get(buffer.capacity) ?? [];
    list.push(buffer.gpu);
    this.#free.set(buffer.capacity, list);
  }

  /** Destroys what waits. */
  trim(): void {
    for (const list of this.#free.values()) for (const gpu of list) gpu.destroy();
    this.#free.clear();
    this.#pooledBytes = 0;
  }

  memory(): DeviceMemory {
    return {
      buffers: this.#live,
      bytes: this.#liveBytes,
      peakBytes: this.#peakBytes,
      pooledBytes: this.#pooledBytes,
    };
  }
}
