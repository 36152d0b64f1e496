// A rough count of the work in the values of a graph, to cut work by and to choose what to keep.
import type { MachineOp } from "../../graph/expr.ts";
import type { Value, ValueGraph } from "./value-graph.ts";

/** Vector instructions in half a nanosecond, each for four elements; seen on a Zen 3 core. */
const INSTRUCTIONS_PER_UNIT = 12;
const LANEWISE_LOAD = 12;
const SLOW: Partial<Record<MachineOp, number>> = { div: 4, sqrt: 4, floorDiv: 60, mod: 60 };

/** Vector instructions for `value` itself, its arguments known, where lanes lie along `axis`. */
export function countInstructions(graph: ValueGraph, value: Value, axis: number): number {
  if (value.kind === "op") return SLOW[value.op] ?? 1;
  if (value.kind !== "load") return 1;
  return value.index === null && typeof graph.forms[value.form]?.strides[axis] === "string"
    ? 1
    : LANEWISE_LOAD;
}

/** Half nanoseconds per element of the values that change along `axis`. */
export function estimateCost(graph: ValueGraph, axis: number): number {
  const varies = graph.variesAlong(axis);
  const moving = graph.values.filter((_, id) => varies[id] === true);
  return (
    moving.reduce((sum, value) => sum + countInstructions(graph, value, axis), 1) /
    INSTRUCTIONS_PER_UNIT
  );
}
