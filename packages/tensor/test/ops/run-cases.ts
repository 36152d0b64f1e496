// Runs the cases of operations: values against the float64 reference, gradients against finite differences.
import { scope, tensor, type Tensor } from "@prisma/tensor";
import { expect } from "vitest";
import { gradients } from "../../src/autograd/gradients.ts";
import { mapNode, numberLike, reduceNode } from "../../src/graph/build.ts";
import type { Node } from "../../src/graph/node.ts";
import { topologicalOrder } from "../../src/graph/order.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { sizeOf } from "../../src/shape.ts";
import { RandomSource } from "../fuzz/random-source.ts";
import { halfValue } from "../half-values.ts";
import type { InputSpec, OpCase } from "./cases.ts";

/** Values of the leaves of a case, by node. */
export type LeafValues = Map<Node, Float64Array>;

/** A case with its inputs made: the result, and every leaf below it. */
export interface BuiltCase {
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  readonly leaves: LeafValues;
}

function valuesOf(spec: InputSpec, random: RandomSource): number[] {
  const [from, to] = [spec.from ?? -2, spec.to ?? 2];
  return Array.from({ length: sizeOf(spec.shape) }, () => {
    if (spec.dtype !== undefined && spec.dtype !== "f32") return random.between(from, to);
    return Math.fround(from + (to - from) * random.unit());
  });
}

/** The numbers that a leaf's source gives. */
function numbersOf(node: Node, values: ArrayLike<number>): Float64Array {
  const size = sizeOf(node.shape);
  return Float64Array.from({ length: size }, (_, i) =>
    node.dtype === "f16" ? halfValue(values[i]!) : values[i]!,
  );
}

/** Builds `item` on the current device. */
export function buildCase(item: OpCase, seed: number): BuiltCase {
  const random = new RandomSource(seed);
  const inputs = item.inputs.map((spec) =>
    tensor(Float64Array.from(valuesOf(spec, random)), {
      shape: spec.shape,
      dtype: spec.dtype ?? "f32",
    }),
  );
  const output = item.apply(...inputs);
  const leaves: LeafValues = new Map();
  for (const node of topologicalOrder([output.node])) {
    const values = node.source?.load();
    if (values !== undefined && !(values instanceof Promise))
      leaves.set(node, numbersOf(node, values as Float32Array<ArrayBuffer>));
  }
  return { inputs, output, leaves };
}

const lookUp =
  (leaves: LeafValues) =>
  (leaf: Node): Float64Array =>
    leaves.get(leaf)!;

/** Weighted sum of the elements of `output`, so that every element's gradient differs. */
export function weightedSum(output: Node): Node {
  const flat = reduceNode("sum", mapNode("mul", output, weights(output)), [...output.shape.keys()]);
  return flat;
}

/** cos of the element's place would do; a short chain of arithmetic needs no new leaf. */
function weights(output: Node): Node {
  return mapNode(
    "add",
    mapNode("tanh", mapNode("mul", output, numberLike(0.31, output))),
    numberLike(0.7, output),
  );
}

/** Gradients of the weighted sum by the rules, and by central differences, both in float64 on the reference. */
export function checkGradient(
  built: BuiltCase,
): { readonly found: Float64Array; readonly expected: Float64Array }[] {
  const scalar = weightedSum(built.output.node);
  const value = (): number => evaluate(scalar, lookUp(built.leaves)).values[0]!;
  return built.inputs.map((input) => {
    const [gradient] = gradients(scalar, [input.node]);
    const found = evaluate(gradient!, lookUp(built.leaves)).values;
    const leaf = built.leaves.get(input.node)!;
    const expected = leaf.map((original, i) => {
      const step = 1e-5;
      leaf[i] = original + step;
      const above = value();
      leaf[i] = original - step;
      const below = value();
      leaf[i] = original;
      return (above - below) / (2 * step);
    });
    return { found, expected };
  });
}

/** Expected values of the case, and the magnitude that bounds its rounding. */
export function expectedOf(
  node: Node,
  leaves: LeafValues,
): { readonly values: Float64Array; readonly scale: number } {
  const { values, magnitudes } = evaluate(node, lookUp(leaves));
  return { values, scale: Math.max(1, ...[...magnitudes].filter(Number.isFinite)) };
}

/** Each element is within `tolerance` of what is expected, NaN and zeros by identity. */
export function expectClose(
  found: ArrayLike<number>,
  expected: Float64Array,
  tolerance: number,
): void {
  expect(found.length).toBe(expected.length);
  expected.forEach((value, i) => {
    if (Object.is(value, found[i])) return;
    expect(
      Math.abs(found[i]! - value),
      `element ${i}: ${found[i]} instead of ${value}`,
    ).toBeLessThanOrEqual(tolerance);
  });
}

/** The result of `item` on the current device is that of the reference. */
export async function expectValues(item: OpCase, seed: number): Promise<void> {
  const built = scope(() => buildCase(item, seed));
  const { values, scale } = expectedOf(built.output.node, built.leaves);
  expectClose(await built.output.data(), values, 2e-6 * scale);
  built.inputs.forEach((input) => input.dispose());
  built.output.dispose();
}
