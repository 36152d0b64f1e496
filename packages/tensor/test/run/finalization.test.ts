// The safety net: what nobody can reach any more is freed when the engine collects it.
import { compile, init, memory, tensor, uniform, type Tensor } from "@prisma/tensor";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Collects until `settled` holds; finalizers run in tasks of their own. */
async function expectCollected(settled: () => unknown, expected: unknown): Promise<void> {
  await expect
    .poll(
      () => {
        collectGarbage();
        return settled();
      },
      { timeout: 10_000 },
    )
    .toEqual(expected);
}

test("forgotten tensors, and constants of forgotten compiled functions", async () => {
  const device = await init({ device: "wasm", threads: 1 });
  collectGarbage();
  const before = memory();
  await (async () => {
    const x = await uniform([8], { seed: 1 }).realize();
    x.mul(2);
    const compiled = compile((y: Tensor) => y.add(tensor([1, 2, 3, 4, 5, 6, 7, 8])));
    await (await compiled(x)).data();
    expect(memory().buffers).toBe(before.buffers + 3);
  })();
  await expectCollected(() => memory().buffers, before.buffers);
  await expectCollected(() => memory().tensors <= before.tensors, true);
  await device.dispose();
});

test("a kept result under debug does not keep the tensors that its call was made on", async () => {
  const device = await init({ device: "wasm", threads: 1, debug: true });
  collectGarbage();
  const before = memory();
  const result = await (async () => {
    const x = await uniform([8], { seed: 1 }).realize();
    return x.mul(2).add(1).realize();
  })();
  await expectCollected(() => memory().buffers, before.buffers + 1);
  expect(result.node.made?.site.operation).toBe("add");
  result.dispose();
  await device.dispose();
});
