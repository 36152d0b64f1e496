// Direct logit attribution against PyTorch in float64, its sums, folded weights, hooks, cancelling and bad input.
import { einsum, scope, tensor, type Tensor } from "@prisma/tensor";
import { createViT, ViT } from "@prisma/vit";
import { expect, test } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import { attributeLogits, type AttributeBy, type LogitAttribution } from "../src/index.ts";
import { differenceOf, openGolden, SETS } from "./golden-attribution.ts";

const SLOW = { timeout: 120_000 };
const WAYS: readonly AttributeBy[] = ["component", "head", "position", "patch"];
const TRAINED = "garment-scenes-vit";

/** Targets of the golden files: of random models the pair 2, 0 and class 1; of the trained one by name. */
const targetOf = (name: string, kind: "pair" | "alone") =>
  name === TRAINED
    ? { pair: ["Dress", "trouser"] as const, alone: "Bag" }[kind]
    : { pair: [2, 0] as const, alone: 1 }[kind];

/** Largest of |remainder| / |target|, where both are worked out here, from the values. */
function worstRemainder({ contributions, rest, bias, target }: LogitAttribution): number {
  const rowSum = (values: Float32Array, image: number): number => {
    const size = values.length / target.values.length;
    return values.slice(image * size, (image + 1) * size).reduce((sum, x) => sum + x, 0);
  };
  return Math.max(
    ...Array.from(target.values, (whole, i) => {
      const parts = [contributions, rest, bias].map(({ values }) => rowSum(values, i));
      return Math.abs((whole - parts.reduce((sum, x) => sum + x, 0)) / whole);
    }),
  );
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
  test.each(SETS)("%s: every split is PyTorch's and sums to the target", SLOW, async (name) => {
    using golden = await openGolden(name);
    const { model, input, expected } = golden;
    const wrong: string[] = [];
    for (const kind of ["pair", "alone"] as const) {
      for (const by of WAYS) {
        const found = await attributeLogits(model, input, { target: targetOf(name, kind), by });
        const { contributions, rest, bias, target } = found;
        const parts = {
          [by]: contributions.values,
          target: target.values,
          bias: bias.values.subarray(0, 1),
        };
        expect(new Set(bias.values).size).toBe(1);
        const more = by === "head" || by === "patch" ? { rest: rest.values } : {};
        for (const [part, values] of Object.entries({ ...parts, ...more })) {
          const difference = differenceOf(expected.get(`${kind}.${part}`), values);
          if (difference !== null) wrong.push(`${kind} by ${by}, ${part}: ${difference}`);
        }
        const size = [contributions, rest].map(({ axes }) =>
          axes.reduce((product, { labels }) => product * labels.length, 1),
        );
        expect(size).toEqual([contributions.values.length, rest.values.length]);
        const remainder = worstRemainder(found);
        if (!(remainder <= 1e-4)) wrong.push(`${kind} by ${by}: remainder ${remainder}`);
        if (!found.remainder.values.every((x, i) => Math.abs(x / target.values[i]!) <= 1e-4))
          wrong.push(`${kind} by ${by}: remainders ${found.remainder.values.join()}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test.each(["timm-pre-norm", "timm-avg", "prisma-attn-only", TRAINED])(
    "%s: weights folded by hand give the same",
    SLOW,
    async (name) => {
      using golden = await openGolden(name);
      const { model, input, expected } = golden;
      using folded = await fold(model);
      for (const by of WAYS) {
        const options = { target: targetOf(name, "pair"), by };
        const found = await attributeLogits(folded, input, options);
        expect(differenceOf(expected.get(`pair.${by}`), found.contributions.values)).toBeNull();
        expect(
          differenceOf(expected.get("pair.bias"), found.bias.values.subarray(0, 1)),
        ).toBeNull();
        expect(worstRemainder(found)).toBeLessThan(1e-4);
        const plain = await attributeLogits(model, input, options);
        expect(found.weights).not.toBe(plain.weights);
      }
    },
  );

  test("axes, labels and provenance say what the numbers are", async () => {
    using golden = await openGolden(TRAINED);
    const { model, input } = golden;
    const target = ["dress", "Trouser"] as const;
    const components = await attributeLogits(model, input, { target });
    expect(components.contributions.axes).toEqual([
      { name: "image", labels: ["0", "1"] },
      {
        name: "component",
        labels: [
          "embed",
          "cls_embed",
          "pos_embed",
          ...["0", "1", "2", "3"].flatMap((layer) => [`${layer}_attn_out`, `${layer}_mlp_out`]),
        ],
      },
    ]);
    expect(components.note).toBeNull();
    const patches = await attributeLogits(model, input, { target, by: "patch" });
    expect(patches.contributions.axes.map(({ name, labels }) => [name, labels.length])).toEqual([
      ["image", 2],
      ["layer", 4],
      ["head", 4],
      ["source", 33],
    ]);
    expect(patches.rest.axes[1]!.labels.slice(2, 5)).toEqual([
      "pos_embed",
      "0_attn_bias",
      "0_mlp_out",
    ]);
    const positions = await attributeLogits(model, input, { target, by: "position" });
    expect(positions.contributions.axes[1]!.labels.slice(0, 2)).toEqual(["CLS", "(0,0)"]);
    expect([...positions.contributions.values].filter((x) => x !== 0)).toHaveLength(2);
    expect(positions).toMatchObject({
      note: expect.stringContaining("read at CLS alone"),
      method: "direct logit attribution by position, scale of norms held",
      metric: "logit of Dress minus logit of Trouser",
      baseline: null,
      weights: await model.weightHash(),
      processing: [],
      complete: true,
    });
  });

  test("a hook that cuts a head moves its share to 0 and the target with it", async () => {
    using golden = await openGolden(TRAINED);
    const { model, input } = golden;
    const ask = { target: ["Dress", "Trouser"], by: "head" } as const;
    const before = await attributeLogits(model, input, ask);
    const cut = model.hooks([["blocks.3.attn.hook_z", (z) => z.set([null, null, 1], 0)]]);
    const after = await attributeLogits(model, input, ask);
    cut.remove();
    const share = (found: LogitAttribution): number => found.contributions.values[3 * 4 + 1]!;
    expect(share(after)).toBe(0);
    expect(Math.abs(share(before))).toBeGreaterThan(0.01);
    expect(after.target.values[0]).not.toBeCloseTo(before.target.values[0]!, 3);
    expect(worstRemainder(after)).toBeLessThan(1e-4);
  });

  test("what a hook changes outside of the parts is in the remainder", async () => {
    using golden = await openGolden(TRAINED);
    const { model, input } = golden;
    using _doubled = model.hooks([["blocks.1.hook_resid_post", (stream) => stream.mul(2)]]);
    const found = await attributeLogits(model, input, { target: ["Dress", "Trouser"] });
    expect(Math.abs(found.remainder.values[0]!)).toBeGreaterThan(0.01);
    expect(worstRemainder(found) * Math.abs(found.target.values[0]!)).toBeGreaterThan(0.01);
  });

  test("a model without blocks has embeddings alone", async () => {
    using model = await createViT({ nLayers: 0, dModel: 8, patchSize: 4, imageSize: 8 });
    using input = tensor(Array.from({ length: 192 }, Math.cos), { shape: [1, 3, 8, 8] });
    for (const by of WAYS) {
      const found = await attributeLogits(model, input, { target: 3, by });
      expect(worstRemainder(found)).toBeLessThan(1e-4);
    }
  });

  test("cancelled half-way it keeps what it has; before the start it throws", async () => {
    using golden = await openGolden("timm-cls");
    const { model, input } = golden;
    const controller = new AbortController();
    const steps: number[][] = [];
    const found = await attributeLogits(model, input, {
      target: [2, 0],
      by: "head",
      signal: controller.signal,
      onProgress: ({ done, total }) => {
        steps.push([done, total]);
        controller.abort();
      },
    });
    expect(steps).toEqual([[1, 2]]);
    expect(found.complete).toBe(false);
    expect([...found.target.values].map(Number.isNaN)).toEqual([false, true]);
    const { values } = found.contributions;
    expect(values.subarray(0, 9).some(Number.isNaN)).toBe(false);
    expect(values.subarray(9).every(Number.isNaN)).toBe(true);
    await expect(
      attributeLogits(model, input, { target: [2, 0], signal: controller.signal }),
    ).rejects.toMatchObject({ code: "CANCELLED" });
  });

  test("bad input is refused by code", async () => {
    using golden = await openGolden(TRAINED);
    const { model, input } = golden;
    const refusal = async (target: string | number, by?: string, images = input) =>
      attributeLogits(model, images, {
        target,
        ...(by === undefined ? {} : { by: by as AttributeBy }),
      }).catch((error: unknown) => error);
    const code = "ARGUMENT_INVALID";
    expect(await refusal("Drass")).toMatchObject({
      code,
      message: expect.stringContaining('did you mean "Dress"'),
    });
    expect(await refusal(10)).toMatchObject({ code });
    expect(await refusal("Dress", "neuron")).toMatchObject({ code });
    expect(await refusal("Dress", "toString")).toMatchObject({ code });
    using none = input.get([[0, 0]]);
    expect(await refusal("Dress", "head", none)).toMatchObject({ code });
    expect(await refusal("Dress", "head", null as never)).toMatchObject({ code });
    using narrow = input.get([null, null, [0, 14]]);
    expect(await refusal("Dress", "head", narrow)).toMatchObject({ code: "SHAPE_MISMATCH" });
  });
});
