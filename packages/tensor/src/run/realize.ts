// Realization: loads what must be loaded, plans, runs, and makes the asked-for nodes leaves.
import type { DevicePort } from "../device/device.ts";
import { BYTES_PER_WORD, createArray, wordsOf, type TypedArray } from "../dtype.ts";
import { checkOptions } from "../check-options.ts";
import { kindOf, PrismaError } from "../errors.ts";
import { denseForm } from "../graph/linear-form.ts";
import type { LeafSource, Node, Placement } from "../graph/node.ts";
import { sizeOf } from "../shape.ts";
import { topologicalOrder } from "../graph/order.ts";
import { traceGraph, type Trace } from "../schedule/trace.ts";
import { BufferStorage, bufferStorage } from "./buffer-storage.ts";
import { numberedLabels, withCallSites } from "./call-site-text.ts";
import { anomalyIn } from "./check-anomaly.ts";
import { deviceOf, type Device } from "./devices.ts";
import { execute } from "./execute.ts";
import { readPlacement } from "./read-placement.ts";

/** What a run may be told. */
export interface RealizeOptions {
  /** Gives the run up between slices of work: the promise rejects with CANCELLED, and the tensors stay as they were. */
  readonly signal?: AbortSignal;
  /** Leaves views of realized tensors in their buffer, however small a part they are. Default: small views are copied. */
  readonly share?: boolean;
}

/**
 * The device that `nodes` live on: that of any leaf below them.
 * @throws PrismaError DEVICE_MISMATCH when there are two
 */
export function deviceOfNodes(nodes: readonly Node[]): Device {
  const tags = new Set(nodes.flatMap(({ device }) => (device === null ? [] : [device])));
  if (tags.size > 1) {
    const kinds = [...tags].map((tag) => tag.kind).join(" and ");
    throw new PrismaError(
      "DEVICE_MISMATCH",
      `the tensors of one run live on different devices (${kinds}); run those of each device by themselves`,
      { kinds },
    );
  }
  return deviceOf([...tags][0] ?? null);
}

const loading = new WeakMap<Node, Promise<void>>();

function placeLeaf(node: Node, port: DevicePort, values: ArrayBufferView<ArrayBuffer>): void {
  const storage = BufferStorage.allocate(port, wordsOf(node.dtype, sizeOf(node.shape)));
  if (values.byteLength !== storage.size * BYTES_PER_WORD) {
    storage.release();
    throw new PrismaError(
      "INTERNAL",
      `${node.label}: a source gave ${values.byteLength} bytes for ${storage.size} words`,
    );
  }
  port.write(storage.buffer, values);
  node.place({ storage, form: denseForm(node.shape) });
}

/** Starts loading the values of a leaf; null when they are there already. */
function startLoading(
  node: Node,
  source: LeafSource,
  port: DevicePort,
  signal: AbortSignal | undefined,
): Promise<void> | null {
  const values = source.load(signal);
  if (!(values instanceof Promise)) {
    placeLeaf(node, port, values);
    return null;
  }
  node.retain();
  const wait = values
    .then((loaded) => placeLeaf(node, port, loaded))
    .finally(() => {
      loading.delete(node);
      node.release();
    });
  loading.set(node, wait);
  return wait;
}

/** Loads the leaves below `nodes` that have no values yet; null when nothing had to be waited for. */
function loadLeaves(
  nodes: readonly Node[],
  port: DevicePort,
  signal?: AbortSignal,
): Promise<unknown> | null {
  const waits: Promise<void>[] = [];
  const shared = new Map<Node, Promise<void>>();
  for (const node of nodes) {
    const source = node.source;
    if (source === null || node.placement !== null) continue;
    const known = loading.get(node);
    const wait = known === undefined ? startLoading(node, source, port, signal) : null;
    if (known !== undefined) shared.set(node, known);
    if (wait !== null) waits.push(wait);
  }
  if (waits.length + shared.size === 0) return null;
  const loaded = Promise.all([...waits, Promise.allSettled(shared.values())]);
  if (shared.size === 0) return loaded;
  // What another run was loading may fail by that run's signal; whoever still wants it loads it again.
  return loaded.then(() => loadLeaves([...shared.keys()], port, signal));
}

function cancelled(): PrismaError {
  return new PrismaError("CANCELLED", "the run was cancelled by its signal");
}

/** @throws PrismaError ARGUMENT_INVALID, CANCELLED */
function checkRealizeOptions(options: RealizeOptions): void {
  checkOptions("realize", options, ["signal", "share"]);
  const { signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `realize: the signal is ${kindOf(signal)}; it must be an AbortSignal`,
    );
  assertNotAborted(signal);
}

function assertNotAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled();
}

/** `promise`, or CANCELLED as soon as `signal` says so. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  assertNotAborted(signal);
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(cancelled());
    signal.addEventListener("abort", stop);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/**
 * Computes `nodes`, keeping exactly their values; each becomes a leaf. Runs are queued in call order per device; one that
 * has a signal is waited for.
 * @throws PrismaError OUT_OF_MEMORY, DEVICE_LOST, DEVICE_MISMATCH, CANCELLED, and what sources of leaves throw
 */
export async function realizeNodes(
  nodes: readonly Node[],
  options: RealizeOptions = {},
): Promise<void> {
  checkRealizeOptions(options);
  const wanted = [...new Set(nodes)].filter((node) => node.placement === null);
  if (wanted.length === 0) return;
  // Held while sources load: a handle disposed meanwhile must not take the graph away.
  wanted.forEach((node) => node.retain());
  try {
    const below = topologicalOrder(wanted);
    const device = deviceOfNodes(below);
    if (device.port.pending) await device.port.pending;
    const waiting = loadLeaves(below, device.port, options.signal);
    if (waiting !== null) await waiting;
    assertNotAborted(options.signal);
    const outputs = wanted.filter((node) => node.placement === null);
    if (outputs.length > 0) await runOutputs(outputs, device, options);
  } finally {
    wanted.forEach((node) => node.release());
  }
}

/**
 * Runs the plan of `outputs`. Without a signal they are leaves at once; with one, or in debug, only when everything is
 * computed.
 */
async function runOutputs(
  outputs: readonly Node[],
  device: Device,
  options: RealizeOptions,
): Promise<void> {
  const trace = traceGraph(outputs, options);
  let placements: readonly Placement[] = [];
  try {
    placements = launchTrace(trace, device, options.signal);
    if (device.debug) await untilAborted(assertSound(outputs, placements, device), options.signal);
    else if (options.signal !== undefined)
      await untilAborted(whenComputed(placements), options.signal);
  } catch (error) {
    for (const { storage } of placements) storage.release();
    throw device.debug ? withCallSites(error, outputs, trace.nodes) : error;
  }
  outputs.forEach((node, i) => {
    const placement = placements[i];
    if (placement === undefined) return;
    if (node.placement === null) node.place(placement);
    else placement.storage.release();
  });
}

/** Queues the plan of `trace`; in debug a fault of it finds back to the nodes. */
function launchTrace(trace: Trace, device: Device, signal: AbortSignal | undefined): Placement[] {
  const plan = device.plans.find(trace, device.port.limits);
  return execute(plan, device.port, {
    storages: trace.storages,
    slots: trace.slots,
    labels: device.debug ? numberedLabels(trace.nodes) : trace.nodes.map((node) => node.label),
    signal,
  });
}

/** @throws PrismaError ANOMALY */
async function assertSound(
  outputs: readonly Node[],
  placements: readonly Placement[],
  device: Device,
): Promise<void> {
  const anomaly = await anomalyIn(outputs, placements, device);
  if (anomaly !== null) throw anomaly;
}

/** Resolves when all of `placements` hold their values; rejects with the reason where one never will. */
async function whenComputed(placements: readonly Placement[]): Promise<void> {
  const storages = new Set(placements.map(({ storage }) => bufferStorage(storage)));
  await Promise.all(
    [...storages].map((storage) =>
      storage.port.read(storage.alive(), 0, Math.min(1, storage.size) * BYTES_PER_WORD),
    ),
  );
}

/**
 * Computes `node` if needed and copies its values to the host, row-major.
 * @throws PrismaError as {@link realizeNodes}
 */
export async function readNode(node: Node, options: RealizeOptions = {}): Promise<TypedArray> {
  checkRealizeOptions(options);
  if (sizeOf(node.shape) === 0) return createArray(node.dtype, 0);
  node.retain();
  try {
    await realizeNodes([node], options);
    const placement = node.placement;
    if (placement === null)
      throw new PrismaError("DISPOSED", `${node.label}: the tensor was disposed while it was read`);
    return await untilAborted(readPlacement(placement, node.shape, node.dtype), options.signal);
  } catch (error) {
    throw node.made === null ? error : withCallSites(error, [node]);
  } finally {
    node.release();
  }
}
