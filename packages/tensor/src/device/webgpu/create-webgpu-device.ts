// Finds a graphics adapter and makes the WebGPU device.
import { PrismaError } from "../../errors.ts";
import type { DevicePort } from "../device.ts";

/** An adapter that is real hardware, or null. */
export async function findAdapter(): Promise<GPUAdapter | null> {
  return null;
}

/** A ready device. */
export async function createWebGpuDevice(_options: { readonly device?: GPUDevice; readonly adapter?: GPUAdapter }): Promise<DevicePort> {
  throw new PrismaError("DEVICE_UNAVAILABLE", "WebGPU is not available here; use init({ device: \"wasm\" })");
}
