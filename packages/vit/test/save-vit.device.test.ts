// A model saved and loaded again: weights bit for bit, configuration, labels, preprocessing and what was done to it.
import { expect, test } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import { repositoryFile } from "../../../test/repository-file.ts";
import { loadViT, type ViT } from "../src/index.ts";
import { goldenFolder } from "./golden-set.ts";

async function values(model: ViT): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  for (const [name, parameter] of model.parameters) found.set(name, [...(await parameter.data())]);
  return found;
}

onEachDevice(() => {
  test.each(["timm-pre-norm", "prisma-attn-only"])("%s", async (name) => {
    using model = await loadViT(goldenFolder(name));
    const saved = await model.save();
    using again = await loadViT(saved);
    expect(again.config).toEqual(model.config);
    expect(await values(again)).toEqual(await values(model));
    expect((await again.save()).files).toEqual(saved.files);
  });

  test("pictures are scaled as before, and random weights stay known as such", async () => {
    using model = await loadViT(repositoryFile("apps/demo/public/models/garment-scenes-vit"));
    using twin = await model.randomTwin({ seed: 3 });
    using again = await loadViT(await twin.save());
    expect(again.processing).toEqual(["random weights, seed 3"]);
    expect(again.labels).toEqual(model.labels);
    const scene = repositoryFile("apps/demo/public/models/garment-scenes-vit/scenes/001.png");
    using before = await model.preprocess(scene);
    using after = await again.preprocess(scene);
    expect(await after.data()).toEqual(await before.data());
  });
});
