// Models with more tokens than CLS and patches, and other readouts: parts still sum, edits reach them, and what is not linear says so.
import { randn } from "@prisma/tensor";
import { createViT, type ViT, type ViTConfigInput } from "@prisma/vit";
import { expect, test } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import { ablate, attributeLogits, editHooks } from "../src/index.ts";

const SMALL = {
  nLayers: 2,
  dModel: 12,
  nHeads: 2,
  nChannels: 1,
  patchSize: 4,
  imageSize: [8, 12],
  nClasses: 4,
} as const satisfies ViTConfigInput<2>;

/** A model whose learned tokens are as large as its patches. */
async function modelOf(options: Partial<ViTConfigInput<2>>): Promise<ViT<2>> {
  const model = await createViT({ ...SMALL, ...options }, { seed: 2 });
  const { parameters } = model;
  const grown = new Map(
    await Promise.all(
      [...parameters].map(async ([name, weight], seed) => {
        const noise = randn(weight.shape, { seed }).mul(name.includes("ln") ? 0.3 : 0.5);
        const large = noise.add(weight);
        noise.dispose();
        weight.dispose();
        return [name, await large.realize()] as const;
      }),
    ),
  );
  const { config, labels } = model;
  return new (model.constructor as typeof ViT<2>)({
    config,
    labels,
    preprocess: null,
    parameters: grown,
  });
}

onEachDevice(() => {
  test.each<[string, Partial<ViTConfigInput<2>>]>([
    ["CLS, read beside a distillation token and registers", { useDistToken: true, nRegisters: 2 }],
    [
      "patches, normalized before the mean",
      { nRegisters: 3, classificationType: "avg", fcNorm: false },
    ],
    [
      "patches, normalized after the mean",
      { useDistToken: true, nRegisters: 1, classificationType: "avg", layerNormPre: true },
    ],
  ])("%s: every split sums to the logit difference", async (_what, options) => {
    using model = await modelOf(options);
    using input = randn([2, 1, 8, 12], { seed: 5 });
    using logits = model.forward(input);
    const values = await logits.data();
    for (const by of ["component", "head", "position", "patch"] as const) {
      const found = await attributeLogits(model, input, { target: [1, 3], by });
      for (const image of [0, 1]) {
        const difference = values[image * 4 + 1]! - values[image * 4 + 3]!;
        expect(found.target.values[image]).toBeCloseTo(difference, 4);
        const sum = [found.contributions, found.rest, found.bias].reduce((all, part) => {
          const size = part.values.length / 2;
          return part.values.slice(image * size, (image + 1) * size).reduce((a, b) => a + b, all);
        }, 0);
        expect(sum, `${by} of image ${image}`).toBeCloseTo(difference, 4);
      }
      if (by !== "component") continue;
      const { labels } = found.contributions.axes[1]!;
      expect(labels.filter((label) => label.endsWith("embed"))).toEqual([
        "embed",
        "cls_embed",
        ...(options.useDistToken === true ? ["dist_embed"] : []),
        "reg_embed",
        "pos_embed",
      ]);
    }
  });

  test("attention pooling: heads of the pool can be cut, its queries are no tokens, and no direction is claimed", async () => {
    using model = await modelOf({ classificationType: "map", useClsToken: false });
    using input = randn([1, 1, 8, 12], { seed: 5 });
    using plain = model.forward(input);
    const cut = { name: "attn_pool.hook_z", heads: [1], kind: "zero" } as const;
    using made = await editHooks(model, [cut]);
    using edited = model.runWithHooks(input, { hooks: made.hooks });
    expect(await edited.data()).not.toEqual(await plain.data());
    const { parameters } = model;
    using pooled = await model.runWithCache(input, {
      names: "attn_pool.hook_attn_out",
      hooks: made.hooks,
    });
    using whole = await model.runWithCache(input, {
      names: ["attn_pool.hook_attn_out", "attn_pool.hook_z"],
    });
    const z = await whole.cache.get("attn_pool.hook_z").data();
    const written = await parameters.get("attn_pool.W_O")!.data(); // [2, 6, 12]
    const [before, after] = await Promise.all(
      [whole, pooled].map(({ cache }) => cache.get("attn_pool.hook_attn_out").data()),
    );
    after!.forEach((x: number, d: number) => {
      const lost = [0, 1, 2, 3, 4, 5].reduce(
        (sum, e) => sum + z[6 + e]! * written[72 + e * 12 + d]!,
        0,
      );
      expect(before![d]! - x).toBeCloseTo(lost, 4);
    });
    await expect(
      ablate(model, input, { edits: [{ ...cut, positions: [0] }], target: [0, 1] }),
    ).rejects.toMatchObject({ code: "ARGUMENT_INVALID" });
    await expect(attributeLogits(model, input, { target: [0, 1] })).rejects.toMatchObject({
      code: "ARGUMENT_INVALID",
      message: expect.stringContaining("map") as string,
    });
  });

  test("a distilled answer is read along no one direction, and says so", async () => {
    using model = await modelOf({ classificationType: "distilled", useDistToken: true });
    using input = randn([1, 1, 8, 12], { seed: 5 });
    await expect(attributeLogits(model, input, { target: [0, 1] })).rejects.toMatchObject({
      code: "ARGUMENT_INVALID",
      message: expect.stringContaining("distilled") as string,
    });
  });
});
