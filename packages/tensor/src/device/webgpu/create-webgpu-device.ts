// Finds a graphics adapter and makes the WebGPU device.
import { gpuEntry } from "#gpu-entry";
import { PrismaError } from "../../errors.ts";
import type { DeviceInfo } from "../device.ts";
import { WebGpuDevice } from "./webgpu-device.ts";

/** What {@link createWebGpuDevice} may be given: a device of the caller's, or an adapter already found. */
export interface WebGpuDeviceOptions {
  readonly device?: GPUDevice;
  readonly adapter?: GPUAdapter;
}

/** True for adapters that compute on the CPU. */
function isSoftware(info: GPUAdapterInfo): boolean {
  return (
    info.isFallbackAdapter ||
    /swiftshader|llvmpipe|lavapipe/i.test(`${info.architecture} ${info.description} ${info.device}`)
  );
}

/** An adapter that is real hardware, or null. */
export async function findAdapter(): Promise<GPUAdapter | null> {
  const adapter = await (await gpuEntry())?.requestAdapter({ powerPreference: "high-performance" });
  return adapter === undefined || adapter === null || isSoftware(adapter.info) ? null : adapter;
}

async function requireAdapter(): Promise<GPUAdapter> {
  const entry = await gpuEntry();
  const adapter = await entry?.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === undefined || adapter === null) {
    const reason =
      entry === null
        ? "this platform has no WebGPU (in Node: install the `webgpu` package)"
        : "no graphics adapter answered";
    throw new PrismaError("DEVICE_UNAVAILABLE", `WebGPU: ${reason}; use init({ device: "wasm" })`, {
      reason,
    });
  }
  return adapter;
}

const RAISED = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
] as const;

/** A device with the adapter's own limits, where they matter to us. */
async function requestDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const requiredLimits = Object.fromEntries(RAISED.map((name) => [name, adapter.limits[name]]));
  return adapter.requestDevice({ requiredLimits });
}

function describe(info: GPUAdapterInfo): DeviceInfo {
  const name =
    [info.vendor, info.architecture].filter((part) => part !== "").join(" ") ||
    info.description ||
    "unknown adapter";
  const kind = isSoftware(info) ? "a software adapter" : "the graphics adapter";
  return {
    description: `GPU, WebGPU on ${kind} ${name}`,
    threads: null,
    adapter: name,
    fusedMultiplyAdd: true,
  };
}

/**
 * A ready device. After a loss a new adapter is asked for, since the old one gives no second device.
 * @throws PrismaError DEVICE_UNAVAILABLE
 */
export async function createWebGpuDevice(options: WebGpuDeviceOptions = {}): Promise<WebGpuDevice> {
  if (options.device !== undefined) {
    const { device } = options;
    const given = (): Promise<GPUDevice> =>
      Promise.reject(
        new PrismaError(
          "DEVICE_LOST",
          "WebGPU: the device that init was given is lost; make another and call init again",
        ),
      );
    return new WebGpuDevice(
      describe(device.adapterInfo),
      { cpu: isSoftware(device.adapterInfo) },
      device,
      given,
    );
  }
  const adapter = options.adapter ?? (await requireAdapter());
  const request = async (): Promise<GPUDevice> => requestDevice(await requireAdapter());
  return new WebGpuDevice(
    describe(adapter.info),
    { cpu: isSoftware(adapter.info) },
    await requestDevice(adapter),
    request,
  );
}
