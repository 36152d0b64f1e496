// WebAssembly devices over every kind of engine, and a few kernels with their inputs to run on them.
import { spawnWorker } from "#worker-port";
import type { WasmTarget } from "../../src/codegen/wasm/abi.ts";
import type { DeviceBuffer } from "../../src/device/device.ts";
import { createInlineEngine } from "../../src/device/wasm/inline-engine.ts";
import { WasmDevice } from "../../src/device/wasm/wasm-device.ts";
import { WorkerEngine } from "../../src/device/wasm/worker-engine.ts";
import type { WorkerHandle } from "../../src/device/wasm/worker-handle.ts";
import { WORKER_SOURCE } from "../../src/device/wasm/worker-source.ts";
import type { TypedArray } from "../../src/dtype.ts";
import { affine } from "../../src/graph/affine.ts";
import { apply, literal, type BufferId, type Expr } from "../../src/graph/expr.ts";
import { denseForm } from "../../src/graph/linear-form.ts";
import type { Kernel } from "../../src/schedule/kernel.ts";

/** A device that computes on the calling thread, in `memory` where one is given. */
export function inlineDevice(memory?: WebAssembly.Memory): WasmDevice {
  return new WasmDevice({
    info: info(1),
    target: target(false),
    start: () => createInlineEngine(memory),
  });
}

/** A device with workers; `started` gets every worker, in order, and `spawn` makes them by their numbers. */
export function workerDevice(
  threads: number,
  started: WorkerHandle[] = [],
  spawn: (number: number) => WorkerHandle = () => spawnWorker(WORKER_SOURCE),
): WasmDevice {
  const start = (): WorkerHandle => {
    const worker = spawn(started.length);
    started.push(worker);
    return worker;
  };
  return new WasmDevice({
    info: info(threads),
    target: target(threads > 1),
    start: (onLost) => new WorkerEngine({ threads, start, onLost }),
  });
}

function info(threads: number): WasmDevice["info"] {
  return { description: "", threads, adapter: null, fusedMultiplyAdd: false };
}

function target(shared: boolean): WasmTarget {
  return { shared, relaxed: false };
}

/** A kernel whose buffers are numbered from 0; the last one is its output. */
export interface Case {
  readonly kernel: Kernel;
  /** Elements of each buffer. */
  readonly sizes: readonly number[];
}

const SUM: Expr = {
  kind: "value",
  dtype: "f32",
  kernel: 0,
  value: 0,
  form: { strides: [], offset: affine(0) },
};

/** Buffer 2 is buffer 0 [m, k] times the transpose of buffer 1 [n, k], squared and halved. */
export function product(m: number, n: number, k: number): Case {
  const value = apply("mul", apply("mul", SUM, SUM), literal(0.5));
  return {
    sizes: [m * k, n * k, m * n],
    kernel: {
      family: "contract",
      batch: [],
      m: [m],
      n: [n],
      k: [k],
      labels: [`product ${m}x${n}`],
      a: { buffer: 0, form: denseForm([m, k]) },
      b: { buffer: 1, form: denseForm([n, k]) },
      stores: [{ buffer: 2, dtype: "f32", value, form: denseForm([m, n]) }],
    },
  };
}

/** Buffer 1 is buffer 0 plus `addend`. */
export function addition(size: number, addend: number): Case {
  const load: Expr = { kind: "load", dtype: "f32", buffer: 0, form: denseForm([size]), guards: [] };
  const value = apply("add", load, literal(addend));
  return {
    sizes: [size, size],
    kernel: {
      family: "map",
      shape: [size],
      labels: [`add ${addend}`],
      stores: [{ buffer: 1, dtype: "f32", value, form: denseForm([size]) }],
    },
  };
}

/** Buffer 1 holds the sums of the rows of buffer 0. */
export function rowSums(rows: number, length: number): Case {
  const body: Expr = {
    kind: "load",
    dtype: "f32",
    buffer: 0,
    form: denseForm([rows, length]),
    guards: [],
  };
  return {
    sizes: [rows * length, rows],
    kernel: {
      family: "reduce",
      outer: [rows],
      inner: [length],
      fn: "sum",
      dtype: "f32",
      body,
      labels: ["sum"],
      stores: [{ buffer: 1, dtype: "f32", value: SUM, form: denseForm([rows]) }],
    },
  };
}

/** Numbers between -1 and 1, the same for every device. */
export function numbers(size: number, seed: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(
    { length: size },
    (_, i) => (Math.imul(i + 1, 2654435761 + seed) >>> 8) / 2 ** 23 - 1,
  );
}

/** Launches `kernel` on `buffers` once. */
export function launch(
  device: WasmDevice,
  kernel: Kernel,
  buffers: readonly DeviceBuffer[],
  signal?: AbortSignal,
): void {
  const find = (id: BufferId): DeviceBuffer => buffers[id]!;
  device.launch([{ prepared: device.prepare(kernel), buffer: find }], [], signal);
}

/** All of `buffer`. */
export async function readAll(device: WasmDevice, buffer: DeviceBuffer): Promise<Float32Array> {
  return new Float32Array(await device.read(buffer, 0, buffer.bytes));
}

/** The first element in which two arrays differ by a bit, as text; null: they are the same. */
export function difference(actual: Float32Array, expected: Float32Array): string | null {
  const [a, b] = [new Uint32Array(actual.buffer), new Uint32Array(expected.buffer)];
  if (a.length !== b.length) return `${a.length} elements instead of ${b.length}`;
  const i = a.findIndex((word, place) => word !== b[place]);
  return i < 0 ? null : `element ${i} is ${actual[i]}, not ${expected[i]}`;
}

/** The output of a case on inputs that are the same for every device. */
export async function compute(device: WasmDevice, { kernel, sizes }: Case): Promise<Float32Array> {
  const buffers = sizes.map((size) => device.allocate(4 * size));
  const inputs: TypedArray[] = sizes.slice(0, -1).map((size, i) => numbers(size, i));
  inputs.forEach((input, i) => device.write(buffers[i]!, input));
  launch(device, kernel, buffers);
  try {
    return await readAll(device, buffers[buffers.length - 1]!);
  } finally {
    for (const buffer of buffers) device.release(buffer);
  }
}
