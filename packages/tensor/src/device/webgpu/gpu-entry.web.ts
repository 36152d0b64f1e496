// WebGPU in browsers: `navigator.gpu`.
import type { GpuEntry } from "./gpu-entry.ts";

/** The entry point, or null where the browser has none. */
export async function gpuEntry(): Promise<GpuEntry | null> {
  const entry: GpuEntry | undefined = navigator.gpu;
  return entry ?? null;
}
