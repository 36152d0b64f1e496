// A ViT on a GPU that binds no more than 1 KiB at once: the logits, activations and gradients of whole bindings, bit by bit.
import { init, randn, realize, scope, valueAndGrad, type Tensor } from "@prisma/tensor";
import { expect, test } from "vitest";
import { hasAdapter, limitedGpu, type ClaimedLimits } from "../../tensor/test/run/limited-gpu.ts";
import { createViT } from "../src/index.ts";

/** Milliseconds: a software GPU compiles every kernel twice. */
const PATIENCE = 120_000;

const CONFIG = {
  nLayers: 2,
  dModel: 24,
  nHeads: 3,
  dMlp: 40,
  nChannels: 2,
  patchSize: 4,
  imageSize: [8, 12],
  nClasses: 5,
} as const;

async function bitsOf(tensors: readonly Tensor[]): Promise<string[]> {
  await realize(...tensors);
  const values = await Promise.all(tensors.map((one) => one.data()));
  tensors.forEach((one) => one.dispose());
  return values.map((one) => String(new Uint32Array(one.buffer, one.byteOffset, one.length)));
}

/** A forward pass with two activations, and the gradient of a logit in the images, on a device that claims `limits`. */
async function passes(limits: ClaimedLimits): Promise<{
  readonly forward: string[];
  readonly backward: string[];
  readonly dispatches: number;
  readonly largest: number;
}> {
  const { gpu, bound } = await limitedGpu(limits);
  const device = await init({ device: gpu });
  using model = await createViT(CONFIG, { seed: 7 });
  using images = await randn([4, 2, 8, 12], { seed: 1 }).realize();
  const names = ["blocks.1.attn.hook_pattern", "blocks.0.mlp.hook_post"] as const;
  using run = await model.runWithCache(images, { names: [...names] });
  const forward = await bitsOf([run.output, ...names.map((name) => run.cache.get(name))]);
  const logit = (x: Tensor): Tensor => model.forward(x).get([null, 2]).sum();
  const { value, gradient } = scope(() => valueAndGrad(logit)(images));
  const backward = await bitsOf([value, gradient]);
  await device.dispose();
  return { forward, backward, ...bound };
}

test.skipIf(!hasAdapter)(
  "forward and backward, with bindings of 1 KiB",
  { timeout: PATIENCE },
  async () => {
    const whole = await passes({});
    const small = await passes({ maxStorageBufferBindingSize: 1024 });
    expect(small.forward).toEqual(whole.forward);
    expect(small.backward).toEqual(whole.backward);
    expect(whole.largest).toBeGreaterThan(4096);
    expect(small.largest).toBeLessThanOrEqual(1024);
    expect(small.dispatches).toBeGreaterThan(2 * whole.dispatches);
  },
);
