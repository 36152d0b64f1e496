// Memory: what is alive, in handles, buffers and bytes.
import { maybeCurrentDevice } from "./run/devices.ts";
import { liveTensors } from "./tensor-handle.ts";

/** What the library holds. */
export interface Memory {
  /** Tensors neither disposed nor collected. */
  readonly tensors: number;
  /** Device buffers in use, each counted once however many tensors view it. */
  readonly buffers: number;
  /** Their bytes. */
  readonly bytes: number;
  /** Most bytes ever in use at once. */
  readonly peakBytes: number;
  /** Bytes kept free for reuse. */
  readonly pooledBytes: number;
  /** Plans kept. */
  readonly plans: number;
}

/**
 * What the current device holds; zeros before `init`.
 * @example
 * memory().buffers; // 0
 */
export function memory(): Memory {
  const device = maybeCurrentDevice();
  if (device === null)
    return { tensors: liveTensors(), buffers: 0, bytes: 0, peakBytes: 0, pooledBytes: 0, plans: 0 };
  return { tensors: liveTensors(), ...device.port.memory(), plans: device.plans.size };
}
