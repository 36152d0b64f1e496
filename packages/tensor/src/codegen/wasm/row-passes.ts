// Orders the work of a row program into as few passes over the row as its reductions allow.
import type { MachineType } from "../../dtype.ts";
import type { Reduction } from "../../graph/node.ts";
import { countInstructions } from "./estimate-cost.ts";
import { argumentsOf, type GraphStore, type ValueGraph, type ValueId } from "./value-graph.ts";

/** A reduction of a row: the result numbered `id` is `fn` over `body`, a value of type `dtype`. */
export interface GraphStep {
  readonly id: number;
  readonly fn: Reduction;
  readonly dtype: MachineType;
  readonly body: ValueId;
}

/** One walk over a row. Values in `keep` are written to scratch for later passes, values in `reuse` read from there. */
export interface RowPass {
  readonly steps: GraphStep[];
  readonly stores: GraphStore[];
  readonly keep: ValueId[];
  readonly reuse: ValueId[];
}

// From this many instructions on, reading a value back is cheaper than computing it again.
const KEEP_COST = 4;

/** The passes that compute `steps`, then `stores`, on rows along `axis`. */
export function planRowPasses(
  graph: ValueGraph,
  axis: number,
  steps: readonly GraphStep[],
  stores: readonly GraphStore[],
): RowPass[] {
  const passOfResult = new Map<number, number>();
  const passFor = (root: ValueId): number => {
    const values = graph.needed([root], () => false).map((id) => graph.value(id));
    return Math.max(
      0,
      ...values.map((value) =>
        value.kind === "result" ? (passOfResult.get(value.result) ?? -1) + 1 : 0,
      ),
    );
  };
  for (const step of steps) passOfResult.set(step.id, passFor(step.body));
  const passOfStore = stores.map((store) => passFor(store.value));
  const count = 1 + Math.max(-1, ...passOfResult.values(), ...passOfStore);
  const passes = Array.from({ length: count }, (_, place): RowPass => ({
    steps: steps.filter((step) => passOfResult.get(step.id) === place),
    stores: stores.filter((_, i) => passOfStore[i] === place),
    keep: [],
    reuse: [],
  }));
  planReuse(graph, axis, passes);
  return passes;
}

/** Decides which values later passes read back instead of computing them again. */
function planReuse(graph: ValueGraph, axis: number, passes: readonly RowPass[]): void {
  const varies = graph.variesAlong(axis);
  const costs = costsAlong(graph, axis, varies);
  const computedIn = new Map<ValueId, RowPass>();
  for (const pass of passes) {
    const reuse = new Set<ValueId>();
    const roots = [
      ...pass.steps.map((step) => step.body),
      ...pass.stores.map((store) => store.value),
    ];
    const values = graph.needed(roots, (id) => {
      const kept = varies[id] === true && computedIn.has(id) && (costs[id] ?? 0) >= KEEP_COST;
      if (kept) reuse.add(id);
      return kept;
    });
    for (const id of reuse) {
      pass.reuse.push(id);
      const source = computedIn.get(id);
      if (source !== undefined && !source.keep.includes(id) && !source.reuse.includes(id))
        source.keep.push(id);
    }
    for (const id of values) if (!computedIn.has(id)) computedIn.set(id, pass);
  }
}

/** Instructions that computing each value for one vector takes, shared parts counted once for each use. */
function costsAlong(graph: ValueGraph, axis: number, varies: readonly boolean[]): number[] {
  const costs: number[] = [];
  graph.values.forEach((value, id) => {
    const own = varies[id] === true ? countInstructions(graph, value, axis) : 0;
    costs.push(argumentsOf(value).reduce((sum, arg) => sum + (costs[arg] ?? 0), own));
  });
  return costs;
}
