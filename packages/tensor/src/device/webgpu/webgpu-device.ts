// The WebGPU device: sessions one after another, and the gate that lets no result of a lost one out.
import { PrismaError } from "../../errors.ts";
import type { BufferId } from "../../graph/expr.ts";
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
import { BoundKernel, type CompileKernel } from "./bound-kernel.ts";
import type { GpuBuffer } from "./buffer-pool.ts";
import type { WgslTarget } from "../../codegen/wgsl/wgsl-program.ts";
import { WebGpuSession } from "./webgpu-session.ts";

interface WebGpuPrepared extends Prepared {
  readonly bound: BoundKernel;
}

/** Requests a GPUDevice; called again after a loss, with a new adapter. */
export type RequestDevice = () => Promise<GPUDevice>;

const EMPTY: DeviceMemory = { buffers: 0, bytes: 0, peakBytes: 0, pooledBytes: 0 };

/** A device on an adapter. */
export class WebGpuDevice implements DevicePort {
  readonly kind = "webgpu";
  readonly limits: DeviceLimits;
  #session: WebGpuSession | null;
  #epoch = 0;
  #pending: Promise<void> | null = null;
  #disposed = false;

  constructor(
    readonly info: DeviceInfo,
    readonly target: WgslTarget,
    gpu: GPUDevice,
    readonly request: RequestDevice,
  ) {
    this.limits = {
      buffersPerKernel: gpu.limits.maxStorageBuffersPerShaderStage,
      bufferBytes: gpu.limits.maxBufferSize,
    };
    this.#session = this.#open(gpu);
  }

  get epoch(): number {
    return this.#epoch;
  }

  get pending(): Promise<void> | null {
    return this.#pending;
  }

  #open(gpu: GPUDevice): WebGpuSession {
    const session = new WebGpuSession(gpu, this.#epoch, this.target);
    void gpu.lost.then((info) => this.#lose(session, info));
    return session;
  }

  /** The session is over: its buffers are gone, and a new device is requested for whoever comes next. */
  #lose(session: WebGpuSession, _info: GPUDeviceLostInfo): void {
    if (this.#disposed || this.#session !== session) return;
    this.#session = null;
    this.#epoch++;
    this.#pending = this.#recover();
    this.#pending.catch(() => {});
  }

  async #recover(): Promise<void> {
    try {
      this.#session = this.#open(await this.request());
    } finally {
      this.#pending = null;
    }
  }

  #line(): WebGpuSession {
    if (this.#disposed) throw new PrismaError("DISPOSED", "WebGPU: the device was disposed");
    if (this.#session === null)
      throw new PrismaError(
        "DEVICE_LOST",
        "WebGPU: the device was lost and is not back yet; load the model again",
        { epoch: this.#epoch },
      );
    return this.#session;
  }

  #buffer(buffer: DeviceBuffer): GpuBuffer {
    if (!("gpu" in buffer))
      throw new PrismaError("DEVICE_MISMATCH", "WebGPU: a buffer of another device");
    const own = buffer as GpuBuffer;
    if (own.epoch !== this.#epoch)
      throw new PrismaError("DEVICE_LOST", "WebGPU: a buffer from before the device was lost", {
        epoch: own.epoch,
      });
    return own;
  }

  allocate(bytes: number): GpuBuffer {
    return this.#line().pool.allocate(Math.max(4, bytes));
  }

  release(buffer: DeviceBuffer): void {
    if (this.#session === null || !("gpu" in buffer)) return;
    const own = buffer as GpuBuffer;
    if (own.epoch === this.#epoch) this.#session.pool.release(own);
  }

  write(buffer: DeviceBuffer, data: ArrayBufferView<ArrayBuffer>): void {
    const own = this.#buffer(buffer);
    if (data.byteLength > 0) this.#line().write(own, data);
  }

  prepare(kernel: Kernel): WebGpuPrepared {
    const session = this.#line();
    const { limits } = session.gpu;
    const binding = {
      words: Math.floor(limits.maxStorageBufferBindingSize / 4),
      alignment: Math.max(1, limits.minStorageBufferOffsetAlignment / 4),
      count: limits.maxStorageBuffersPerShaderStage,
    };
    const compile: CompileKernel = (one, parts) => session.compile(one, parts);
    return { kernel, bound: new BoundKernel(kernel, binding, compile) };
  }

  launch(launches: readonly Launch[], slots: readonly number[], signal?: AbortSignal): void {
    if (signal?.aborted) throw new PrismaError("CANCELLED", "the run was cancelled");
    const session = this.#line();
    const dispatches = launches.flatMap(({ prepared, buffer, labels }) => {
      const { bound, kernel } = prepared as WebGpuPrepared;
      const find = (id: BufferId): GpuBuffer => this.#buffer(buffer(id));
      return bound.dispatches({ find, slots, labels: labels ?? kernel.labels });
    });
    session.submit(dispatches, slots);
  }

  async read(buffer: DeviceBuffer, byteOffset: number, byteLength: number): Promise<ArrayBuffer> {
    const session = this.#line();
    const epoch = this.#epoch;
    const lost = session.gpu.lost.then(() => {
      throw new PrismaError(
        "DEVICE_LOST",
        "WebGPU: the device was lost while the result was read; load the model again",
        { epoch },
      );
    });
    lost.catch(() => {});
    const data = await Promise.race([
      session.read(this.#buffer(buffer), byteOffset, byteLength),
      lost,
    ]);
    if (epoch !== this.#epoch)
      throw new PrismaError(
        "DEVICE_LOST",
        "WebGPU: the device was lost while the result was read",
        { epoch },
      );
    return data;
  }

  memory(): DeviceMemory {
    return this.#session?.pool.memory() ?? EMPTY;
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#session?.gpu.destroy();
    this.#session = null;
  }
}
