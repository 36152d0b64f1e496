// Makes a WebAssembly device: looks at what the platform offers, and starts the threads.
import { canShareMemory, mayBlock, processorCount, spawnWorker, workerHandle } from "#worker-port";
import { PrismaError } from "../../errors.ts";
import { findFeatures } from "./features.ts";
import { createMemory } from "./runner.ts";
import { InlineTransport, startWorker, WorkerTransport, type OnLost, type Transport } from "./transport.ts";
import { WasmDevice } from "./wasm-device.ts";
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

async function startAll(options: WasmDeviceOptions, threads: number, onLost: OnLost): Promise<Transport> {
  const spawn = (): WorkerHandle => (options.worker === undefined ? spawnWorker(WORKER_SOURCE) : workerHandle(options.worker()));
  const memory = threads > 1 ? createMemory(true) : null;
  const inline = mayBlock() && options.worker === undefined;
  const helpers = memory === null ? [] : await Promise.all(Array.from({ length: threads - 1 }, (_, i) => startWorker(spawn(), { type: "helper", memory, index: i + 1 })));
  if (inline) return new InlineTransport(memory ?? createMemory(false), helpers, onLost);
  const coordinator = await startWorker(spawn(), { type: "coordinator", memory, helpers: helpers.length });
  return new WorkerTransport(coordinator, helpers, onLost);
}

/**
 * A ready device. In a page kernels run in a worker, never on the page's own thread; in Node and in workers they run on
 * the calling thread and its helpers. Threads share memory, where the platform allows it; otherwise there is one.
 * @throws PrismaError DEVICE_UNAVAILABLE without WebAssembly SIMD; WORKER_FAILED
 */
export async function createWasmDevice(options: WasmDeviceOptions): Promise<WasmDevice> {
  const features = await findFeatures(options.experimental ?? false);
  if (!features.simd) throw new PrismaError("DEVICE_UNAVAILABLE", "this engine has no WebAssembly SIMD; update the browser, or use init({ device: \"webgpu\" })");
  const threads = threadsFor(options);
  const count = threads === 1 ? "1 thread" : `${threads} threads`;
  const description = `CPU, WebAssembly SIMD, ${count}, because ${options.reason}`;
  const target = { shared: threads > 1, relaxed: features.relaxed };
  return WasmDevice.create({ description, threads, adapter: null, fusedMultiplyAdd: features.relaxed }, target, (onLost) => startAll(options, threads, onLost));
}
