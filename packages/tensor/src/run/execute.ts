// Execution: binds a plan to buffers and slot values, queues its launches, and says where the outputs are.
import type { DeviceBuffer, DevicePort, Launch } from "../device/device.ts";
import { BYTES_PER_WORD } from "../dtype.ts";
import { PrismaError } from "../errors.ts";
import { affine, evaluateAffine } from "../graph/affine.ts";
import type { BufferId } from "../graph/expr.ts";
import type { Placement, Storage } from "../graph/node.ts";
import { buffersRead, buffersWritten } from "../schedule/kernel-buffers.ts";
import { labelsIn, type Kernel } from "../schedule/kernel.ts";
import { BufferStorage, bufferStorage } from "./buffer-storage.ts";
import type { Plan } from "./plan-cache.ts";

/** What one run of a plan is bound to. */
export interface Binding {
  readonly storages: readonly Storage[];
  readonly slots: readonly number[];
  /** Labels of the nodes of the trace, by their numbers. */
  readonly labels: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** Queues everything `plan` launches and returns the placement of each output, one storage holder each. */
export function execute(plan: Plan, port: DevicePort, binding: Binding): Placement[] {
  const inputs = binding.storages.map((storage) => bufferOn(port, storage));
  const prepared = plan.prepare(port);
  const made = new Map<BufferId, DeviceBuffer>();
  const find = (id: BufferId): DeviceBuffer => {
    const buffer = inputs[id] ?? made.get(id);
    if (buffer === undefined)
      throw new PrismaError("INTERNAL", `buffer ${id} of a plan was never written`);
    return buffer;
  };
  try {
    launchAll(plan, port, prepared, made, find, binding);
    return placeOutputs(plan, port, made, binding);
  } catch (error) {
    for (const buffer of made.values()) port.release(buffer);
    throw error;
  }
}

/** @throws PrismaError DEVICE_MISMATCH, DEVICE_LOST */
function bufferOn(port: DevicePort, storage: Storage): DeviceBuffer {
  const own = bufferStorage(storage);
  if (own.port !== port)
    throw new PrismaError(
      "DEVICE_MISMATCH",
      `a run on ${port.kind} reads a tensor that lies on another device (${own.port.kind})`,
      { kinds: `${port.kind} and ${own.port.kind}` },
    );
  return own.alive();
}

function launchAll(
  plan: Plan,
  port: DevicePort,
  prepared: ReturnType<Plan["prepare"]>,
  made: Map<BufferId, DeviceBuffer>,
  find: (id: BufferId) => DeviceBuffer,
  binding: Binding,
): void {
  const { kernels, sizes, freedAfter } = plan.schedule;
  const launches: Launch[] = [];
  kernels.forEach((kernel, i) => {
    for (const id of buffersWritten(kernel))
      made.set(id, port.allocate((sizes.get(id) ?? 0) * BYTES_PER_WORD));
    const ready = prepared[i];
    if (ready !== undefined)
      launches.push({
        prepared: ready,
        labels: labelsIn(kernel, binding.labels),
        buffer: bound(kernel, find),
      });
    for (const id of freedAfter[i] ?? []) {
      const buffer = made.get(id);
      if (buffer !== undefined) port.release(buffer);
      made.delete(id);
    }
  });
  port.launch(launches, binding.slots, binding.signal);
}

/** Finds buffers as they are bound now: a later kernel may get the same memory under another id. */
function bound(
  kernel: Kernel,
  find: (id: BufferId) => DeviceBuffer,
): (id: BufferId) => DeviceBuffer {
  const known = new Map<BufferId, DeviceBuffer>();
  for (const id of [...buffersRead(kernel), ...buffersWritten(kernel)]) known.set(id, find(id));
  return (id) => known.get(id) ?? find(id);
}

function placeOutputs(
  plan: Plan,
  port: DevicePort,
  made: Map<BufferId, DeviceBuffer>,
  binding: Binding,
): Placement[] {
  const storages = new Map<BufferId, BufferStorage>();
  for (const [id, buffer] of made)
    storages.set(id, new BufferStorage(port, buffer, plan.schedule.sizes.get(id) ?? 0));
  made.clear();
  const placements = plan.schedule.outputs.map(({ buffer, form }) => {
    const storage = storages.get(buffer) ?? binding.storages[buffer];
    if (storage === undefined)
      throw new PrismaError("INTERNAL", `output buffer ${buffer} of a plan is missing`);
    storage.retain();
    return {
      storage,
      form: { strides: form.strides, offset: affine(evaluateAffine(form.offset, binding.slots)) },
    };
  });
  for (const storage of storages.values()) storage.release();
  return placements;
}
