// Makes a WebAssembly device: looks at what the engine offers.
import { availableFeatures } from "./features.ts";
import { WasmDevice } from "./wasm-device.ts";

/** Makes the worker that runs kernels in a page. */
export type WorkerFactory = () => Worker;

/** What {@link createWasmDevice} may be told. */
export interface WasmDeviceOptions {
  /** Why this device was chosen, for its description. */
  readonly reason: string;
  readonly threads?: number;
  readonly worker?: WorkerFactory;
  readonly experimental?: boolean;
}

/** A ready device. */
export async function createWasmDevice(options: WasmDeviceOptions): Promise<WasmDevice> {
  const { relaxed } = availableFeatures();
  const description = `CPU, WebAssembly SIMD, 1 thread, because ${options.reason}`;
  return new WasmDevice({ description, threads: 1, adapter: null, fusedMultiplyAdd: relaxed }, { shared: false, relaxed });
}
