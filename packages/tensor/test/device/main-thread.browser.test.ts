// In a page, kernels never run on the main thread: no program of ours is ever instantiated there.
import { init, tensor } from "@prisma/tensor";
import { afterEach, expect, test, vi } from "vitest";

afterEach(() => vi.restoreAllMocks());

test.each([1, 2])("with %i threads, the main thread instantiates no kernel", async (threads) => {
  // Starting up multiplies two numbers here, to see how this engine rounds; nothing after it may.
  const device = await init({ device: "wasm", threads });
  const instance = vi.spyOn(WebAssembly, "Instance");
  const instantiate = vi.spyOn(WebAssembly, "instantiate");
  const streaming = vi.spyOn(WebAssembly, "instantiateStreaming");
  using x = tensor([
    [1, 2],
    [3, 4],
  ]);
  using product = x.matmul(x);
  using rows = product.softmax();
  expect(await product.array()).toEqual([
    [7, 10],
    [15, 22],
  ]);
  expect(await rows.sum().item()).toBeCloseTo(2, 6);
  await device.dispose();
  for (const spy of [instance, instantiate, streaming]) expect(spy).not.toHaveBeenCalled();
});
