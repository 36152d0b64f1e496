// Functions of several tensors: einsum, where, concat, stack; and running and explaining several at once.
import { PrismaError } from "./errors.ts";
import { einsum as einsumNode } from "./ops/einsum.ts";
import { where as whereNode, operandNode } from "./ops/elementwise.ts";
import { concat as concatNodes, stack as stackNodes } from "./ops/movement.ts";
import { scalarNode } from "./graph/build.ts";
import type { Node } from "./graph/node.ts";
import { explainNodes, type Explanation } from "./run/explain.ts";
import { realizeNodes } from "./run/realize.ts";
import type { Operand } from "./arithmetic-tensor.ts";
import { nodeOf } from "./tensor-handle.ts";
import { Tensor } from "./tensor.ts";

/**
 * Sum of products over the letters the result lacks, f32, for one operand or more. A letter twice in one operand means
 * its diagonal. Operands are multiplied from left to right, two at a time, each letter summed as soon as nothing later has
 * it: put them in the order that keeps products small. Gradient: einsum of the others with g.
 * @throws PrismaError ARGUMENT_INVALID, SHAPE_MISMATCH, SIZE_LIMIT when a product on the way has more than 8 axes
 * @example
 * await einsum("ij,j->i", tensor([[1, 2], [3, 4]]), tensor([1, 1])).array(); // [3, 7]
 * await einsum("ii->", tensor([[1, 2], [3, 4]])).item(); // 5
 */
export function einsum(equation: string, ...operands: Tensor[]): Tensor {
  const nodes = operands.map((operand, i) => nodeOf(operand, `operand ${i + 1} of einsum`));
  return new Tensor(einsumNode(equation, nodes));
}

/**
 * `a` where `condition` holds, `b` elsewhere, all broadcast. Gradient: g to the one taken.
 * @throws PrismaError SHAPE_MISMATCH
 * @example
 * await where(tensor([true, false]), 1, 2).array(); // [1, 2]
 */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  const like = a instanceof Tensor ? a.node : b instanceof Tensor ? b.node : scalarNode(0, "f32");
  const operand = (value: Operand): Node =>
    operandNode(typeof value === "number" ? value : nodeOf(value, "a choice"), like);
  return new Tensor(whereNode(nodeOf(condition, "the condition"), operand(a), operand(b)));
}

function nodesOf(tensors: readonly Tensor[]): Node[] {
  if (!Array.isArray(tensors))
    throw new PrismaError(
      "ARGUMENT_INVALID",
      "concat, stack: the first argument must be an array of tensors",
    );
  return nodesAmong(tensors);
}

function nodesAmong(tensors: readonly Tensor[]): Node[] {
  return tensors.map((tensor) => nodeOf(tensor, "one of the tensors"));
}

/**
 * Tensors one after another along `axis`, in their common type. Gradient: cut apart.
 * @throws PrismaError SHAPE_MISMATCH
 * @example
 * await concat([tensor([1]), tensor([2, 3])], 0).array(); // [1, 2, 3]
 */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  return new Tensor(concatNodes(nodesOf(tensors), axis));
}

/**
 * Tensors of one shape along a new axis.
 * Gradient: the slices of g.
 * @throws PrismaError SHAPE_MISMATCH
 * @example
 * await stack([tensor([1]), tensor([2])]).array(); // [[1], [2]]
 */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  return new Tensor(stackNodes(nodesOf(tensors), axis));
}

/**
 * Computes several tensors in one plan, sharing what they have in common, and keeps exactly their values.
 * @throws PrismaError OUT_OF_MEMORY, DEVICE_LOST
 * @example
 * const x = tensor([1, 2]);
 * const [double, triple] = [x.mul(2), x.mul(3)];
 * await realize(double, triple);
 * await triple.array(); // [3, 6]
 */
export async function realize(...tensors: Tensor[]): Promise<void> {
  await realizeNodes(nodesAmong(tensors));
}

/**
 * Realizes views of realized tensors in place: they share the buffer, however small a part of it they are.
 * @example
 * const x = await tensor([1, 2, 3]).realize();
 * const end = x.get([[1, 3]]);
 * const { buffers } = memory();
 * await shareViews(end);
 * memory().buffers === buffers; // true
 */
export async function shareViews(...tensors: Tensor[]): Promise<void> {
  await realizeNodes(nodesAmong(tensors), { share: true });
}

/**
 * The kernels that would compute `tensors` now, with sizes, bytes and operations; nothing is run.
 * @example
 * const kernels = explain(tensor([1, 2]).mul(2).add(1)).kernels;
 * kernels.map((kernel) => kernel.family); // ["map"]
 */
export function explain(...tensors: Tensor[]): Explanation {
  return explainNodes(nodesAmong(tensors));
}
