// Anomaly mode: looks at what a run computed, and where it is not finite finds the operation that made it so.
import { machineType, type TypedArray } from "../dtype.ts";
import type { Node, Placement } from "../graph/node.ts";
import { topologicalOrder } from "../graph/order.ts";
import type { PrismaError } from "../errors.ts";
import { anomalyError, fusedAnomalyError, type Finding } from "./anomaly-error.ts";
import type { Device } from "./devices.ts";
import { findAnomaly, type Anomaly } from "./find-anomaly.ts";
import { PlanCache } from "./plan-cache.ts";
import { valuesAt, valuesOf } from "./run-once.ts";
import { StepThrough } from "./step-through.ts";

/** Functions that IEEE 754 (7.2) calls invalid on NaN, and equality, which says no: their result is a number that hides it. */
const DECIDING: ReadonlySet<string> = new Set([
  "lt",
  "le",
  "gt",
  "ge",
  "eq",
  "ne",
  "toI32",
  "toU32",
]);

function decides({ op }: Node): boolean {
  if (op.kind === "map") return DECIDING.has(op.fn);
  if (op.kind === "reduce") return op.fn === "argmax" || op.fn === "argmin";
  return op.kind === "argSort" || op.kind === "argTopK";
}

/** Floats below `outputs` by which something is chosen; what gradients compare, forward operations gave. */
function decisiveBelow(outputs: readonly Node[]): Node[] {
  const deciding = topologicalOrder(outputs).filter(
    (node) => decides(node) && !node.made?.gradientOf,
  );
  const inputs = deciding
    .flatMap((node) => node.inputs)
    .filter(({ dtype }) => machineType(dtype) === "f32");
  return [...new Set(inputs)];
}

const isFinite = (values: TypedArray): boolean => values.every((value) => Number.isFinite(value));

/** Those of `outputs` that are not finite floats. */
async function notFinite(
  outputs: readonly Node[],
  placements: readonly Placement[],
): Promise<Node[]> {
  const odd: Node[] = [];
  for (const [i, node] of outputs.entries()) {
    const placement = placements[i];
    if (machineType(node.dtype) !== "f32" || placement === undefined) continue;
    if (!isFinite(await valuesAt(node, placement))) odd.push(node);
  }
  return odd;
}

/** Those of `nodes` that hold NaN. */
async function notNumbers(nodes: readonly Node[], device: Device): Promise<Node[]> {
  const values = await valuesOf(nodes, device, new PlanCache());
  return nodes.filter((_, i) => values[i]?.some((value) => Number.isNaN(value)));
}

/** The value at the origin of `anomaly`, and of a function of one to three numbers those it was computed from. */
async function findingAt({ origin }: Anomaly, device: Device): Promise<Finding> {
  const { node, place } = origin;
  const inputs = node.op.kind === "map" ? node.inputs : [];
  const [own, ...from] = await valuesOf([node, ...inputs], device, new PlanCache());
  return {
    value: own?.[place] ?? Number.NaN,
    from: from.map((values) => values[place] ?? Number.NaN),
  };
}

/**
 * Checks what a run gave for `outputs`, which are not leaves yet, at `placements`.
 * @returns ANOMALY, or null where all is well
 */
export async function anomalyIn(
  outputs: readonly Node[],
  placements: readonly Placement[],
  device: Device,
): Promise<PrismaError | null> {
  const odd = await notFinite(outputs, placements);
  const decisive = await notNumbers(decisiveBelow(outputs), device);
  if (odd.length + decisive.length === 0) return null;
  const steps = await StepThrough.run([...odd, ...decisive], device);
  const anomaly = findAnomaly(steps, odd, decisive);
  if (anomaly !== null) return anomalyError(anomaly, await findingAt(anomaly, device), outputs);
  const unexplained = odd.find((node) => !steps.isMarked(node));
  return unexplained === undefined ? null : fusedAnomalyError(unexplained);
}
