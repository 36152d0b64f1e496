// Values and gradients of every operation against PyTorch in float64, on every device.
import { realize, scope, tensor, Tensor } from "@prisma/tensor";
import { describe, expect, test } from "vitest";
import { onEachDevice } from "../../../../test/on-each-device.ts";
import { gradients } from "../../src/autograd/backward.ts";
import type { Node } from "../../src/graph/node.ts";
import { applyGolden } from "./apply-golden.ts";
import { readGoldenCases, type GoldenCase, type GoldenTensor } from "./golden-cases.ts";

/** Smallest normal f32. */
const SMALLEST_NORMAL = 1.1754943508222875e-38;
const FAMILIES = ["ops-elementwise", "ops-reduction", "ops-product", "ops-layout"];
const families = await Promise.all(
  FAMILIES.map(async (name) => [name, await readGoldenCases(name)] as const),
);

interface Check {
  /** Errors are measured against each element instead of the largest. */
  readonly relative: boolean;
  /** Allowed besides: what results off by a flushed denormal, or by the spacing of denormals, are off by. */
  readonly floor: number;
  /** Elements whose input a device may take for 0. */
  readonly ignored: (element: number) => boolean;
}

/** Error of one element in units of what is allowed. */
function elementError(found: number, want: number, expected: GoldenTensor, check: Check): number {
  if (Object.is(found, want) || found === want) return 0;
  if (expected.dtype !== "f32" || !Number.isFinite(want) || !Number.isFinite(found))
    return Infinity;
  const scale = check.relative ? Math.abs(want) : 1;
  return Math.abs(found - want) / (expected.tolerance * scale + check.floor);
}

async function expectGolden(found: Tensor, expected: GoldenTensor, check: Check): Promise<void> {
  expect(found.shape).toEqual(expected.shape);
  const values = await found.data();
  expect(values.length).toBe(expected.values.length);
  values.forEach((value: number, i: number) => {
    if (check.ignored(i)) return;
    const want = expected.values[i]!;
    const error = elementError(value, want, expected, check);
    expect(error, `element ${i}: ${value} instead of ${want}`).toBeLessThanOrEqual(1);
  });
}

const leaf = ({ values, shape, dtype }: GoldenTensor): Tensor => tensor(values, { shape, dtype });

/** Sum over the outputs of output times weight. */
function weighted(outputs: readonly Tensor[], weights: readonly Tensor[]): Node {
  return weights.map((weight, i) => outputs[i]!.mul(weight).sum()).reduce((a, b) => a.add(b)).node;
}

const PLAIN: Check = { relative: false, floor: 0, ignored: () => false };

/** Denormal inputs of an elementwise case, which WebGPU may take for 0. */
function flushed(item: GoldenCase, kind: "wasm" | "webgpu"): (element: number) => boolean {
  if (kind === "wasm" || !item.special) return () => false;
  const denormal = (value: number): boolean => value !== 0 && Math.abs(value) < SMALLEST_NORMAL;
  return (element) => item.inputs.some(({ values }) => denormal(values[element] ?? 0));
}

async function checkValues(item: GoldenCase, kind: "wasm" | "webgpu"): Promise<void> {
  const { inputs, outputs } = scope(() => {
    const inputs = item.inputs.map(leaf);
    return { inputs, outputs: applyGolden(item.op, inputs, item.args) };
  });
  try {
    expect(outputs.length).toBe(item.outputs.length);
    await realize(...outputs);
    const floor = kind === "webgpu" ? SMALLEST_NORMAL : 2 ** -148;
    const check = { relative: item.special, floor, ignored: flushed(item, kind) };
    for (const [i, output] of outputs.entries())
      await expectGolden(output, item.outputs[i]!, check);
  } finally {
    for (const one of [...inputs, ...outputs]) one.dispose();
  }
}

async function checkGradients(item: GoldenCase): Promise<void> {
  const { inputs, found } = scope(() => {
    const inputs = item.inputs.map(leaf);
    const outputs = applyGolden(item.op, inputs, item.args);
    const scalar = weighted(outputs, item.weights.map(leaf));
    const wanted = inputs.filter((_, i) => item.grads[i] !== null);
    const found = gradients(
      scalar,
      wanted.map((x) => x.node),
    ).map((node) => new Tensor(node));
    return { inputs, found };
  });
  try {
    const expected = item.grads.filter((one) => one !== null);
    for (const [i, gradient] of found.entries()) await expectGolden(gradient, expected[i]!, PLAIN);
  } finally {
    for (const one of [...inputs, ...found]) one.dispose();
  }
}

onEachDevice((kind) => {
  describe.each(families)("%s", (_, cases) => {
    test.each(cases.map((item) => [item.id, item] as const))("%s", async (_, item) => {
      await checkValues(item, kind);
      if (item.grads.length > 0) await checkGradients(item);
    });
  });
});
