// `compile`: a function whose graph is built once per kind of its arguments and then only replayed.
import { keyOfTree, mapLeaves } from "./argument-tree.ts";
import { kindOf, PrismaError } from "./errors.ts";
import type { Node } from "./graph/node.ts";
import { CompiledGraph, type Traced } from "./run/compile.ts";
import { scope } from "./scope.ts";
import { Tensor } from "./tensor.ts";

/** A function made by {@link compile}. Disposing it lets go of the plans' constants; later calls throw DISPOSED. */
export interface Compiled<Args extends unknown[], Result> extends Disposable {
  (...args: Args): Promise<Result>;
  dispose(): void;
}

/** Stands for a tensor in a result that is kept without its tensors. */
const HOLE = Symbol("tensor");

/** `tree` with a new handle on the next of `nodes` for every leaf that `isPlace` says. */
function fill(tree: unknown, nodes: readonly Node[], isPlace: (leaf: unknown) => boolean): unknown {
  const rest = nodes.values();
  return mapLeaves(tree, (leaf) => {
    if (!isPlace(leaf)) return leaf;
    const { value, done } = rest.next();
    if (done === true)
      throw new PrismaError("INTERNAL", "compile: results and their structure differ");
    return new Tensor(value);
  });
}

const isTensor = (leaf: unknown): boolean => leaf instanceof Tensor;

/** Calls `fn` on handles of `aliases` in place of its tensors; every tensor made on the way is let go of. */
function trace<Args extends unknown[], Result>(
  fn: (...args: Args) => Result,
  args: Args,
  aliases: readonly Node[],
): Traced<Result> {
  return scope(() => {
    const result = fn(...(fill(args, aliases, isTensor) as Args));
    const tensors: Tensor[] = [];
    keyOfTree(result, tensors, "the function's result");
    const outputs = tensors.map((tensor) => tensor.node);
    const structure = mapLeaves(result, (leaf) => (isTensor(leaf) ? HOLE : leaf));
    outputs.forEach((node) => node.retain());
    return {
      outputs,
      rebuild: (nodes) => fill(structure, nodes, (leaf) => leaf === HOLE) as Result,
    };
  });
}

/**
 * A version of `fn` that builds its graph once per kind of arguments (structure, shapes, types, and every argument that
 * is not a tensor by value) and then only replays the plan. Numbers `fn` closes over are frozen at the first call; pass
 * them as tensors to vary them. Results are realized.
 * @throws PrismaError HOOK_IN_COMPILE for a function among the arguments, ARGUMENT_INVALID for what has no key
 * @example
 * using step = compile((x: Tensor) => x.mul(2).add(1));
 * await (await step(tensor([1]))).array(); // [3]
 */
export function compile<Args extends unknown[], Result>(
  fn: (...args: Args) => Result,
): Compiled<Args, Result> {
  if (typeof fn !== "function")
    throw new PrismaError("ARGUMENT_INVALID", `compile: ${kindOf(fn)} was given, not a function`);
  const graph = new CompiledGraph<Result>();
  const run = async (...args: Args): Promise<Result> => {
    const inputs: Tensor[] = [];
    const key = keyOfTree(args, inputs, "an argument");
    const nodes = inputs.map((tensor) => tensor.node);
    return graph.run(key, nodes, (aliases) => trace(fn, args, aliases));
  };
  const dispose = (): void => graph.dispose();
  return Object.assign(run, { dispose, [Symbol.dispose]: dispose });
}
