// The scheduler: from a trace of the graph to kernels and buffers, one pass after another.
import type { BufferId } from "../graph/expr.ts";
import type { DeviceLimits } from "../device/device.ts";
import { finish } from "./finish.ts";
import { unpackHalves } from "./halves.ts";
import { buffersRead, buffersWritten, moveForm } from "./kernel-buffers.ts";
import type { Kernel } from "./kernel.ts";
import { lower, type OutputPlace } from "./lower.ts";
import { stackContracts } from "./stack-contracts.ts";
import type { Trace } from "./trace.ts";

/** Kernels in launch order, and what buffers they need. Buffers 0 to `inputs - 1` are the storages of the trace. */
export interface Schedule {
  readonly kernels: readonly Kernel[];
  readonly inputs: number;
  /** Elements of every buffer that the kernels write. */
  readonly sizes: ReadonlyMap<BufferId, number>;
  readonly outputs: readonly OutputPlace[];
  /** For each kernel, the buffers nobody needs once it is queued. */
  readonly freedAfter: readonly (readonly BufferId[])[];
}

/** The passes, in order. */
export function schedule(trace: Trace, limits: DeviceLimits): Schedule {
  const lowered = lower(trace, limits.buffersPerKernel);
  const finished = lowered.drafts.flatMap((draft) => finish(draft) ?? []);
  const nextBuffer = trace.storages.length + lowered.buffers.size;
  const asked = new Set(lowered.outputs.map((output) => output.buffer));
  const stacked = stackContracts(finished, { outputs: asked, nextBuffer });
  const outputs = lowered.outputs.map((output) => {
    const moved = stacked.moved.get(output.buffer);
    return moved === undefined
      ? output
      : { buffer: moved.buffer, form: moveForm(output.form, moved) };
  });
  const sizes = new Map(stacked.created);
  for (const [buffer, spec] of lowered.buffers)
    if (!stacked.moved.has(buffer)) sizes.set(buffer, spec.size);
  const freedAfter = lastUses(
    stacked.kernels,
    trace.storages.length,
    new Set(outputs.map((output) => output.buffer)),
  );
  const kernels = stacked.kernels.map((kernel) => unpackHalves(kernel, trace.sizes));
  return { kernels, inputs: trace.storages.length, sizes, outputs, freedAfter };
}

function lastUses(
  kernels: readonly Kernel[],
  inputs: number,
  kept: ReadonlySet<BufferId>,
): BufferId[][] {
  const seen = new Set<BufferId>();
  const freed = kernels.map((): BufferId[] => []);
  for (let i = kernels.length - 1; i >= 0; i--) {
    const kernel = kernels[i];
    if (kernel === undefined) continue;
    for (const buffer of [...buffersRead(kernel), ...buffersWritten(kernel)]) {
      if (buffer < inputs || kept.has(buffer) || seen.has(buffer)) continue;
      seen.add(buffer);
      freed[i]?.push(buffer);
    }
  }
  return freed;
}
