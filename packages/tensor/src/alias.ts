// Aliases: the same value under a node of its own.
import { Node } from "./graph/node.ts";
import { nodeOf } from "./tensor-handle.ts";
import { Tensor } from "./tensor.ts";

/**
 * A tensor equal to `x` and apart from it in the graph, so that gradients tell what passed through it from what passed
 * through `x`. Costs nothing: it is a view.
 * @example
 * const x = tensor([3]);
 * const y = alias(x);
 * const [through] = gradientsOf(y.mul(2).add(x).sum(), [y]);
 * await through!.array(); // [2]
 */
export function alias(x: Tensor): Tensor {
  const node = nodeOf(x, "the tensor");
  return new Tensor(
    new Node({ kind: "reshape" }, [node], node.shape, node.dtype, node.device, node.label),
  );
}
