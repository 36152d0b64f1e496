// Custom gradients: the same value, through which gradients pass as a function says.
import { kindOf, PrismaError } from "./errors.ts";
import { Node } from "./graph/node.ts";
import { formatShape, sameShape } from "./shape.ts";
import { nodeOf } from "./tensor-handle.ts";
import { Tensor } from "./tensor.ts";

function assertFits(found: Node, wanted: Node): void {
  if (sameShape(found.shape, wanted.shape) && found.dtype === wanted.dtype) return;
  throw new PrismaError(
    "SHAPE_MISMATCH",
    `withGradient: the gradient is ${wanted.dtype}${formatShape(wanted.shape)}, the function made it ${found.dtype}${formatShape(found.shape)}`,
    { found: [...found.shape], expected: [...wanted.shape] },
  );
}

/**
 * A tensor equal to `x`; in every gradient taken through it, `change` gets the gradient at this place and gives the one
 * that goes on to `x` (nothing: as it came). It is called once for each gradient that is taken, while its graph is built.
 * Costs nothing: it is a view.
 * @throws PrismaError ARGUMENT_INVALID when `change` is not a function; while a gradient is taken, SHAPE_MISMATCH for one
 *   of another shape or dtype, and what `change` throws
 * @example
 * const halved = (x: Tensor) => withGradient(x, (gradient) => gradient.mul(0.5));
 * await grad((x: Tensor) => halved(x).square().sum())(tensor([3])).array(); // [3]
 */
export function withGradient(x: Tensor, change: (gradient: Tensor) => Tensor | void): Tensor {
  const node = nodeOf(x, "the tensor");
  if (typeof change !== "function")
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `withGradient: ${kindOf(change)} was given, not a function`,
    );
  const backward = (gradient: Node): Node => {
    const changed = change(new Tensor(gradient));
    if (changed === undefined || changed === null) return gradient;
    const found = nodeOf(changed, "withGradient: what the function returned");
    assertFits(found, gradient);
    return found;
  };
  const { shape, dtype, device, label } = node;
  return new Tensor(new Node({ kind: "reshape", backward }, [node], shape, dtype, device, label));
}
