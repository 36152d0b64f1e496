// Accumulators of reductions in WGSL: how they start, take an element, and meet each other.
import type { MachineType } from "../../dtype.ts";
import type { Reduction } from "../../graph/node.ts";
import type { ShaderBuilder } from "./shader-builder.ts";

/** Whether a reduction gives a place rather than a value. */
export function isPlace(fn: Reduction): boolean {
  return fn === "argmax" || fn === "argmin";
}

const IDENTITY: Record<"max" | "min", Record<Exclude<MachineType, "bool">, number>> = {
  max: { f32: -Infinity, i32: -(2 ** 31), u32: 0 },
  min: { f32: Infinity, i32: 2 ** 31 - 1, u32: 2 ** 32 - 1 },
};

/** The value an accumulator of elements of `dtype` starts from. */
export function startOf(builder: ShaderBuilder, fn: Reduction, dtype: MachineType): string {
  const type = dtype === "bool" ? "u32" : dtype;
  if (fn === "sum" || fn === "prod") return builder.literal(fn === "sum" ? 0 : 1, type);
  return builder.literal(IDENTITY[fn === "max" || fn === "argmax" ? "max" : "min"][type], type);
}

/** `a` and `b` as one. */
export function combine(fn: Reduction, dtype: MachineType, a: string, b: string): string {
  if (fn === "sum") return `${a} + ${b}`;
  if (fn === "prod") return `${a} * ${b}`;
  return dtype === "f32" ? `p_${fn}(${a}, ${b})` : `${fn}(${a}, ${b})`;
}

/**
 * A condition: element `value` at place `at` comes before the best so far. Places rise, so an equal one never does; the
 * first NaN beats all. A place of 0xffffffff says that there is no best yet.
 */
export function beats(
  fn: Reduction,
  dtype: MachineType,
  value: string,
  best: string,
  place: string,
): string {
  const better = `${value} ${fn === "argmax" ? ">" : "<"} ${best}`;
  const none = `${place} == 0xffffffffu`;
  if (dtype !== "f32") return `${none} || ${better}`;
  return `${none} || (!p_nan(${best}) && (p_nan(${value}) || ${better}))`;
}
