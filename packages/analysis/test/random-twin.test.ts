// Analyses of a random-weight twin: they say what they are of, and nothing of the trained model gets into them.
import { init, type Device } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { repositoryFile } from "../../../test/repository-file.ts";
import { ablate, attributeLogits, loadModel, logitLens, referenceMeans } from "../src/index.ts";

let device: Device;
beforeAll(async () => {
  device = await init({ device: "wasm", threads: 1 });
});
afterAll(() => device.dispose());

const folder = repositoryFile("apps/demo/public/models/garment-scenes-vit/");
const target = ["Dress", "Trouser"] as const;

test("results carry the twin's weights and what they are", async () => {
  using model = await loadModel(folder);
  using twin = await model.randomTwin({ seed: 5 });
  using images = await twin.preprocess(new URL("scenes/000.png", folder));
  const provenance = {
    weights: await twin.weightHash(),
    processing: ["random weights, seed 5"],
    metric: "logit of Dress minus logit of Trouser",
  };
  const heads = await attributeLogits(twin, images, { target, by: "head" });
  const found = [
    heads,
    await logitLens(twin, images, { target }),
    await ablate(twin, images, { sweep: "heads", kind: "zero", target }),
  ];
  found.forEach((one) => expect(one).toMatchObject(provenance));
  expect(provenance.weights).not.toBe(await model.weightHash());
  const trained = await attributeLogits(model, images, { target, by: "head" });
  const largest = ({ contributions }: typeof heads): number =>
    Math.max(...contributions.values.map(Math.abs));
  expect(largest(heads)).toBeLessThan(largest(trained) / 5);
});

test("means of the trained model are no reference for its twin", async () => {
  using model = await loadModel(folder);
  using twin = await model.randomTwin();
  using images = await twin.preprocess(new URL("scenes/000.png", folder));
  using reference = await referenceMeans(model, images, { names: "blocks.*.attn.hook_z" });
  await expect(ablate(twin, images, { sweep: "heads", reference, target })).rejects.toMatchObject({
    code: "WEIGHTS_MISMATCH",
  });
});
