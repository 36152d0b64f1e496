// Makes a WebAssembly device: looks at what the platform offers, and starts what runs the kernels.
import { canShareMemory, mayBlock, processorCount, spawnWorker, workerHandle } from "#worker-port";
import { PrismaError } from "../../errors.ts";
import { findFeatures } from "./features.ts";
import { createInlineEngine } from "./inline-engine.ts";
import { WasmDevice, type StartEngine } from "./wasm-device.ts";
import { WorkerEngine } from "./worker-engine.ts";
import type { WorkerHandle } from "./worker-handle.ts";
import { WORKER_SOURCE } from "./worker-source.ts";

/** Makes the worker that runs kernels in a page: one whose program is the package's `worker` entry. */
export type WorkerFactory = () => Worker;

/** What {@link createWasmDevice} may be told. */
export interface WasmDeviceOptions {
  /** Why this device was chosen, for its description. */
  readonly reason: string;
  readonly threads?: number;
  readonly worker?: WorkerFactory;
  readonly experimental?: boolean;
}

/** Threads used when the caller does not say: more rarely help on the sizes of one image. */
const DEFAULT_THREADS = 4;

function threadsFor(options: WasmDeviceOptions): number {
  if (!canShareMemory()) return 1;
  return options.threads ?? Math.min(DEFAULT_THREADS, processorCount());
}

function startEngine(options: WasmDeviceOptions, threads: number): StartEngine {
  if (mayBlock() && threads === 1 && options.worker === undefined)
    return () => createInlineEngine();
  const start = (): WorkerHandle =>
    options.worker === undefined ? spawnWorker(WORKER_SOURCE) : workerHandle(options.worker());
  return (onLost) => new WorkerEngine({ threads, start, onLost });
}

/**
 * A ready device. One thread in Node, or in a worker of a page, computes on the calling thread; everything else in workers
 * of its own, so that no kernel runs on a page's thread. Threads share memory where the platform allows it; otherwise
 * there is one.
 * @throws PrismaError DEVICE_UNAVAILABLE without WebAssembly SIMD, or where workers cannot be started
 */
export async function createWasmDevice(options: WasmDeviceOptions): Promise<WasmDevice> {
  const features = await findFeatures(options.experimental ?? false);
  if (!features.simd)
    throw new PrismaError(
      "DEVICE_UNAVAILABLE",
      'this engine has no WebAssembly SIMD; update the browser, or use init({ device: "webgpu" })',
    );
  const threads = threadsFor(options);
  const count = threads === 1 ? "1 thread" : `${threads} threads`;
  const description = `CPU, WebAssembly SIMD, ${count}, because ${options.reason}`;
  const info = { description, threads, adapter: null, fusedMultiplyAdd: features.relaxed };
  const device = new WasmDevice({
    info,
    target: { shared: threads > 1, relaxed: features.relaxed },
    start: startEngine(options, threads),
  });
  await assertStarted(device);
  return device;
}

async function assertStarted(device: WasmDevice): Promise<void> {
  const probe = device.allocate(4);
  try {
    await device.read(probe, 0, 4);
  } catch (cause) {
    await device.dispose();
    throw new PrismaError(
      "DEVICE_UNAVAILABLE",
      "WebAssembly: its workers could not be started; where a page's policy forbids inlined ones, pass init({ worker })",
      {},
      { cause },
    );
  }
  device.release(probe);
}
