// `compile`: a function whose graph is built once per shape of its arguments and then only replayed.
import { PrismaError } from "./errors.ts";
import type { Node } from "./graph/node.ts";
import { CompiledGraph } from "./run/compile.ts";
import { Tensor } from "./tensor.ts";

/** Something whose state decides a graph, such as a model with its hooks. */
interface Keyed {
  readonly compileKey: string;
}

function isKeyed(value: unknown): value is Keyed {
  return (
    typeof value === "object" &&
    value !== null &&
    "compileKey" in value &&
    typeof value.compileKey === "string"
  );
}

/** Collects the tensors of `value` and writes down everything else as a key. */
function describe(value: unknown, tensors: Tensor[]): string {
  if (value instanceof Tensor) return `#${tensors.push(value)}`;
  if (isKeyed(value)) return `<${value.compileKey}>`;
  if (typeof value === "function") {
    throw new PrismaError(
      "HOOK_IN_COMPILE",
      "compile: a function was passed as an argument; the values it closes over would freeze. Pass tensors, numbers, text, arrays, plain objects or models.",
    );
  }
  if (Array.isArray(value)) return `[${value.map((inner) => describe(inner, tensors)).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value)
      .map(([key, inner]) => `${JSON.stringify(key)}:${describe(inner, tensors)}`)
      .join(",")}}`;
  }
  return `${typeof value}:${String(value)}`;
}

/** `value` with its tensors replaced in order. */
function replace(value: unknown, next: () => Tensor): unknown {
  if (value instanceof Tensor) return next();
  if (isKeyed(value) || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((inner) => replace(inner, next));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, replace(inner, next)]),
  );
}

function iterate(tensors: readonly Tensor[]): () => Tensor {
  let i = 0;
  return () => {
    const tensor = tensors[i++];
    if (tensor === undefined)
      throw new PrismaError("INTERNAL", "compile: results and their structure differ");
    return tensor;
  };
}

/**
 * A version of `fn` that builds its graph once per kind of arguments (structure, shapes, types, and every argument that
 * is not a tensor by value) and then only replays the plan. Numbers `fn` closes over are frozen at the first call; pass
 * them as tensors to vary them. Results are realized.
 * @throws PrismaError HOOK_IN_COMPILE for a function among the arguments
 * @example
 * const step = compile((x: Tensor) => x.mul(2).add(1));
 * await (await step(tensor([1]))).array(); // [3]
 */
export function compile<Args extends unknown[], Result>(
  fn: (...args: Args) => Result,
): (...args: Args) => Promise<Result> {
  const graph = new CompiledGraph();
  const structures = new Map<string, Result>();
  return async (...args) => {
    const inputs: Tensor[] = [];
    const key = describe(args, inputs);
    const nodes = await graph.run(
      key,
      inputs.map((tensor) => tensor.node),
      (aliases) => build(key, aliases),
    );
    const results = nodes.map((node) => new Tensor(node));
    return replace(structures.get(key), iterate(results)) as Result;

    function build(name: string, aliases: readonly Node[]): readonly Node[] {
      const traced = fn(
        ...(replace(args, iterate(aliases.map((node) => new Tensor(node)))) as Args),
      );
      const outputs: Tensor[] = [];
      describe(traced, outputs);
      structures.set(name, traced);
      return outputs.map((tensor) => tensor.node);
    }
  };
}
