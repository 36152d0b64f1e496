// A target for each image: PyTorch's values, the same as of each image alone, and refusals.
import { concat, scope, type Tensor } from "@prisma/tensor";
import { expect, test } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import {
  ablate,
  attributeLogits,
  logitLens,
  patchActivations,
  type AttributeBy,
  type LabelledValues,
  type Target,
} from "../src/index.ts";
import { openEdits } from "./edits-golden.ts";
import { openGolden } from "./golden-attribution.ts";

type Single = number | readonly [number, number];

const OWN = "logit of each image's own target";
/** A pair for the first image, for the second a class against the mean of all. */
const TARGETS: readonly Single[] = [[2, 0], 1];

/** `target` of `logits`, by hand. */
function differenceBy(logits: ArrayLike<number>, target: Single): number {
  const all = Array.from(logits);
  if (typeof target !== "number") return all[target[0]]! - all[target[1]]!;
  return all[target]! - all.reduce((sum, x) => sum + x, 0) / all.length;
}

/** Values of one of two images. */
function rowOf({ values }: { values: ArrayLike<number> }, image: number): Float32Array {
  const size = values.length / 2;
  return Float32Array.from(values).subarray(image * size, (image + 1) * size);
}

/** Every number of `found` is that of `wanted` to a millionth of the largest. */
function expectSame(found: Float32Array, wanted: Float32Array, of: string): void {
  const largest = Math.max(...wanted.map(Math.abs), 1e-3);
  const worst = Math.max(...found.map((value, i) => Math.abs(value - wanted[i]!)));
  expect([of, found.length, worst <= 2e-6 * largest]).toEqual([of, wanted.length, true]);
}

/** The images of `input`, each alone. */
const eachOf = (input: Tensor): Tensor[] =>
  scope(() => Array.from({ length: input.shape[0]! }, (_, i) => input.get([[i, i + 1]])));

onEachDevice(() => {
  test("attribution: each image has PyTorch's values of its own target", async () => {
    using golden = await openGolden("timm-cls");
    const { model, input, expected } = golden;
    for (const by of ["component", "head", "position", "patch"] as AttributeBy[]) {
      const found = await attributeLogits(model, input, { target: { targets: TARGETS }, by });
      const parts: Record<string, LabelledValues> = { [by]: found.contributions };
      for (const [part, values] of Object.entries({ ...parts, target: found.target })) {
        ["pair", "alone"].forEach((kind, image) => {
          const wanted = expected.get(`${kind}.${part}`)!;
          const row = rowOf(wanted, image);
          const worst = rowOf(values, image).map((value, i) => Math.abs(value - row[i]!));
          expect(Math.max(...worst)).toBeLessThanOrEqual(wanted.tolerance);
        });
      }
      const biases = ["pair", "alone"].map((kind) => expected.get(`${kind}.bias`)!.values[0]!);
      found.bias.values.forEach((value, i) => expect(value).toBeCloseTo(biases[i]!, 5));
      found.remainder.values.forEach((value, i) =>
        expect(Math.abs(value / found.target.values[i]!)).toBeLessThanOrEqual(1e-4),
      );
      expect(found.metric).toBe(OWN);
    }
  });

  test("ablation: effects are PyTorch's logits under the edit, each image by its own target", async () => {
    using golden = await openEdits("timm-cls", "blocks.*.attn.hook_z");
    const { model, clean, reference, index, expected } = golden;
    const { edits } = index.cases.find(({ name }) => name === "mean of a head")!;
    const { effects, before, metric } = await ablate(model, clean, {
      edits,
      reference,
      target: { targets: TARGETS },
    });
    const [plain, cut] = ["logits.clean", "edits.mean of a head"].map((name) =>
      expected.get(name)!,
    );
    TARGETS.forEach((target, image) => {
      const [was, is] = [plain!, cut!].map((logits) => differenceBy(rowOf(logits, image), target));
      expect(Math.abs(before.values[image]! - was!)).toBeLessThanOrEqual(2 * plain!.tolerance);
      expect(Math.abs(effects.values[image]! - (is! - was!))).toBeLessThanOrEqual(
        4 * cut!.tolerance,
      );
      expect(Math.abs(is! - was!)).toBeGreaterThan(100 * cut!.tolerance);
    });
    expect(metric).toBe(OWN);
  });

  test("every analysis: the same numbers as each image alone with its target", async () => {
    using golden = await openEdits("timm-cls", "blocks.*.attn.hook_z");
    const { model, clean, corrupted, reference } = golden;
    const [cleans, others] = [eachOf(clean), eachOf(corrupted)];
    const analyses: Record<
      string,
      (images: Tensor, other: Tensor, target: Target) => Promise<(LabelledValues | null)[]>
    > = {
      ablate: async (images, _, target) => {
        const { effects, before } = await ablate(model, images, {
          sweep: "heads",
          reference,
          target,
        });
        return [effects, before];
      },
      patchActivations: async (images, other, target) => {
        const { values, normalized, baselines } = await patchActivations(
          model,
          { clean: images, corrupted: other },
          { what: "z", by: "head", into: "corrupted", target },
        );
        return [values, normalized, baselines.clean, baselines.corrupted];
      },
      attributeLogits: async (images, _, target) => {
        const found = await attributeLogits(model, images, { target, by: "head" });
        return [found.contributions, found.rest, found.bias, found.target];
      },
      logitLens: async (images, _, target) => [(await logitLens(model, images, { target })).target],
    };
    for (const [name, run] of Object.entries(analyses)) {
      const together = await run(clean, corrupted, { targets: TARGETS });
      for (const [image, target] of TARGETS.entries()) {
        const alone = await run(cleans[image]!, others[image]!, target);
        const listed = await run(cleans[image]!, others[image]!, { targets: [target] });
        alone.forEach((values, i) => {
          expectSame(rowOf(together[i]!, image), values!.values, `${name}, image ${image}`);
          expectSame(listed[i]!.values, values!.values, `${name}, image ${image} in a list`);
        });
      }
    }
    [...cleans, ...others].forEach((one) => one.dispose());
  });

  test("more targets than images, fewer, a class that is none and what is no target are refused", async () => {
    using golden = await openGolden("garment-scenes-vit");
    const { model, input } = golden;
    using three = scope(() => concat([input, input.get([[0, 1]])]));
    const analyses: ((target: Target) => Promise<unknown>)[] = [
      (target) => attributeLogits(model, three, { target }),
      (target) => logitLens(model, three, { target }),
      (target) => ablate(model, three, { sweep: "heads", kind: "zero", target }),
      (target) =>
        patchActivations(
          model,
          { clean: three, corrupted: three },
          { what: "z", by: "head", into: "clean", target },
        ),
    ];
    const refusals: [target: unknown, words: string][] = [
      [{ targets: ["Dress", "Bag"] }, "2 targets for 3 images"],
      [{ targets: [0, 1, 2, 3] }, "4 targets for 3 images"],
      [{ targets: [] }, "0 targets for 3 images"],
      [{ targets: "Dress" }, "for 3 images"],
      [{ targets: ["Dress", "Bag", "Trowser"] }, '"Trouser"'],
      [{ targets: ["Dress", "Bag", ["Bag", "bag"]] }, "always 0"],
      [{ targets: ["Dress", "Bag", {}] }, "expected"],
      [{}, "expected a class"],
      [null, "expected a class"],
      [["Dress"], "expected a class"],
      [["Dress", {}], "expected a class"],
      [Number.NaN, "NaN"],
    ];
    for (const analysis of analyses) {
      for (const [target, words] of refusals) {
        const error = await analysis(target as Target).catch((thrown: unknown) => thrown);
        expect([words, error]).toMatchObject([
          words,
          { code: "ARGUMENT_INVALID", message: expect.stringContaining(words) },
        ]);
      }
    }
  });
});
