// Every activation and gradient of both towers, embeddings and logits against PyTorch in float64, on every device; of
// WebGPU, where kernels take long to compile, gradients of one pair.
import type { HookedModel, HookName } from "@prisma/hooks";
import { scope, type Tensor } from "@prisma/tensor";
import { expect, test } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import { readExpected } from "../../vit/test/golden-set.ts";
import { clipFolder, errorOf, inputOf, openGolden, type TowerIndex } from "./golden-clip.ts";

const SETS = ["clip", "siglip", "open-clip"];
/** Points that are computed only when named; naming them changes the shape of `ln1`'s. */
const COSTLY = /hook_attn_in|hook_[qkv]_input|hook_result/;
/** Milliseconds: a software GPU compiles hundreds of shaders here. */
const SLOW = 120_000;
/** Where copies per head are left to Node, and gradients but for one pair. */
const inPage = typeof document !== "undefined";

async function differences(
  model: HookedModel<HookName>,
  index: TowerIndex,
  {
    folder,
    costly,
    slopes,
  }: { readonly folder: URL; readonly costly: boolean; readonly slopes: boolean },
): Promise<string[]> {
  const activations = await readExpected(folder, index.activations);
  const gradients = await readExpected(folder, index.gradients);
  const hooks = index.hooks.filter((hook) => COSTLY.test(hook.name) === costly);
  const names = new Set(hooks.map((hook) => hook.name));
  const [a, b] = index.classes;
  const difference = (output: Tensor): Tensor =>
    output
      .get([null, a])
      .sub(output.get([null, b]))
      .sum();
  using input = inputOf(activations.get(index.input)!);
  using run = await model.runWithCache(input, {
    names: (name) => names.has(name),
    ...(slopes ? { gradientOf: difference } : {}),
  });
  const found: [string, number][] = [
    ["output", await errorOf(run.output, activations.get(index.output)!)],
  ];
  for (const { name, shape, activation, gradient } of hooks) {
    const value = run.cache.get(name as "hook_embed");
    expect([name, ...value.shape]).toEqual([name, ...shape]);
    found.push([
      name,
      await errorOf(value, activations.get(activation.tensor)!, activation.repeat),
    ]);
    if (!slopes) continue;
    const slope = run.cache.grad(name as "hook_embed");
    found.push([
      `gradient at ${name}`,
      await errorOf(slope, gradients.get(gradient.tensor)!, gradient.repeat),
    ]);
  }
  return found.filter(([, error]) => !(error <= 1)).map(([name, error]) => `${name}: ${error}`);
}

onEachDevice((kind) => {
  test.each(SETS)("%s: activations and gradients", { timeout: SLOW }, async (name) => {
    const { clip, index } = await openGolden(name);
    for (const tower of ["text", "vision"] as const) {
      const golden = index[tower];
      if (golden === undefined) continue;
      const all = kind === "wasm" && !inPage;
      const slopes = all || (name === "clip" && kind === "webgpu" && inPage);
      for (const costly of all ? [false, true] : [false])
        expect(
          await differences(clip[tower], golden, { folder: clipFolder(name), costly, slopes }),
          tower,
        ).toEqual([]);
    }
    clip.dispose();
  });

  test.each(SETS)("%s: embeddings and logits", { timeout: SLOW }, async (name) => {
    const { clip, pair } = await openGolden(name);
    using images = inputOf(pair.get("images")!);
    using ids = inputOf(pair.get("ids")!);
    using image = await clip.encodeImage(images, { normalize: false, batchSize: 1 });
    using text = await clip.encodeText(ids, { normalize: false, batchSize: 2 });
    expect(await errorOf(image, pair.get("image_embeds")!)).toBeLessThan(1);
    expect(await errorOf(text, pair.get("text_embeds")!)).toBeLessThan(1);
    using units = await clip.encodeImage(images);
    using words = await clip.encodeText(ids);
    using logits = scope(() =>
      units.matmul(words.transpose()).mul(clip.logitScale).add(clip.logitBias),
    );
    expect(await errorOf(logits, pair.get("logits_per_image")!)).toBeLessThan(1);
    clip.dispose();
  });
});
