// Directions of classes: read along them, the stream gives the model's own logit differences, folded or not.
import { einsum, scope, tensor, type Tensor } from "@prisma/tensor";
import type { LogitTarget } from "@prisma/hooks";
import { expect, test } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import { repositoryFile } from "../../../test/repository-file.ts";
import { createViT, loadViT, ViT } from "../src/index.ts";
import { goldenFolder, readExpected, readJson, type GoldenIndex } from "./golden-set.ts";

const SETS = [
  "timm-cls",
  "timm-avg",
  "timm-pre-norm",
  "prisma-attn-only",
  "prisma-no-norm",
  "prisma-ln-pre",
];

async function openGolden(name: string): Promise<{ model: ViT; input: Tensor }> {
  const folder = goldenFolder(name);
  const index = await readJson<GoldenIndex>(new URL("golden.json", folder));
  const { values, shape } = (await readExpected(folder, index.activations)).get(index.input)!;
  return { model: await loadViT(folder), input: tensor(values, { shape }) };
}

/** `x . direction / scale + bias` of what the model reads, averaged over what it averages. `[B, n]` */
async function readAlong(model: ViT, input: Tensor, targets: readonly LogitTarget[]) {
  const normed = model.config.normalizationType !== null;
  using run = await model.runWithCache(input, {
    names: (name) => name.endsWith("resid_post") || name === "ln_final.hook_scale",
  });
  const { directions, bias } = model.logitDirections(targets);
  using read = scope(() => {
    const last = run.cache.get("resid_post", -1); // [B, P, D]
    const scale = normed ? run.cache.get("ln_final.hook_scale") : tensor([1]);
    const pooled = model.tokens.readout === "patches" ? last.mean(1) : last.div(scale);
    const rows = {
      patches: pooled.div(scale),
      all: pooled.mean(1),
      cls: pooled.get([null, 0]),
    }[model.tokens.readout as "cls" | "all" | "patches"];
    return einsum("bd,nd->bn", rows, directions).add(bias);
  });
  directions.dispose();
  bias.dispose();
  return (await read.array()) as number[][];
}

/** Logit differences of the output itself. */
async function measured(model: ViT, input: Tensor, pairs: readonly (readonly number[])[]) {
  using run = await model.runWithCache(input, { names: "hook_post_head_pre_normalize" });
  const logits = (await run.cache.get("hook_post_head_pre_normalize").array()) as number[][];
  return logits.map((row) =>
    pairs.map(([a, b]) => {
      const against = b === undefined ? row.reduce((sum, x) => sum + x, 0) / row.length : row[b]!;
      return row[a!]! - against;
    }),
  );
}

function expectClose(found: number[][], wanted: number[][]): void {
  const largest = Math.max(...wanted.flat().map(Math.abs));
  found.flat().forEach((value, i) => {
    expect(Math.abs(value - wanted.flat()[i]!)).toBeLessThan(2e-5 * largest);
  });
}

/** The same model with the final norm's weight and bias moved into the head. */
async function fold(model: ViT): Promise<ViT> {
  const [w, b, W_H, b_H] = ["ln_final.w", "ln_final.b", "head.W_H", "head.b_H"].map((name) =>
    model.parameters.get(name)!,
  ) as [Tensor, Tensor, Tensor, Tensor];
  const parameters = scope(() => {
    const folded = new Map([
      ["ln_final.w", w.mul(0).add(1)],
      ["ln_final.b", b.mul(0)],
      ["head.W_H", W_H.mul(w.unsqueeze(1))],
      ["head.b_H", b_H.add(einsum("d,dc->c", b, W_H))],
    ]);
    return new Map(
      [...model.parameters].map(([name, x]) => [name, folded.get(name) ?? x.mul(1)] as const),
    );
  });
  await Promise.all([...parameters.values()].map((x) => x.realize()));
  return new ViT({ config: model.config, parameters, labels: model.labels, preprocess: null });
}

onEachDevice(() => {
  test.each(SETS)("%s: read along directions, the stream gives the differences", async (name) => {
    const { model, input } = await openGolden(name);
    expectClose(
      await readAlong(model, input, [[2, 0], 1]),
      await measured(model, input, [[2, 0], [1]]),
    );
    model.dispose();
    input.dispose();
  });

  test.each(["timm-cls", "timm-avg", "prisma-attn-only"])(
    "%s: folding the final norm into the head changes neither direction nor bias",
    async (name) => {
      const { model, input } = await openGolden(name);
      using folded = await fold(model);
      expect(await folded.parameters.get("head.W_H")!.data()).not.toEqual(
        await model.parameters.get("head.W_H")!.data(),
      );
      for (const part of ["directions", "bias"] as const) {
        const [a, b] = [model, folded].map((one) => one.logitDirections([[2, 0], 1]));
        const [plain, after] = [await a![part].data(), await b![part].data()];
        expectClose([[...after]], [[...plain]]);
        for (const { directions, bias } of [a!, b!]) [directions, bias].forEach((x) => x.dispose());
      }
      model.dispose();
      input.dispose();
    },
  );

  test("raw directions are plain columns of the head", async () => {
    using model = await createViT({ nLayers: 0, dModel: 8, patchSize: 4, imageSize: 8 });
    const { directions, bias, targets } = model.logitDirections([7, [1, 2]], { raw: true });
    const head = (await model.parameters.get("head.W_H")!.array()) as number[][];
    const [column, difference] = (await directions.array()) as number[][];
    expect(column).toEqual(head.map((row) => row[7]));
    expect(difference).toEqual(head.map((row) => Math.fround(row[1]! - row[2]!)));
    expect(await bias.array()).toEqual([0, 0]);
    expect(targets).toEqual([
      { name: "logit of class 7", of: 7, against: null },
      { name: "logit of class 1 minus logit of class 2", of: 1, against: 2 },
    ]);
    directions.dispose();
    bias.dispose();
  });

  test("classes go by name; what is none is refused", async () => {
    using model = await loadViT(repositoryFile("apps/demo/public/models/garment-scenes-vit"));
    const { directions, bias, targets } = model.logitDirections([["dress", "Bag"], "trouser"]);
    expect(targets.map((target) => target.name)).toEqual([
      "logit of Dress minus logit of Bag",
      "logit of Trouser minus mean logit",
    ]);
    directions.dispose();
    bias.dispose();
    const refused = (targets: readonly LogitTarget[]): unknown => {
      try {
        return model.logitDirections(targets);
      } catch (error) {
        return error;
      }
    };
    const code = "ARGUMENT_INVALID";
    expect(refused([])).toMatchObject({ code });
    expect(refused(["Drass"])).toMatchObject({
      code,
      message: expect.stringContaining('"Dress"'),
    });
    expect(refused([10])).toMatchObject({ code });
    expect(refused([["Dress", 3]])).toMatchObject({ code });
    using unnamed = await createViT({ nLayers: 0, dModel: 8, patchSize: 4, imageSize: 8 });
    expect(() => unnamed.logitDirections([10])).toThrow("0 to 9");
    expect(() => unnamed.logitDirections([0.5])).toThrow("0 to 9");
  });
});
