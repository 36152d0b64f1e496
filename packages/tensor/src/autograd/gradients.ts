// Backward: walks a graph from a value to what it depends on, and sums gradients on the way.
import { PrismaError } from "../errors.ts";
import { mapNode, numberLike } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import { topologicalOrder } from "../graph/order.ts";
import { asGradientOf } from "../graph/provenance.ts";
import { formatShape, sizeOf } from "../shape.ts";
import { gradientsOfInputs, zerosOf } from "./rules.ts";

/** Nodes of `order` that stand on one of `wrt`. */
function dependents(order: readonly Node[], wrt: readonly Node[]): Set<Node> {
  const found = new Set<Node>(wrt);
  for (const node of order) if (node.inputs.some((input) => found.has(input))) found.add(node);
  return found;
}

/**
 * Gradient of `output`, one f32 element, with respect to each of `wrt`; zeros where it does not depend on one.
 * @throws PrismaError NOT_DIFFERENTIABLE
 */
export function gradients(output: Node, wrt: readonly Node[]): Node[] {
  if (sizeOf(output.shape) !== 1 || output.dtype !== "f32") {
    throw new PrismaError(
      "NOT_DIFFERENTIABLE",
      `gradient: the function must return one f32 number, not ${output.dtype}${formatShape(output.shape)}; sum or take one element`,
      { shape: [...output.shape], dtype: output.dtype },
    );
  }
  const order = topologicalOrder([output]);
  const needed = dependents(order, wrt);
  const found = new Map<Node, Node>([[output, numberLike(1, output)]]);
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i];
    const g = node === undefined || !needed.has(node) ? undefined : found.get(node);
    if (node === undefined || g === undefined || !node.inputs.some((input) => needed.has(input)))
      continue;
    const contributions = gradientsOfInputs(node, g);
    node.inputs.forEach((input, position) =>
      accumulate(found, input, contributions[position] ?? null, needed),
    );
  }
  return wrt.map((node) => found.get(node) ?? zerosOf(node));
}

function accumulate(
  found: Map<Node, Node>,
  input: Node,
  contribution: Node | null,
  needed: ReadonlySet<Node>,
): void {
  if (contribution === null || !needed.has(input)) return;
  const before = found.get(input);
  const sum = (): Node =>
    before === undefined ? contribution : mapNode("add", before, contribution);
  found.set(input, asGradientOf(input.made, sum));
}
