// A rough time that one element of a kernel takes, to cut work by.
import type { MachineOp } from "../../graph/expr.ts";
import type { Value, ValueGraph } from "./value-graph.ts";

/** Vector instructions in half a nanosecond, each for four elements; seen on a Zen 3 core. */
const OPERATIONS_PER_UNIT = 12;
const LANEWISE_LOAD = 12;
const SLOW: Partial<Record<MachineOp, number>> = { div: 4, sqrt: 4, floorDiv: 60, mod: 60 };

/** Half nanoseconds per element of the values that change along `axis`. */
export function estimateCost(graph: ValueGraph, axis: number): number {
  const varies = graph.variesAlong(axis);
  const weight = (value: Value): number => {
    if (value.kind === "op") return SLOW[value.op] ?? 1;
    if (value.kind !== "load") return 1;
    return value.index === null && typeof graph.forms[value.form]?.strides[axis] === "string" ? 1 : LANEWISE_LOAD;
  };
  const operations = graph.values.reduce((sum, value, id) => sum + (varies[id] === true ? weight(value) : 0), 1);
  return operations / OPERATIONS_PER_UNIT;
}
