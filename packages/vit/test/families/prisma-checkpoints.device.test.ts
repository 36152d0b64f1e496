// Checkpoints that Prisma's own trainers wrote (.pth), legacy and HookedViT: logits and every activation.
import { byteSource, readTorch, tensor } from "@prisma/tensor";
import { expect, test } from "vitest";
import { onEachDevice } from "../../../../test/on-each-device.ts";
import { loadViT, type ViT, type ViTFiles } from "../../src/index.ts";
import { differenceFrom, goldenFolder, readExpected, readJson } from "../golden-set.ts";

/** A folder's configuration and the bytes of one of its checkpoints. */
async function filesOf(name: string, checkpoint: string): Promise<ViTFiles> {
  const folder = goldenFolder(name);
  const source = byteSource(new URL(checkpoint, folder));
  return {
    config: await readJson(new URL("config.json", folder)),
    weights: await source.read(0, await source.size()),
  };
}

/** How activations of `model` differ from those of the set `name`. */
async function differences(model: ViT, name: string): Promise<string[]> {
  const expected = await readExpected(goldenFolder(name), ["activations.safetensors"]);
  const { values, shape } = expected.get("input")!;
  using input = tensor(values, { shape });
  using run = await model.runWithCache(input);
  const found: string[] = [];
  for (const [hook, golden] of expected) {
    if (hook === "input") continue;
    const value = hook === "output" ? run.output : run.cache.get(hook as "hook_embed");
    const difference = await differenceFrom(golden, value);
    if (difference !== null) found.push(`${hook}: ${difference}`);
  }
  return found;
}

onEachDevice(() => {
  test.each(["prisma-legacy", "prisma-legacy-attn-only"])("%s", async (name) => {
    using model = await loadViT(await filesOf(name, "model_0.pth"));
    expect(await differences(model, name)).toEqual([]);
  });

  test("without a configuration file: the shapes say all but the heads", async () => {
    const { weights } = await filesOf("prisma-legacy", "model_0.pth");
    using model = await loadViT({ config: { transformer: { num_heads: 4 } }, weights });
    expect(model.config).toMatchObject({ nLayers: 2, nHeads: 4, imageSize: [12, 12], nClasses: 3 });
    expect(await differences(model, "prisma-legacy")).toEqual([]);
  });

  test("HookedViT with its trainer's flat configuration", async () => {
    using model = await loadViT(await filesOf("prisma-hooked-vit", "model_512.pth"));
    expect(await differences(model, "prisma-legacy")).toEqual([]);
    const { tensors } = await readTorch(
      (await filesOf("prisma-hooked-vit", "model_0.pth")).weights as Uint8Array<ArrayBuffer>,
    );
    const { config } = await filesOf("prisma-hooked-vit", "model_0.pth");
    using other = await loadViT({ config, weights: tensors });
    expect((await differences(other, "prisma-legacy")).length).toBeGreaterThan(10);
  });
});
