// WebGPU in Node: through the optional `webgpu` package.
import type { GpuEntry } from "./gpu-entry.ts";

/** Kept for the life of the process: Dawn's devices die with the object that made them. */
let entry: Promise<GpuEntry | null> | null = null;

async function load(): Promise<GpuEntry | null> {
  try {
    const { create, globals } = await import("webgpu");
    Object.assign(globalThis, globals);
    return create([]);
  } catch {
    return null;
  }
}

/** The entry point, or null where the package is not installed. */
export function gpuEntry(): Promise<GpuEntry | null> {
  entry ??= load();
  return entry;
}
