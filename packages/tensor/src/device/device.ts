// The port every device offers to the rest of the library: allocate, write, launch, read, in call order.
import type { BufferId } from "../graph/expr.ts";
import type { Kernel } from "../schedule/kernel.ts";

/** Bytes on a device. Only the device that made it looks inside. */
export interface DeviceBuffer {
  readonly bytes: number;
}

/** Facts about a device, for people and for benchmarks. */
export interface DeviceInfo {
  /** One sentence: what computes, and why this device was chosen. */
  readonly description: string;
  /** Threads that run kernels (WebAssembly), or null. */
  readonly threads: number | null;
  /** Adapter vendor and architecture (WebGPU), or null. */
  readonly adapter: string | null;
  /** Whether products are fused with the addition that follows (one rounding instead of two). */
  readonly fusedMultiplyAdd: boolean;
}

/** What a schedule must respect. */
export interface DeviceLimits {
  /** Distinct buffers one kernel may touch. */
  readonly buffersPerKernel: number;
  /** Bytes of the largest buffer. */
  readonly bufferBytes: number;
}

/** Bytes and buffers a device holds now. `pooled` bytes are free but kept for reuse. */
export interface DeviceMemory {
  readonly buffers: number;
  readonly bytes: number;
  readonly peakBytes: number;
  readonly pooledBytes: number;
}

/** A kernel made ready on a device; opaque to everybody else. */
export interface Prepared {
  readonly kernel: Kernel;
}

/** One launch of a prepared kernel. `buffer(id)` finds the buffer of a plan's buffer id. */
export interface Launch {
  readonly prepared: Prepared;
  /** What the kernel computes this time, for errors; by default what it was made for. */
  readonly labels?: readonly string[];
  readonly buffer: (id: BufferId) => DeviceBuffer;
}

/**
 * A device. Every call is queued in call order; an error of the device (loss, out of memory, a dead worker) is a coded
 * PrismaError thrown by the call or by the next `read`, and nothing computed on a lost device is ever returned.
 */
export interface DevicePort {
  readonly kind: "wasm" | "webgpu";
  readonly info: DeviceInfo;
  readonly limits: DeviceLimits;
  /** Rises with every loss; results of an older epoch are refused. */
  readonly epoch: number;
  /** Set while the device is coming back after a loss: resolves when it can be used again. */
  readonly pending?: Promise<void> | null;
  /** @throws PrismaError OUT_OF_MEMORY, SIZE_LIMIT, DEVICE_LOST */
  allocate(bytes: number): DeviceBuffer;
  /** Gives a buffer back; launches already queued still see it. */
  release(buffer: DeviceBuffer): void;
  /** Copies `data` to the start of `buffer`. */
  write(buffer: DeviceBuffer, data: ArrayBufferView<ArrayBuffer>): void;
  /** Renders and compiles; repeated calls for kernels of one shape class share the code. */
  prepare(kernel: Kernel): Prepared;
  /** Queues launches; `slots` are the plan's numbers of this run. `signal` is looked at between slices of work. */
  launch(launches: readonly Launch[], slots: readonly number[], signal?: AbortSignal): void;
  /** Resolves when everything queued before is done, with a copy of the bytes. */
  read(buffer: DeviceBuffer, byteOffset: number, byteLength: number): Promise<ArrayBuffer>;
  memory(): DeviceMemory;
  /** Ends workers and frees everything; later calls throw DISPOSED. */
  dispose(): Promise<void>;
}
