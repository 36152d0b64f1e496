// Models for pictures of another size: positions as timm interpolates them, and everything else as it was.
import { randn, readSafetensors } from "@prisma/tensor";
import { expect, test } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import { loadViT } from "../src/index.ts";
import { interpolatePositions } from "../src/interpolate-positions.ts";
import { goldenFolder } from "./golden-set.ts";

type Grid = readonly [number, number];

const CASES: readonly (readonly [name: string, from: Grid, to: Grid])[] = [
  ["up", [4, 4], [7, 7]],
  ["down", [7, 7], [3, 3]],
  ["not-square", [3, 8], [5, 6]],
  ["one-way", [4, 6], [4, 11]],
  ["to-one", [5, 5], [1, 2]],
];

onEachDevice(() => {
  test.each(CASES)("positions %s are timm's", async (name, from, to) => {
    const file = new URL("positions.safetensors", goldenFolder("positions"));
    const { tensors } = await readSafetensors(file);
    const [before, after] = await Promise.all(
      ["before", "after"].map(async (part) => {
        const values = await tensors.get(`${name}.${part}`)!.data();
        return Float32Array.from(values);
      }),
    );
    tensors.forEach((tensor) => tensor.dispose());
    const found = interpolatePositions(before!, {
      from,
      to,
      width: 5,
      how: "bicubic, antialiased",
    });
    expect(found.length).toBe(after!.length);
    const worst = Math.max(...found.map((value, i) => Math.abs(value - after![i]!)));
    expect(worst).toBeLessThan(1e-6);
  });

  test("a model is asked for pictures of another size, not square", async () => {
    const folder = goldenFolder("timm-cls");
    using model = await loadViT(folder, { imageSize: [32, 48] });
    expect(model.tokens.grid).toEqual([4, 6]);
    expect(model.parameters.get("pos_embed.W_pos")!.shape).toEqual([25, 36]);
    using images = randn([1, 3, 32, 48], { seed: 1 });
    using logits = model.forward(images);
    expect((await logits.data()).every(Number.isFinite)).toBe(true);
    using asItWas = await loadViT(folder);
    const [first, second] = await Promise.all(
      [model, asItWas].map((one) => one.parameters.get("pos_embed.W_pos")!.data()),
    );
    expect(first!.slice(0, 36), "CLS keeps its position").toEqual(second!.slice(0, 36));
    const square = { data: new Uint8Array(64 * 64).fill(99), width: 64, height: 64 };
    const input = await model.preprocess(square);
    expect(input.shape).toEqual([1, 3, 32, 48]);
    input.dispose();
  });

  test("the checkpoint's own size changes nothing", async () => {
    const folder = goldenFolder("timm-cls");
    using model = await loadViT(folder, { imageSize: [24, 24] });
    using asItWas = await loadViT(folder);
    using images = randn([1, 3, 24, 24], { seed: 1 });
    using first = model.forward(images);
    using second = asItWas.forward(images);
    expect(await first.data()).toEqual(await second.data());
  });

  test("a size of less than a patch is refused", async () => {
    await expect(loadViT(goldenFolder("timm-cls"), { imageSize: [4, 24] })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
    });
  });
});
