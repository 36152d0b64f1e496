// Workers that fail from inside: a prelude before the worker's program lets one of its calls go wrong.
import { spawnWorker } from "#worker-port";
import type { WorkerHandle } from "../../src/device/wasm/worker-handle.ts";
import { WORKER_SOURCE } from "../../src/device/wasm/worker-source.ts";

/** How a worker fails: it ends, throws outside a kernel; its kernel traps or recurses without end; its memory may not grow. */
export type WorkerFault = "end" | "throw" | "trap" | "overflow" | "grow";

/** Counts calls inside the worker down, and does `act` at the last. */
const at = (call: number, act: string): string =>
  `let left = ${call}; const strike = () => { if (--left === 0) { ${act} } };`;

/** Strikes whenever a kernel is called. */
const IN_KERNELS = `
  const { Instance } = WebAssembly;
  WebAssembly.Instance = function (...parts) {
    const { run } = new Instance(...parts).exports;
    return { exports: { run: (...range) => (strike(), run(...range)) } };
  };`;

/** Strikes whenever the runner looks something up: between kernels, and before reads and writes. */
const BETWEEN_KERNELS = `
  const { get } = Map.prototype;
  Map.prototype.get = function (key) { strike(); return get.call(this, key); };`;

/** Strikes whenever the memory is to grow; a refusal is repeated, as smaller growth is tried next. */
const IN_GROWTH = `
  const { grow } = WebAssembly.Memory.prototype;
  WebAssembly.Memory.prototype.grow = function (pages) {
    if (pages > 0) strike();
    if (left === 0 || left === -1) throw new RangeError("refused (test)");
    return grow.call(this, pages);
  };`;

/** A module whose function traps: magic, version, type () -> (), one function, export "f", body: unreachable. */
const TRAP = `new Instance(new WebAssembly.Module(new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 5, 1, 3, 0, 0, 11
]))).exports.f();`;

/**
 * Says so, and is ended from outside while it waits, without an error, as a crash would. It does not wait for ever: a page
 * ends a worker between two of its tasks, and only after two seconds in the middle of one.
 */
const END = `
  const port = globalThis.process?.getBuiltinModule("node:worker_threads").parentPort ?? globalThis;
  port.postMessage("struck");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);`;

const PRELUDES: Readonly<Record<WorkerFault, (call: number) => string>> = {
  end: (call) => at(call, END) + IN_KERNELS,
  throw: (call) => at(call, `throw new Error("thrown (test)")`) + BETWEEN_KERNELS,
  trap: (call) => at(call, TRAP) + IN_KERNELS,
  overflow: (call) => at(call, "const deep = () => 1 + deep(); deep();") + IN_KERNELS,
  grow: (call) => at(call, "") + IN_GROWTH,
};

/** A worker that fails at call number `call`, counted from 1, of the kind of calls that `fault` strikes. */
export function faultyWorker(fault: WorkerFault, call: number): WorkerHandle {
  const worker = spawnWorker(`{${PRELUDES[fault](call)}}\n${WORKER_SOURCE}`);
  return {
    ...worker,
    onMessage: (receive) =>
      worker.onMessage((message) => (message === "struck" ? worker.terminate() : receive(message))),
  };
}
