// Models by their own configuration: one of a series along training, and processed weights, of which analyses say so.
import { init, type Device } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { repositoryFile } from "../../../test/repository-file.ts";
import { attributeLogits, loadModel } from "../src/index.ts";

let device: Device;
beforeAll(async () => {
  device = await init({ device: "wasm", threads: 1 });
});
afterAll(() => device.dispose());

test("a checkpoint of a series", async () => {
  const series = repositoryFile("packages/vit/test/golden/prisma-hooked-vit/");
  using early = await loadModel(series, { checkpoint: 0 });
  using late = await loadModel(series, { checkpoint: "model_512.pth" });
  expect(await early.weightHash()).not.toBe(await late.weightHash());
});

test("attribution to heads is the same on folded and unfolded weights, and says which", async () => {
  const folder = repositoryFile("apps/demo/public/models/garment-scenes-vit/");
  using plain = await loadModel(folder);
  using folded = await loadModel(folder, { process: ["foldLayerNorm"] });
  using images = await plain.preprocess(new URL("scenes/000.png", folder));
  const asked = { target: ["Dress", "Trouser"], by: "head" } as const;
  const [a, b] = [
    await attributeLogits(plain, images, asked),
    await attributeLogits(folded, images, asked),
  ];
  expect(a).toMatchObject({ processing: [] });
  expect(b).toMatchObject({ processing: ["foldLayerNorm"], weights: await folded.weightHash() });
  const largest = Math.max(...a.contributions.values.map(Math.abs));
  a.contributions.values.forEach((value: number, i: number) =>
    expect(Math.abs(value - b.contributions.values[i]!)).toBeLessThan(1e-4 * largest),
  );
});
