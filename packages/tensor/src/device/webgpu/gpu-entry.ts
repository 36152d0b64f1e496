// The door to WebGPU on any platform.

/** What hands out adapters. */
export interface GpuEntry {
  requestAdapter(options?: GPURequestAdapterOptions): Promise<GPUAdapter | null>;
}
