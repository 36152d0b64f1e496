// A rough count of the instructions that one element of a kernel costs, to cut work by.
import type { ValueGraph } from "./value-graph.ts";

const LANES = 4;

/** Machine operations per element of the values that change along `axis`: vectors do four elements at once. */
export function estimateCost(graph: ValueGraph, axis: number): number {
  const varies = graph.variesAlong(axis);
  const vectors = graph.values.filter((_, id) => varies[id] === true).length;
  return Math.max(1, vectors / LANES);
}
