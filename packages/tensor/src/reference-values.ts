// Reference values: what tensors that are not computed yet would be in float64, for those who check a device.
import { assertList } from "./shape.ts";
import type { Node } from "./graph/node.ts";
import { topologicalOrder } from "./graph/order.ts";
import { PrismaError } from "./errors.ts";
import { readNode } from "./run/realize.ts";
import { nodeOf } from "./tensor-handle.ts";
import type { Tensor } from "./tensor.ts";
import { evaluateAll } from "./reference/evaluate.ts";

/**
 * Values of `tensors` row-major, computed on the host in float64, one operation at a time and by formulas of their own,
 * from the values of what they were built from; nothing else runs on the device. What is realized is read as it is, so ask
 * before realizing. Made for certainty: some 10 million multiplications a second.
 * @throws PrismaError ARGUMENT_INVALID, DISPOSED, DEVICE_LOST
 * @example
 * const [third] = await referenceValues([tensor([1]).div(3)]);
 * Math.abs(third![0]! - 1 / 3) < 1e-16; // true
 */
export async function referenceValues(tensors: readonly Tensor[]): Promise<Float64Array[]> {
  assertList("referenceValues", "tensors", tensors);
  const nodes = tensors.map((tensor) => nodeOf(tensor, "one of the tensors"));
  const leaves = new Map<Node, ArrayLike<number>>();
  for (const node of topologicalOrder(nodes))
    if (node.op.kind === "leaf") leaves.set(node, await readNode(node));
  const valuesOf = (leaf: Node): ArrayLike<number> => {
    const values = leaves.get(leaf);
    if (values !== undefined) return values;
    throw new PrismaError("INTERNAL", `referenceValues: ${leaf.label} was realized meanwhile`);
  };
  return evaluateAll(nodes, valuesOf).map(({ values }) => values);
}
