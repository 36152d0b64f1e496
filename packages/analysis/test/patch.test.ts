// Patching told wrong, and stopped half-way.
import { init, randn, type Device, type Tensor } from "@prisma/tensor";
import { createViT, type ViT } from "@prisma/vit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { patchActivations, type PatchActivationsOptions } from "../src/index.ts";

let device: Device;
beforeAll(async () => {
  device = await init({ device: "wasm", threads: 1 });
});
afterAll(() => device.dispose());

const config = {
  nLayers: 3,
  dModel: 8,
  nHeads: 2,
  dMlp: 8,
  nChannels: 1,
  patchSize: 2,
  imageSize: [4, 6],
  nClasses: 3,
} as const;

const options = { what: "z", by: "head", into: "clean", target: [0, 1] } as const;

async function withInputs(
  run: (model: ViT<3>, inputs: { clean: Tensor; corrupted: Tensor }) => Promise<void>,
): Promise<void> {
  using model = await createViT(config);
  using clean = randn([1, 1, 4, 6], { seed: 1 });
  using corrupted = randn([1, 1, 4, 6], { seed: 2 });
  await run(model, { clean, corrupted });
}

test.each<[what: string, changes: object, words: string]>([
  ["no direction", { into: undefined }, "into"],
  ["a direction that is none", { into: "both" }, "into"],
  ["an activation that is none", { what: "q" }, "q by head"],
  ["places that are none", { by: "layer" }, "z by layer"],
  ["heads of the residual stream", { what: "resid_pre" }, "by position"],
  ["heads of an MLP", { what: "mlp_out", by: "head-position" }, "by position"],
  ["class 3 of 3", { target: 3 }, "class 3"],
  [
    "a metric that is NaN",
    {
      target: undefined,
      metric: { name: "broken", of: (x: Tensor) => x.sum(1).mul(0).sub(1).sqrt() },
    },
    "broken",
  ],
  [
    "a metric that is no tensor",
    { target: undefined, metric: { name: "one", of: () => 1 } },
    "the number 1",
  ],
  ["no metric", { target: undefined }, "target"],
])("%s is refused", async (_, changes, words) => {
  await withInputs(async (model, inputs) => {
    const wrong = { ...options, ...changes } as unknown as PatchActivationsOptions;
    const refused = await patchActivations(model, inputs, wrong).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: "ARGUMENT_INVALID",
      message: expect.stringContaining(words),
    });
  });
});

test("inputs of different sizes, and none, are refused", async () => {
  await withInputs(async (model, { clean }) => {
    await expect(
      patchActivations(model, { clean } as { clean: Tensor; corrupted: Tensor }, options),
    ).rejects.toMatchObject({
      code: "ARGUMENT_INVALID",
      message: expect.stringContaining("undefined"),
    });
    using none = clean.get([[0, 0]]);
    await expect(
      patchActivations(model, { clean: none, corrupted: none }, options),
    ).rejects.toMatchObject({ code: "ARGUMENT_INVALID" });
    using narrow = randn([1, 1, 4, 4], { seed: 2 });
    await expect(
      patchActivations(model, { clean: narrow, corrupted: narrow }, options),
    ).rejects.toMatchObject({ code: "SHAPE_MISMATCH" });
    using corrupted = randn([2, 1, 4, 6], { seed: 2 });
    const refused = patchActivations(model, { clean, corrupted }, options);
    await expect(refused).rejects.toMatchObject({ code: "SHAPE_MISMATCH" });
  });
});

test("a model without MLPs has no such activation", async () => {
  using model = await createViT({ ...config, attnOnly: true });
  using clean = randn([1, 1, 4, 6], { seed: 1 });
  const what = { ...options, what: "mlp_out", by: "position" } as const;
  const refused = patchActivations(model, { clean, corrupted: clean }, what);
  await expect(refused).rejects.toMatchObject({ code: "HOOK_UNKNOWN" });
});

test("stopped before the first patch it throws; half-way it gives what it has, and says so", async () => {
  await withInputs(async (model, inputs) => {
    const signal = AbortSignal.abort();
    await expect(patchActivations(model, inputs, { ...options, signal })).rejects.toMatchObject({
      code: "CANCELLED",
    });
    const stop = new AbortController();
    const half = await patchActivations(model, inputs, {
      ...options,
      signal: stop.signal,
      onProgress: ({ done }) => {
        if (done === 2) stop.abort();
      },
    });
    const whole = await patchActivations(model, inputs, options);
    expect([half.complete, whole.complete]).toEqual([false, true]);
    expect([...half.values.values]).toEqual([
      ...whole.values.values.subarray(0, 2),
      ...Array.from({ length: 4 }, () => Number.NaN),
    ]);
    expect(half.baselines).toEqual(whole.baselines);
    expect([...half.normalized!.values].map(Number.isNaN)).toEqual([
      false,
      false,
      true,
      true,
      true,
      true,
    ]);
  });
});
