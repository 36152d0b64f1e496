// Values and gradients of every operation against PyTorch in float64, on every device.
import { realize, scope, tensor, Tensor } from "@prisma/tensor";
import { describe, expect, test } from "vitest";
import { onEachDevice } from "../../../../test/on-each-device.ts";
import { gradients } from "../../src/autograd/gradients.ts";
import type { Node } from "../../src/graph/node.ts";
import { applyGolden } from "./apply-golden.ts";
import { readGoldenCases, type GoldenCase, type GoldenTensor } from "./golden-cases.ts";

/** Smallest normal f32: results below it may be 0 (oracle/README.md), and no flushed denormal puts one off by more. */
const SMALLEST_NORMAL = 1.1754943508222875e-38;
const FAMILIES = ["ops-elementwise", "ops-reduction", "ops-product", "ops-layout"];
const families = await Promise.all(
  FAMILIES.map(async (name) => [name, await readGoldenCases(name)] as const),
);

interface Check {
  /** Errors are measured against each element instead of the largest. */
  readonly relative: boolean;
  /** Allowed besides. */
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

/** Every element that is wrong, in words. */
async function differences(found: Tensor, expected: GoldenTensor, check: Check): Promise<string[]> {
  if (found.shape.join() !== expected.shape.join()) {
    return [`the shape is [${found.shape.join()}] instead of [${expected.shape.join()}]`];
  }
  const values = [...(await found.data())];
  return values.flatMap((value, i) => {
    const want = expected.values[i]!;
    const wrong = !check.ignored(i) && !(elementError(value, want, expected, check) <= 1);
    return wrong ? [`element ${i} is ${value} instead of ${want}`] : [];
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

/** Differences of the results. */
async function valueDifferences(item: GoldenCase, kind: "wasm" | "webgpu"): Promise<string[]> {
  const { inputs, outputs } = scope(() => {
    const inputs = item.inputs.map(leaf);
    return { inputs, outputs: applyGolden(item.op, inputs, item.args) };
  });
  try {
    await realize(...outputs);
    const floor = item.special ? SMALLEST_NORMAL : 0;
    const check = { relative: item.special, floor, ignored: flushed(item, kind) };
    const pairs = outputs.map((output, i) => differences(output, item.outputs[i]!, check));
    return (await Promise.all(pairs)).flat();
  } finally {
    for (const one of [...inputs, ...outputs]) one.dispose();
  }
}

/** Differences of the gradients of the weighted sum of the results. */
async function gradientDifferences(item: GoldenCase): Promise<string[]> {
  const expected = item.grads.filter((one) => one !== null);
  if (expected.length === 0) return [];
  const { inputs, found } = scope(() => {
    const inputs = item.inputs.map(leaf);
    const scalar = weighted(applyGolden(item.op, inputs, item.args), item.weights.map(leaf));
    const wanted = inputs.filter((_, i) => item.grads[i] !== null).map((x) => x.node);
    return { inputs, found: gradients(scalar, wanted).map((node) => new Tensor(node)) };
  });
  try {
    const pairs = found.map((gradient, i) => differences(gradient, expected[i]!, PLAIN));
    return (await Promise.all(pairs)).flat();
  } finally {
    for (const one of [...inputs, ...found]) one.dispose();
  }
}

onEachDevice((kind) => {
  describe.each(families)("%s", (_, cases) => {
    test.each(cases.map((item) => [item.id, item] as const))("%s", async (_, item) => {
      const [values, gradients] = [
        await valueDifferences(item, kind),
        await gradientDifferences(item),
      ];
      expect({ values, gradients }).toEqual({ values: [], gradients: [] });
    });
  });
});
