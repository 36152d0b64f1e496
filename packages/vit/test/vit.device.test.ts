// The ViT as a hooked model: kernels of a block, every hook live, parts that sum, layers, bad input, initial weights.
import { einsum, explain, memory, randn, scope, type Tensor } from "@prisma/tensor";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import { createViT, type ViT, type ViTConfigInput } from "../src/index.ts";

const SMALL: ViTConfigInput<2> = {
  nLayers: 2,
  dModel: 24,
  nHeads: 3,
  dMlp: 40,
  nChannels: 2,
  patchSize: 4,
  imageSize: [8, 12],
  nClasses: 5,
  layerNormPre: true,
};

/** Values of `output` as one list. */
async function valuesOf(output: Tensor): Promise<number[]> {
  const values = [...(await output.data())];
  output.dispose();
  return values;
}

async function maxDifference(a: Tensor, b: Tensor): Promise<number> {
  using difference = scope(() => a.sub(b).abs().max());
  return difference.item();
}

onEachDevice(() => {
  let model: ViT<2>;
  let images: Tensor;
  let plain: number[];

  beforeAll(async () => {
    model = await createViT(SMALL, { seed: 7 });
    images = await randn([2, 2, 8, 12], { seed: 1 }).realize();
    plain = await valuesOf(model.forward(images));
  });
  afterAll(() => {
    model.dispose();
    images.dispose();
  });

  describe("kernels", () => {
    const kernels = (stopAtLayer: number): number => {
      using residual = model.forward(images, { stopAtLayer });
      return explain(residual).kernels.length;
    };

    test("a block with nothing cached is nine kernels", () => {
      expect(kernels(2) - kernels(1)).toBe(9);
    });

    test("queries, keys and values are one product of one buffer", () => {
      using residual = model.forward(images, { stopAtLayer: 2 });
      const products = explain(residual).kernels.filter((kernel) => kernel.family === "contract");
      // Patches, then per block qkv, scores, values, output, and the two of the MLP.
      expect(products.map((kernel) => kernel.size.split(" x ")[2])).toEqual([
        "24",
        "72",
        "7",
        "8",
        "24",
        "40",
        "24",
        "72",
        "7",
        "8",
        "24",
        "40",
        "24",
      ]);
    });
  });

  describe("hooks", () => {
    test("an identity hook on every cheap point leaves every bit", async () => {
      const cheap = (name: string): boolean =>
        !/hook_attn_in|hook_[qkv]_input|hook_result/.test(name);
      expect(
        await valuesOf(
          model.runWithHooks(images, { hooks: [[cheap, (activation) => activation]] }),
        ),
      ).toEqual(plain);
    });

    test("each point by itself: identity changes nothing, zeros change the output", async () => {
      const dead: string[] = [];
      const changed: string[] = [];
      for (const name of model.hookNames) {
        const same = await valuesOf(
          model.runWithHooks(images, { hooks: [[name, (activation) => activation]] }),
        );
        const zeroed = await valuesOf(
          model.runWithHooks(images, { hooks: [[name, (activation) => activation.mul(0)]] }),
        );
        const largest = Math.max(...plain.map(Math.abs));
        if (same.some((value, i) => Math.abs(value - plain[i]!) > 1e-5 * largest))
          changed.push(name);
        if (zeroed.every((value, i) => Math.abs(value - plain[i]!) < 1e-6 * largest))
          dead.push(name);
      }
      expect(changed).toEqual([]);
      expect(dead).toEqual([]);
    });

    test("putting a point's own activation back leaves every bit", async () => {
      using run = await model.runWithCache(images);
      for (const name of [
        "hook_full_embed",
        "blocks.1.attn.hook_pattern",
        "blocks.0.ln2.hook_scale",
        "hook_ln_final",
      ] as const) {
        expect(
          await valuesOf(
            model.runWithHooks(images, { hooks: [[name, () => run.cache.get(name)]] }),
          ),
        ).toEqual(plain);
      }
    });

    test("costly points appear only when named, and split inputs carry q, k and v", async () => {
      using usual = await model.runWithCache(images);
      expect(usual.cache.has("result", 0)).toBe(false);
      expect(usual.cache.get("scale", 0, "ln1").shape).toEqual([2, 7, 1]);
      using split = await model.runWithCache(images, {
        names: ["blocks.0.hook_q_input", "blocks.*.ln1.*"],
      });
      expect(split.cache.get("q_input", 0).shape).toEqual([2, 7, 3, 24]);
      expect(split.cache.get("scale", 0, "ln1").shape).toEqual([2, 7, 3, 3, 1]);
      expect(split.cache.get("normalized", 1, "ln1").shape).toEqual([2, 7, 24]);
      using together = await model.runWithCache(images, {
        names: ["blocks.0.hook_attn_in", "blocks.0.ln1.hook_normalized"],
      });
      expect(together.cache.get("normalized", 0, "ln1").shape).toEqual([2, 7, 3, 24]);
    });

    test("hooking hook_k_input changes keys, and neither queries nor values", async () => {
      const names = [
        "blocks.1.attn.hook_q",
        "blocks.1.attn.hook_k",
        "blocks.1.attn.hook_v",
      ] as const;
      using before = await model.runWithCache(images, { names });
      using after = await model.runWithCache(images, {
        names,
        hooks: [["blocks.1.hook_k_input", (activation) => activation.neg()]],
      });
      const differences = [];
      for (const name of names)
        differences.push(await maxDifference(before.cache.get(name), after.cache.get(name)));
      expect(differences.map((difference) => difference > 1e-3)).toEqual([false, true, false]);
    });

    test("a NaN row of scores becomes a row of zeros in the pattern", async () => {
      using run = await model.runWithCache(images, {
        names: "blocks.0.attn.hook_pattern",
        hooks: [["blocks.0.attn.hook_attn_scores", (scores) => scores.set([0, 1, 2], Number.NaN)]],
      });
      using row = run.cache.get("pattern", 0).get([0, 1, 2]);
      expect(await row.array()).toEqual([0, 0, 0, 0, 0, 0, 0]);
    });

    test("the parts of the residual stream sum to it", async () => {
      using run = await model.runWithCache(images);
      const at = (
        name: "resid_pre" | "attn_out" | "mlp_out" | "resid_mid" | "resid_post",
        layer: number,
      ): Tensor => run.cache.get(name, layer);
      using mid = at("resid_pre", 1).add(at("attn_out", 1));
      expect(await maxDifference(mid, at("resid_mid", 1))).toBe(0);
      using post = at("resid_mid", 1).add(at("mlp_out", 1));
      expect(await maxDifference(post, at("resid_post", 1))).toBe(0);
    });

    test("results of heads and the bias sum to the attention's output", async () => {
      using run = await model.runWithCache(images, {
        names: ["blocks.1.attn.hook_result", "blocks.1.attn.hook_z", "blocks.1.hook_attn_out"],
      });
      const bias = model.parameters.get("blocks.1.attn.b_O")!;
      using sum = scope(() => run.cache.get("result", 1).sum(2).add(bias));
      expect(await maxDifference(sum, run.cache.get("attn_out", 1))).toBeLessThan(1e-5);
      using direct = einsum(
        "bphe,hed->bphd",
        run.cache.get("z", 1),
        model.parameters.get("blocks.1.attn.W_O")!,
      );
      expect(await maxDifference(direct, run.cache.get("result", 1))).toBeLessThan(1e-5);
    });
  });

  describe("layers", () => {
    test("stopping and going on is the whole", async () => {
      using half = model.forward(images, { stopAtLayer: 1 });
      await half.realize();
      expect(await valuesOf(model.forward(half, { startAtLayer: 1 }))).toEqual(plain);
    });

    test("wrong shapes are named at the call", () => {
      using residual = randn([1, 6, 24], { seed: 1 });
      expect(() => model.forward(residual, { startAtLayer: 1 })).toThrow(
        expect.objectContaining({
          code: "SHAPE_MISMATCH",
          message: expect.stringContaining("[B,7,24]"),
        }),
      );
      expect(() => model.forward(residual)).toThrow(
        expect.objectContaining({
          code: "SHAPE_MISMATCH",
          message: expect.stringContaining("[B,2,8,12]"),
        }),
      );
    });
  });

  test("300 forward passes take no more memory than one", { timeout: 120_000 }, async () => {
    await valuesOf(model.forward(images));
    const before = memory();
    for (let i = 0; i < 300; i++) {
      using output = model.forward(images);
      await output.data();
    }
    const after = memory();
    const grown = (["buffers", "bytes", "pooledBytes", "peakBytes", "tensors", "plans"] as const)
      // Less is no fault: what earlier tests dropped may be collected meanwhile.
      .filter((name) => after[name] > before[name])
      .map((name) => `${name} from ${before[name]} to ${after[name]}`);
    expect(grown).toEqual([]);
  });

  describe("what the model says of itself", () => {
    test("tokens", async () => {
      expect(model.tokens).toEqual({
        cls: 0,
        distillation: null,
        registers: [],
        patches: [1, 2, 3, 4, 5, 6],
        grid: [2, 3],
        readout: "cls",
      });
      using bare = await createViT({ ...SMALL, useClsToken: false, classificationType: "avg" });
      expect(bare.tokens).toMatchObject({
        cls: null,
        patches: [0, 1, 2, 3, 4, 5],
        readout: "patches",
      });
      expect(bare.hookNames).not.toContain("hook_cls_embed");
    });

    test("preprocess without a checkpoint's word is an error", async () => {
      await expect(
        model.preprocess({ data: new Uint8Array(4), width: 2, height: 2 }),
      ).rejects.toMatchObject({ code: "ARGUMENT_INVALID" });
    });
  });

  describe("initial weights", () => {
    test("the same seed gives the same bits, another seed others", async () => {
      using again = await createViT(SMALL, { seed: 7 });
      expect(await valuesOf(again.forward(images))).toEqual(plain);
      using other = await createViT(SMALL, { seed: 8 });
      expect(await valuesOf(other.forward(images))).not.toEqual(plain);
    });

    test("queries, keys and values of a block share one buffer", async () => {
      const { buffers } = memory();
      using one = await createViT({
        ...SMALL,
        nLayers: 1,
        attnOnly: true,
        layerNormPre: false,
        normalizationType: null,
      });
      // cls, embedding weight and bias, positions, W_QKV, b_QKV, W_O, b_O, head weight and bias.
      expect(memory().buffers - buffers).toBe(10);
      expect(one.parameters.size).toBe(14);
    });

    test.each([-1, 0.5, Number.NaN, 2 ** 53])("a seed of %d is refused", async (seed) => {
      await expect(createViT(SMALL, { seed })).rejects.toMatchObject({ code: "ARGUMENT_INVALID" });
    });
  });
});
