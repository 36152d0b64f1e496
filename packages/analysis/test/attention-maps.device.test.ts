// Attention in its three measures against PyTorch in float64, against attribution by head, and bad input.
import { expect, test } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import { repositoryFile } from "../../../test/repository-file.ts";
import { readExpected } from "../../vit/test/golden-set.ts";
import { attentionMaps, attributeLogits, type AttentionMapsOptions } from "../src/index.ts";
import { differenceOf, openGolden } from "./golden-attribution.ts";

const SLOW = { timeout: 60_000 };
const TRAINED = "garment-scenes-vit";
/** Targets of the golden files. */
const TARGETS = {
  "timm-cls": [2, 0],
  "timm-avg": 1,
  "prisma-ln-pre": [2, 0],
  [TRAINED]: ["Dress", "Trouser"],
} as const;

onEachDevice(() => {
  test.each(Object.entries(TARGETS))("%s: every kind is PyTorch's", SLOW, async (name, target) => {
    using golden = await openGolden(name);
    const { model } = golden;
    using input = golden.input.get([[0, 1]]);
    const expected = await readExpected(repositoryFile("packages/analysis/test/golden/"), [
      `attention-${name}.safetensors`,
    ]);
    for (const options of [
      { kind: "pattern" },
      { kind: "value-weighted" },
      { kind: "contribution", target },
    ] as const) {
      const { maps } = await attentionMaps(model, input, options);
      expect(differenceOf(expected.get(options.kind), maps.values), options.kind).toBeNull();
      expect(maps.axes.map(({ labels }) => labels.length)).toEqual(
        expected.get(options.kind)!.shape,
      );
    }
  });

  test("contributions of several images, each with its target, sum to the heads' shares", async () => {
    using golden = await openGolden(TRAINED);
    const { model, input } = golden;
    const target = { targets: [["Dress", "Trouser"], "Bag"] } as const;
    const { maps, metric } = await attentionMaps(model, input, { kind: "contribution", target });
    const heads = await attributeLogits(model, input, { target, by: "head" });
    expect(metric).toBe("logit of each image's own target");
    const size = 33 * 33;
    const sums = Array.from(heads.contributions.values, (_, at) =>
      maps.values.subarray(at * size, (at + 1) * size).reduce((sum, x) => sum + x, 0),
    );
    const worst = sums.map((sum, at) => Math.abs(sum - heads.contributions.values[at]!));
    expect(Math.max(...worst)).toBeLessThan(1e-4);
  });

  test("a head that is cut takes nothing, though it looks as before", async () => {
    using golden = await openGolden(TRAINED);
    const { model, input } = golden;
    const head = (values: Float32Array) => values.subarray(2 * 33 * 33, 3 * 33 * 33);
    const before = await attentionMaps(model, input);
    using _cut = model.hooks([["blocks.0.attn.hook_v", (v) => v.set([null, null, 2], 0)]]);
    const after = await attentionMaps(model, input);
    const weighted = await attentionMaps(model, input, { kind: "value-weighted" });
    expect(head(after.maps.values)).toEqual(head(before.maps.values));
    expect(head(weighted.maps.values).every((x) => x === 0)).toBe(true);
  });
});

onEachDevice(() => {
  test("cancelled half-way it keeps what it has", async () => {
    using golden = await openGolden("timm-cls");
    const { model, input } = golden;
    const controller = new AbortController();
    const found = await attentionMaps(model, input, {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    expect(found.complete).toBe(false);
    const half = found.maps.values.length / 2;
    expect(found.maps.values.subarray(0, half).some(Number.isNaN)).toBe(false);
    expect(found.maps.values.subarray(half).every(Number.isNaN)).toBe(true);
    await expect(attentionMaps(model, input, { signal: controller.signal })).rejects.toMatchObject({
      code: "CANCELLED",
    });
  });

  test("bad input is refused by code", async () => {
    using golden = await openGolden(TRAINED);
    const { model, input } = golden;
    const refused: readonly (readonly [options: object, message: RegExp])[] = [
      [{ kind: "norm" }, /expected one of pattern, value-weighted, contribution/],
      [{ kind: "toString" }, /expected one of/],
      [{ kind: "contribution" }, /give target/],
      [{ kind: "pattern", target: "Bag" }, /has no target/],
      [{ kind: "contribution", target: "Drass" }, /did you mean "Dress"/],
      [{ kind: "contribution", target: { targets: ["Bag"] } }, /1 targets for 2 images/],
    ];
    for (const [options, message] of refused) {
      const error = attentionMaps(model, input, options as AttentionMapsOptions);
      await expect(error).rejects.toMatchObject({ code: "ARGUMENT_INVALID" });
      await expect(error).rejects.toThrow(message);
    }
  });
});
