// Tokens, pooling and MLPs beyond the plain ViT: what each option makes of the activations around it, computed here in plain numbers.
import { tokenLabels } from "@prisma/hooks";
import { randn, scope, type Tensor } from "@prisma/tensor";
import { describe, expect, test } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import { createViT, type ViT, type ViTConfigInput } from "../src/index.ts";

const SMALL = {
  nLayers: 1,
  dModel: 8,
  nHeads: 2,
  dMlp: 12,
  nChannels: 1,
  patchSize: 4,
  imageSize: [8, 12],
  nClasses: 3,
} as const satisfies ViTConfigInput<1>;

/** A model with all parameters far from zero and from each other. */
async function randomModel(options: Partial<ViTConfigInput<1>>): Promise<ViT<1>> {
  const model = await createViT({ ...SMALL, ...options }, { seed: 3 });
  const twin = await model.randomTwin({ seed: 4 });
  model.dispose();
  return twin;
}

async function rows(x: Tensor): Promise<number[][]> {
  using flat = x.reshape([-1, x.shape.at(-1)!]);
  return (await flat.array()) as number[][];
}

function linear(
  x: readonly number[],
  weight: readonly number[][],
  bias: readonly number[],
): number[] {
  return bias.map((b, to) => x.reduce((sum, one, from) => sum + one * weight[from]![to]!, b));
}

function mean(some: readonly number[][]): number[] {
  return some[0]!.map((_, i) => some.reduce((sum, row) => sum + row[i]!, 0) / some.length);
}

function expectClose(found: readonly number[], expected: readonly number[]): void {
  found.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
}

onEachDevice(() => {
  const images = (): Tensor => randn([1, 1, 8, 12], { seed: 1 });
  const weights = async (model: ViT<1>, name: string): Promise<number[][]> =>
    rows(model.parameters.get(name)!);
  const bias = async (model: ViT<1>, name: string): Promise<number[]> =>
    (await model.parameters.get(name)!.array()) as number[];

  test("tokens stand in order: CLS, distillation, registers, patches", async () => {
    using model = await randomModel({
      useDistToken: true,
      nRegisters: 2,
      classificationType: "distilled",
    });
    expect(tokenLabels(model.tokens).slice(0, 5)).toEqual(["CLS", "DIST", "R0", "R1", "(0,0)"]);
    using input = images();
    using run = await model.runWithCache(input);
    const embedded = await rows(run.cache.get("hook_full_embed"));
    const positions = await rows(run.cache.get("hook_pos_embed"));
    const parts = [
      ...(await rows(run.cache.get("hook_cls_embed"))),
      ...(await rows(run.cache.get("hook_dist_embed"))),
      ...(await rows(run.cache.get("hook_reg_embed"))),
      ...(await rows(run.cache.get("hook_embed"))),
    ];
    parts.forEach((part, at) =>
      expectClose(
        embedded[at]!,
        part.map((x, i) => x + positions[at]![i]!),
      ),
    );
    // Each token has a head of its own; the answer is their mean.
    const final = await rows(run.cache.get("hook_ln_final"));
    const [one, two] = await Promise.all(
      ["head", "head_dist"].map(async (head, at) =>
        linear(final[at]!, await weights(model, `${head}.W_H`), await bias(model, `${head}.b_H`)),
      ),
    );
    expectClose((await rows(run.output))[0]!, mean([one!, two!]));
  });

  describe("the mean of the patches", () => {
    test.each([true, false])("with the norm after it: %s", async (fcNorm) => {
      using model = await randomModel({ classificationType: "avg", fcNorm, nRegisters: 1 });
      using input = images();
      using run = await model.runWithCache(input);
      const final = await rows(run.cache.get("hook_ln_final"));
      expect(final.length).toBe(fcNorm ? 1 : 8);
      const read = fcNorm ? final[0]! : mean(final.slice(2));
      const expected = linear(
        read,
        await weights(model, "head.W_H"),
        await bias(model, "head.b_H"),
      );
      expectClose((await rows(run.output))[0]!, expected);
      if (!fcNorm) return;
      const stream = mean((await rows(run.cache.get("resid_post", 0))).slice(2));
      const center = stream.reduce((sum, x) => sum + x) / 8;
      const variance = stream.reduce((sum, x) => sum + (x - center) ** 2, 0) / 8;
      expectClose(
        final[0]!,
        stream.map((x) => (x - center) / Math.sqrt(variance + 1e-6)),
      );
    });
  });

  test("attention pooling is one query's attention over all tokens, and an MLP", async () => {
    using model = await randomModel({ classificationType: "map", useClsToken: false });
    using input = images();
    using run = await model.runWithCache(input);
    const { cache } = run;
    expect(cache.get("attn_pool.hook_pattern").shape).toEqual([1, 2, 1, 6]);
    const pattern = await rows(cache.get("attn_pool.hook_pattern")); // [H, P]
    const v = await cache.get("attn_pool.hook_v").data(); // [P, H, E]
    const z = [0, 1].flatMap((head) =>
      [0, 1, 2, 3].map((e) =>
        pattern[head]!.reduce((sum, share, p) => sum + share * v[p * 8 + head * 4 + e]!, 0),
      ),
    );
    expectClose((await rows(cache.get("attn_pool.hook_z"))).flat(), z);
    const written = linear(
      z,
      await weights(model, "attn_pool.W_O"),
      await bias(model, "attn_pool.b_O"),
    );
    expectClose((await rows(cache.get("attn_pool.hook_attn_out")))[0]!, written);
    const mlpOut = (await rows(cache.get("attn_pool.hook_mlp_out")))[0]!;
    const pooled = written.map((x, i) => x + mlpOut[i]!);
    const expected = linear(
      pooled,
      await weights(model, "head.W_H"),
      await bias(model, "head.b_H"),
    );
    expectClose((await rows(run.output))[0]!, expected);
  });

  test("a gated MLP multiplies the activation of one projection with the other", async () => {
    using model = await randomModel({ gatedMlp: true, activationName: "silu" });
    using input = images();
    using run = await model.runWithCache(input);
    const [pre, linearPart, post] = await Promise.all(
      (["pre", "pre_linear", "post"] as const).map(async (name) =>
        rows(run.cache.get(`blocks.0.mlp.hook_${name}`)),
      ),
    );
    post!.forEach((row, p) =>
      expectClose(
        row,
        row.map((_, m) => (pre![p]![m]! / (1 + Math.exp(-pre![p]![m]!))) * linearPart![p]![m]!),
      ),
    );
    const [gate, straight] = await Promise.all(
      ["W_gate", "W_in"].map((name) => weights(model, `blocks.0.mlp.${name}`)),
    );
    const read = (await rows(run.cache.get("blocks.0.ln2.hook_normalized")))[2]!;
    const zeros = Array.from({ length: 12 }, () => 0);
    expectClose(pre![2]!, linear(read, gate!, zeros));
    expectClose(linearPart![2]!, linear(read, straight!, zeros));
  });

  test("pixels beyond the last whole patch are not seen", async () => {
    using model = await randomModel({ imageSize: [11, 14] });
    expect(model.tokens.grid).toEqual([2, 3]);
    using wide = randn([1, 1, 11, 14], { seed: 2 });
    using before = model.forward(wide);
    const answer = await rows(before);
    using changed = scope(() => wide.set([0, 0, [8, 11]], 9).set([0, 0, null, [12, 14]], -9));
    using same = model.forward(changed);
    expect(await rows(same)).toEqual(answer);
    using seen = wide.set([0, 0, 7, 11], 9);
    using other = model.forward(seen);
    expect(await rows(other)).not.toEqual(answer);
  });

  test.each<[string, Partial<ViTConfigInput<1>>, string]>([
    [
      "a distilled answer without its token",
      { classificationType: "distilled" },
      "classificationType",
    ],
    ["a norm after a mean that is not there", { fcNorm: true }, "fcNorm"],
    ["a gate without an MLP", { gatedMlp: true, attnOnly: true }, "gatedMlp"],
    ["half a register", { nRegisters: 0.5 }, "nRegisters"],
    ["no patch at all", { imageSize: [3, 12] }, "imageSize"],
  ])("%s is refused", async (_what, options, field) => {
    await expect(createViT({ ...SMALL, ...options })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(field) as string,
    });
  });

  test("readouts that are not linear have no logit directions", async () => {
    using model = await randomModel({ classificationType: "map", useClsToken: false });
    expect(() => model.logitDirections([0])).toThrow(/along no one direction/);
    const { directions, bias: added } = model.logitDirections([0], { raw: true });
    expect(directions.shape).toEqual([1, 8]);
    directions.dispose();
    added.dispose();
  });
});
