// Gradients of functions: `grad`, `valueAndGrad`, and gradients at values inside a graph.
import { kindOf, PrismaError } from "../errors.ts";
import { reshapeNode } from "../graph/build.ts";
import { Node } from "../graph/node.ts";
import { scope } from "../scope.ts";
import { assertList } from "../shape.ts";
import { nodeOf } from "../tensor-handle.ts";
import { Tensor } from "../tensor.ts";
import { gradients } from "./gradients.ts";

/** A tensor, or arrays and plain objects of such: what a function is differentiated by. */
export type TensorTree = Tensor | readonly TensorTree[] | { readonly [key: string]: TensorTree };

function leavesOf(tree: TensorTree, above: readonly object[] = []): Tensor[] {
  if (tree instanceof Tensor) return [tree];
  if (typeof tree !== "object" || tree === null || above.includes(tree)) {
    const found = above.includes(tree) ? "something that holds itself" : kindOf(tree);
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `gradient: the first argument is or holds ${found}; it may be a tensor, or arrays and plain objects of such`,
    );
  }
  return Object.values(tree).flatMap((inner) => leavesOf(inner, [...above, tree]));
}

function assertFunction(f: unknown): void {
  if (typeof f !== "function")
    throw new PrismaError("ARGUMENT_INVALID", `gradient: ${kindOf(f)} was given, not a function`);
}

/** `tree` with its tensors replaced, in order, by `tensors`. */
function rebuild<T extends TensorTree>(tree: T, tensors: Iterator<Tensor>): T {
  const visit = (inner: TensorTree): TensorTree => {
    if (inner instanceof Tensor) return nextOf(tensors);
    if (Array.isArray(inner)) return inner.map(visit);
    return Object.fromEntries(Object.entries(inner).map(([key, value]) => [key, visit(value)]));
  };
  return visit(tree) as T;
}

function nextOf(tensors: Iterator<Tensor>): Tensor {
  const next = tensors.next();
  if (next.done === true)
    throw new PrismaError("INTERNAL", "gradient: the tree has more tensors than gradients");
  return next.value;
}

/** A node equal to `x` and distinct from it, so that paths through this argument can be told apart. */
function aliasOf(x: Tensor): Tensor {
  if (x.dtype !== "f32")
    throw new PrismaError(
      "NOT_DIFFERENTIABLE",
      `gradient: an argument is ${x.dtype}; only f32 has gradients`,
      { dtype: x.dtype },
    );
  const { node } = x;
  return new Tensor(
    new Node({ kind: "reshape" }, [node], node.shape, node.dtype, node.device, node.label),
  );
}

/**
 * Gradients of the scalar `output` at `wrt`, values of the graph it was built from; zeros where it does not depend on one.
 * @throws PrismaError NOT_DIFFERENTIABLE when `output` is not one f32 number
 * @example
 * const x = tensor([3]);
 * const [gradient] = gradientsOf(x.square().sum(), [x]);
 * await gradient!.array(); // [6]
 */
export function gradientsOf(output: Tensor, wrt: readonly Tensor[]): Tensor[] {
  assertList("gradientsOf", "tensors", wrt);
  return gradients(
    nodeOf(output, "the output"),
    wrt.map((tensor) => nodeOf(tensor, "one of the tensors")),
  ).map((node) => new Tensor(node));
}

/**
 * A function that gives the value of `f` and its gradient at the first argument, which may be a tensor, an array or a
 * plain object of tensors; the gradient has its structure. Further arguments are passed on.
 * @throws PrismaError NOT_DIFFERENTIABLE when `f` does not return one f32 number
 * @example
 * const f = valueAndGrad((x: Tensor) => x.square().sum());
 * const { value, gradient } = f(tensor([1, 2]));
 * await value.item(); // 5
 * await gradient.array(); // [2, 4]
 */
export function valueAndGrad<T extends TensorTree, Rest extends unknown[]>(
  f: (x: T, ...rest: Rest) => Tensor,
): (x: T, ...rest: Rest) => { readonly value: Tensor; readonly gradient: T } {
  assertFunction(f);
  return (x, ...rest) => {
    const aliases = leavesOf(x).map(aliasOf);
    const value = f(rebuild(x, aliases.values()), ...rest);
    nodeOf(value, "what the function returned");
    // What functions of `withGradient` make on the way is let go of.
    const found = scope(() => gradientsOf(value.size === 1 ? scalarOf(value) : value, aliases));
    return { value, gradient: rebuild(x, found.values()) };
  };
}

function scalarOf(value: Tensor): Tensor {
  return value.rank === 0 ? value : new Tensor(reshapeNode(value.node, []));
}

/**
 * A function that gives the gradient of `f` at its first argument; see {@link valueAndGrad}. Gradients of gradients work.
 * @throws PrismaError NOT_DIFFERENTIABLE
 * @example
 * await grad((x: Tensor) => x.square().sum())(tensor([1, 2])).array(); // [2, 4]
 */
export function grad<T extends TensorTree, Rest extends unknown[]>(
  f: (x: T, ...rest: Rest) => Tensor,
): (x: T, ...rest: Rest) => T {
  const both = valueAndGrad(f);
  return (x, ...rest) => both(x, ...rest).gradient;
}
