// Every operation: values on every device, gradients by finite differences and on every device.
import { init, realize, scope, Tensor, type Device } from "@prisma/tensor";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gradients } from "../../src/autograd/gradients.ts";
import { onEachDevice } from "../each-device.ts";
import { CASES, type OpCase } from "./cases.ts";
import {
  buildCase,
  checkGradient,
  expectClose,
  expectedOf,
  expectValues,
  weightedSum,
} from "./run-cases.ts";

const named = CASES.map((item, i) => [`${item.op} #${i}`, item, i] as const);

async function expectGradients(item: OpCase, seed: number): Promise<void> {
  const built = scope(() => buildCase(item, seed));
  const scalar = weightedSum(built.output.node);
  const found = gradients(
    scalar,
    built.inputs.map((input) => input.node),
  ).map((node) => new Tensor(node));
  const expected = found.map((gradient) => expectedOf(gradient.node, built.leaves));
  await realize(...found);
  for (const [i, gradient] of found.entries())
    expectClose(await gradient.data(), expected[i]!.values, 1e-5 * expected[i]!.scale);
  [...found, ...built.inputs, built.output].forEach((one) => one.dispose());
}

describe("gradients by finite differences", () => {
  let device: Device;
  beforeAll(async () => {
    device = await init({ device: "wasm", threads: 1 });
  });
  afterAll(() => device.dispose());
  test.each(named.filter(([, item]) => item.smooth !== false))("%s", (_, item, seed) => {
    scope(() => {
      for (const { found, expected } of checkGradient(buildCase(item, seed + 1))) {
        expected.forEach((value, i) =>
          expect(
            Math.abs(found[i]! - value),
            `element ${i}: ${found[i]} instead of ${value}`,
          ).toBeLessThanOrEqual(1e-5 + 1e-3 * Math.abs(value)),
        );
      }
    });
  });
});

onEachDevice(() => {
  test.each(named)("%s", (_, item, seed) => expectValues(item, seed + 1));
  test.each(named.filter(([, item]) => item.smooth !== false))("gradient of %s", (_, item, seed) =>
    expectGradients(item, seed + 1),
  );
});

test("every operation of a tensor has a case", () => {
  const notOperations = new Set([
    "constructor",
    "wrap",
    "operand",
    "named",
    "data",
    "array",
    "item",
    "realize",
    "dispose",
    "node",
    "shape",
    "dtype",
    "size",
    "rank",
    "device",
    "disposed",
  ]);
  const names: string[] = [];
  for (
    let type: unknown = Tensor.prototype;
    type !== Object.prototype;
    type = Object.getPrototypeOf(type)
  )
    names.push(...Object.getOwnPropertyNames(type));
  const covered = new Set(CASES.map((item) => item.op));
  expect(names.filter((name) => !notOperations.has(name) && !covered.has(name))).toEqual([]);
});
