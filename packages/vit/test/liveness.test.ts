// Liveness of every kind of ViT there is: each hook point moves the output, and a gradient arrives.
import { checkHooks } from "@prisma/hooks";
import { init, randn, type Device } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createViT, type ViTConfigInput } from "../src/index.ts";

const SMALL = {
  nLayers: 1,
  dModel: 8,
  nHeads: 2,
  dMlp: 12,
  nChannels: 1,
  patchSize: 4,
  imageSize: [8, 12],
  nClasses: 3,
} as const satisfies ViTConfigInput<1>;

const KINDS: readonly (readonly [string, Partial<ViTConfigInput<1>>])[] = [
  ["registers", { nRegisters: 2 }],
  [
    "distilled, with registers",
    { useDistToken: true, nRegisters: 2, classificationType: "distilled" },
  ],
  ["mean of all tokens", { classificationType: "gaap" }],
  ["mean of patches, norm after", { classificationType: "avg", useClsToken: false }],
  ["mean of patches, norm before", { classificationType: "avg", fcNorm: false }],
  ["attention pooling", { classificationType: "map", useClsToken: false }],
  ["gated MLP", { gatedMlp: true }],
  ["norm of the embeddings, output normalised", { layerNormPre: true, normalizeOutput: true }],
];

let device: Device;
beforeAll(async () => {
  device = await init({ device: "wasm" });
});
afterAll(() => device.dispose());

test.each(KINDS)("%s", async (_, options) => {
  const model = await createViT({ ...SMALL, ...options }, { seed: 3 });
  using twin = await model.randomTwin({ seed: 4 });
  model.dispose();
  using images = randn([1, 1, 8, 12], { seed: 5 });
  const { dead, betweenImages, unreadPatches, passed } = await checkHooks(twin, images);
  expect({ dead, betweenImages, passed }).toEqual({ dead: [], betweenImages: 0, passed: true });
  const readsFew = twin.tokens.readout === "cls" || twin.tokens.readout === "distilled";
  expect(unreadPatches).toBe(readsFew ? 0 : null);
});
