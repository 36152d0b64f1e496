// Devices: chosen once by `init`, current from then on, and the one place that knows which ports exist.
import type { DeviceInfo, DevicePort } from "../device/device.ts";
import { createWasmDevice, type WorkerFactory } from "../device/wasm/create-wasm-device.ts";
import { createWebGpuDevice, findAdapter } from "../device/webgpu/create-webgpu-device.ts";
import { checkOptions } from "../check-options.ts";
import { kindOf, PrismaError, quoteName } from "../errors.ts";
import type { DeviceTag } from "../graph/node.ts";
import { noteProvenance } from "../graph/provenance.ts";
import { PlanCache } from "./plan-cache.ts";

/** A device that tensors live on; made by {@link init}. */
export class Device implements DeviceTag {
  /** Plans made for this device. */
  readonly plans = new PlanCache();

  constructor(
    /** What runs programs and holds memory; tensors reach it through plans only. */
    readonly port: DevicePort,
    /** Whether what is made and computed here is watched; see {@link InitOptions.debug}. */
    readonly debug = false,
  ) {}

  /** Which kind of kernels run here. */
  get kind(): "wasm" | "webgpu" {
    return this.port.kind;
  }

  /** Facts for people: what computes, why it was chosen, threads, adapter. */
  get info(): DeviceInfo {
    return this.port.info;
  }

  /**
   * Ends its workers and frees its memory; tensors on it are gone.
   * @example
   * const device = await init({ device: "wasm", threads: 1 });
   * await device.dispose();
   * maybeCurrentDevice(); // null
   */
  async dispose(): Promise<void> {
    if (current === this) makeCurrent(null);
    await this.port.dispose();
  }
}

let current: Device | null = null;

function makeCurrent(device: Device | null): void {
  current = device;
  noteProvenance(device?.debug ?? false);
}

/** What {@link init} may be told. */
export interface InitOptions {
  /** `"webgpu"`, `"wasm"`, or a `GPUDevice` of your own. Default: WebGPU where there is a real adapter, else WebAssembly. */
  readonly device?: "wasm" | "webgpu" | GPUDevice;
  /** WebAssembly threads, at least 1. Default: the processor's cores, at most 4, where the platform shares memory. */
  readonly threads?: number;
  /** Makes the worker that runs WebAssembly kernels, for pages whose policy forbids inlined ones. */
  readonly worker?: WorkerFactory;
  /** Allows engine features that are not on by default (relaxed SIMD in Node 20). Changes rounding, not meaning. */
  readonly experimental?: boolean;
  /**
   * Finds the operation that made the first NaN or infinity: a read whose value stands on one rejects with ANOMALY, which
   * names the operation, its shape, the element and the line of code that called it; errors name that line too. Every
   * result is copied to the host and looked at, so runs take longer. Default: false, which costs nothing.
   */
  readonly debug?: boolean;
}

function isGpuDevice(device: InitOptions["device"]): device is GPUDevice {
  return typeof device === "object" && device !== null && "createComputePipeline" in device;
}

async function createPort(options: InitOptions): Promise<DevicePort> {
  const { device } = options;
  if (isGpuDevice(device)) return createWebGpuDevice({ device });
  if (device === "webgpu") return createWebGpuDevice({});
  if (device !== undefined && device !== "wasm") {
    const found = typeof device === "string" ? quoteName(device) : kindOf(device);
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `init: device is ${found}; it may be "wasm", "webgpu" or a GPUDevice`,
    );
  }
  const adapter = device === undefined ? await findAdapter() : null;
  if (adapter !== null) return createWebGpuDevice({ adapter });
  const reason = device === undefined ? "no graphics adapter was found" : "it was asked for";
  return createWasmDevice({ reason, ...options });
}

/**
 * Chooses a device, makes it ready, and makes it the one on which tensors are created from now on.
 *
 * @throws PrismaError DEVICE_UNAVAILABLE when a device is asked for that this platform lacks; ARGUMENT_INVALID
 * @example
 * const device = await init({ device: "wasm" });
 * device.kind; // "wasm"
 */
export async function init(options: InitOptions = {}): Promise<Device> {
  checkOptions("init", options, ["device", "threads", "worker", "experimental", "debug"]);
  const { threads } = options;
  if (threads !== undefined && (!Number.isInteger(threads) || threads < 1)) {
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `init: threads is ${String(threads)}; it must be a whole number of at least 1`,
    );
  }
  if (options.worker !== undefined && typeof options.worker !== "function")
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `init: worker is ${kindOf(options.worker)}; it must be a function that makes one`,
    );
  const { debug = false } = options;
  if (typeof debug !== "boolean")
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `init: debug is ${kindOf(debug)}; it must be true or false`,
    );
  const device = new Device(await createPort(options), debug);
  makeCurrent(device);
  return device;
}

/**
 * The device made by the last {@link init}.
 * @throws PrismaError DEVICE_UNAVAILABLE before the first
 * @example
 * currentDevice().kind; // "wasm"
 */
export function currentDevice(): Device {
  if (current === null)
    throw new PrismaError("DEVICE_UNAVAILABLE", "no device yet: call `await init()` first");
  return current;
}

/**
 * The device made by the last {@link init}, or null.
 * @example
 * await currentDevice().dispose();
 * maybeCurrentDevice(); // null
 */
export function maybeCurrentDevice(): Device | null {
  return current;
}

/** @throws PrismaError ARGUMENT_INVALID when `device` was not made by {@link init} */
export function checkDevice(operation: string, device: Device | undefined): void {
  if (device !== undefined && !(device instanceof Device))
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `${operation}: the device is ${kindOf(device)}; it must be what init() gave`,
    );
}

/** The device behind a tag. */
export function deviceOf(tag: DeviceTag | null): Device {
  return tag instanceof Device ? tag : currentDevice();
}
