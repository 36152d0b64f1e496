// Class names of ImageNet-1k: given to timm's checkpoints that were last trained on it, and to no others.
import { init, readSafetensors, randn, type Device } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadViT, type ViT } from "../../src/index.ts";
import { goldenFolder, readJson } from "../golden-set.ts";

interface TimmFile extends Readonly<Record<string, unknown>> {
  readonly pretrained_cfg: object;
}

let device: Device;
beforeAll(async () => {
  device = await init({ device: "wasm" });
});
afterAll(() => device.dispose());

/** The model of `timm-clip` with a head of `classes` classes, its configuration tagged. */
async function tagged(tag: string, classes: number): Promise<ViT> {
  const folder = goldenFolder("timm-clip");
  const file = await readJson<TimmFile>(new URL("config.json", folder));
  const { tensors } = await readSafetensors(new URL("model.safetensors", folder));
  const weights = new Map(tensors);
  for (const name of ["head.weight", "head.bias"]) {
    using before = weights.get(name)!;
    weights.set(name, randn([classes, ...before.shape.slice(1)], { seed: 1 }));
  }
  const pretrained_cfg = { ...file.pretrained_cfg, tag };
  return loadViT({ config: { ...file, num_classes: classes, pretrained_cfg }, weights });
}

test("a checkpoint of ImageNet-1k names its classes", async () => {
  using model = await tagged("augreg_in21k_ft_in1k", 1000);
  expect(model.labels).toHaveLength(1000);
  // Places that any list of ImageNet's classes gives.
  expect([0, 207, 281, 954, 999].map((at) => model.labels![at])).toEqual([
    "tench, Tinca tinca",
    "golden retriever",
    "tabby, tabby cat",
    "banana",
    "toilet tissue, toilet paper, bathroom tissue",
  ]);
  expect(model.labelIndex("Border collie")).toBe(232);
  expect(() => model.labelIndex("crane")).toThrow("is in 2 class names");
});

test.each([
  ["augreg_in21k", 1000],
  ["augreg_in1k", 999],
  ["", 1000],
])("%s with %i classes has no names", async (tag, classes) => {
  using model = await tagged(tag, classes);
  expect(model.labels).toBeNull();
});
