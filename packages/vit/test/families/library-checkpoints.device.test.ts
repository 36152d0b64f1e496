// Checkpoints as transformers and open_clip save them: labels, pictures, halves of pairs, other picture sizes.
import { tensor } from "@prisma/tensor";
import { expect, test } from "vitest";
import { onEachDevice } from "../../../../test/on-each-device.ts";
import { repositoryFile } from "../../../../test/repository-file.ts";
import { loadViT } from "../../src/index.ts";
import { differenceFrom, goldenFolder, readExpected } from "../golden-set.ts";

onEachDevice(() => {
  test("a fine-tune has the labels of its configuration and its own pictures", async () => {
    using model = await loadViT(goldenFolder("hf-vit"));
    expect(model.labels).toEqual(["cat", "dog <b>", "crane"]);
    expect(model.config).toMatchObject({ activationName: "quick_gelu", eps: 1e-3, nClasses: 3 });
    const picture = { data: new Uint8Array(24 * 16).fill(255), width: 24, height: 16 };
    const input = await model.preprocess(picture);
    expect(input.shape).toEqual([1, 1, 8, 12]);
    // White, by the mean of 0.5 and the deviation of 0.25 of the preprocessor's file.
    expect(new Set(await input.data())).toEqual(new Set([2]));
    input.dispose();
  });

  test.each(["clip", "open-clip"])("the tower of pictures of a pair: %s", async (pair) => {
    const folder = repositoryFile(`packages/clip/test/golden/${pair}/`);
    const expected = await readExpected(folder, ["pair.safetensors"]);
    using model = await loadViT(folder);
    const { values, shape } = expected.get("images")!;
    using images = tensor(values, { shape });
    using found = model.forward(images);
    expect(await differenceFrom(expected.get("image_embeds")!, found)).toBeNull();
  });

  test("the tower of pictures of a SigLIP pair gives its embedding", async () => {
    const folder = repositoryFile("packages/clip/test/golden/siglip/");
    const expected = await readExpected(folder, ["pair.safetensors"]);
    using model = await loadViT(folder);
    expect(model.config.classificationType).toBe("map");
    const { values, shape } = expected.get("images")!;
    using images = tensor(values, { shape });
    using found = model.forward(images);
    expect(await differenceFrom(expected.get("image_embeds")!, found)).toBeNull();
  });

  test.each(["hf-dinov2", "hf-dinov2-registers"])("%s at another size", async (name) => {
    const expected = await readExpected(goldenFolder(name), ["resized.safetensors"]);
    using model = await loadViT(goldenFolder(name), { imageSize: [12, 20] });
    expect(model.tokens.grid).toEqual([3, 5]);
    const { values, shape } = expected.get("input")!;
    using images = tensor(values, { shape });
    using found = model.forward(images);
    expect(await differenceFrom(expected.get("output")!, found)).toBeNull();
  });
});
