// Running once: a plan made, run and forgotten, for looking at values beside what is asked for.
import type { TypedArray } from "../dtype.ts";
import type { Node, Placement } from "../graph/node.ts";
import { traceGraph } from "../schedule/trace.ts";
import { sizeOf } from "../shape.ts";
import type { Device } from "./devices.ts";
import { execute } from "./execute.ts";
import type { PlanCache } from "./plan-cache.ts";
import { readPlacement } from "./read-placement.ts";

/** Computes `nodes`, whose leaves have their values; views stay views. The caller releases the storages. */
export function runOnce(nodes: readonly Node[], { port }: Device, plans: PlanCache): Placement[] {
  const trace = traceGraph(nodes, { share: true });
  return execute(plans.find(trace, port.limits), port, {
    storages: trace.storages,
    slots: trace.slots,
    labels: trace.nodes.map((node) => node.label),
  });
}

/** Values of `node` at `placement`, on the host; nothing of nothing. */
export async function valuesAt(node: Node, placement: Placement): Promise<TypedArray> {
  return sizeOf(node.shape) === 0
    ? new Float32Array(0)
    : readPlacement(placement, node.shape, node.dtype);
}

/** Values of `nodes` on the host; the nodes stay as they are. */
export async function valuesOf(
  nodes: readonly Node[],
  device: Device,
  plans: PlanCache,
): Promise<TypedArray[]> {
  const placements = runOnce(nodes, device, plans);
  try {
    const values: TypedArray[] = [];
    // One after another: copies of all at once may be more than the host has room for.
    for (const [i, placement] of placements.entries()) {
      const node = nodes[i];
      if (node !== undefined) values.push(await valuesAt(node, placement));
    }
    return values;
  } finally {
    for (const { storage } of placements) storage.release();
  }
}
