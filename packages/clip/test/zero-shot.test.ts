// A pair as a classifier: logits are scale x cosine, attribution sums, the lens ends in the answer, edits and twins work.
import { attributeLogits, attentionMaps, logitLens } from "../../analysis/src/index.ts";
import { init, scope, type Device, type Tensor } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Clip, type ZeroShotViT } from "../src/index.ts";
import { inputOf, openGolden } from "./golden-clip.ts";

const TEXTS = ["cat", "dog", "tree"];

/** Scale x cosine + bias of the pair's own embeddings. */
async function cosineLogits(
  clip: Clip,
  images: Tensor,
  texts: readonly string[],
): Promise<Float32Array> {
  using image = await clip.encodeImage(images);
  using text = await clip.encodeText(texts);
  using logits = scope(() =>
    image.matmul(text.transpose()).mul(clip.logitScale).add(clip.logitBias),
  );
  return Float32Array.from(await logits.data());
}

async function logitsOf(model: ZeroShotViT, images: Tensor): Promise<Float32Array> {
  using logits = model.forward(images);
  return Float32Array.from(await logits.data());
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));
}

let device: Device;
beforeAll(async () => {
  device = await init({ device: "wasm" });
});
afterAll(() => device.dispose());

test.each(["clip", "open-clip"])(
  "%s: logits are scale x cosine",
  { timeout: 60_000 },
  async (name) => {
    const { clip, pair } = await openGolden(name);
    using images = inputOf(pair.get("images")!);
    using model = await clip.asClassifier(TEXTS);
    expect(model.labels).toEqual(TEXTS);
    const found = await logitsOf(model, images);
    const expected = await cosineLogits(clip, images, TEXTS);
    expect(largestDifference(found, expected)).toBeLessThan(1e-4);
    expect(Math.max(...found.map(Math.abs))).toBeGreaterThan(0.1);
    clip.dispose();
  },
);

test("templates: the mean of embeddings, scaled to length 1", { timeout: 60_000 }, async () => {
  const { clip, pair } = await openGolden("clip");
  using images = inputOf(pair.get("images")!);
  const templates = ["a {}.", "{} and {}"];
  using model = await clip.asClassifier(["cat", "dog"], { templates });
  using cat = await clip.encodeText(["a cat.", "cat and cat"]);
  using image = await clip.encodeImage(images);
  using expected = scope(() => {
    const mean = cat.mean(0);
    const unit = mean.div(mean.square().sum().sqrt());
    return image.matmul(unit.reshape([24, 1])).mul(clip.logitScale);
  });
  const found = await logitsOf(model, images);
  const want = await expected.data();
  expect(Math.abs(found[0]! - want[0]!)).toBeLessThan(1e-4);
  expect(Math.abs(found[2]! - want[1]!)).toBeLessThan(1e-4);
  clip.dispose();
});

test(
  "attribution sums to the difference of logits, and the lens ends in them",
  { timeout: 60_000 },
  async () => {
    const { clip, pair } = await openGolden("clip");
    using images = inputOf(pair.get("images")!);
    using model = await clip.asClassifier(TEXTS);
    const logits = await logitsOf(model, images);
    for (const by of ["component", "head", "patch"] as const) {
      const parts = await attributeLogits(model, images, { target: ["cat", "tree"], by });
      expect(Math.abs(parts.target.values[1]! - (logits[3]! - logits[5]!))).toBeLessThan(1e-4);
      expect(Math.max(...parts.remainder.values.map(Math.abs)), by).toBeLessThan(1e-4);
    }
    for (const norm of ["recomputed", "frozen"] as const) {
      const lens = await logitLens(model, images, { positions: ["cls"], layers: [-1], norm });
      expect(largestDifference(Float32Array.from(lens.logits.values), logits), norm).toBeLessThan(
        1e-4,
      );
    }
    const maps = await attentionMaps(model, images, { kind: "contribution", target: "cat" });
    expect(maps.maps.values.every(Number.isFinite)).toBe(true);
    clip.dispose();
  },
);

test("folded, and with fresh weights", { timeout: 60_000 }, async () => {
  const { clip, pair } = await openGolden("clip");
  using images = inputOf(pair.get("images")!);
  using model = await clip.asClassifier(TEXTS);
  using folded = await model.process(true);
  expect(folded.processing.length).toBeGreaterThan(0);
  expect(
    largestDifference(await logitsOf(folded, images), await logitsOf(model, images)),
  ).toBeLessThan(1e-4);
  await expect(model.process(["centerHead"])).rejects.toMatchObject({ code: "ARGUMENT_INVALID" });
  await expect(model.save()).rejects.toMatchObject({ code: "ARGUMENT_INVALID" });
  using twin = await model.randomTwin({ seed: 3 });
  expect(
    largestDifference(await logitsOf(twin, images), await logitsOf(model, images)),
  ).toBeGreaterThan(0.01);
  clip.dispose();
});

test(
  "SigLIP: a bias, attention pooling, and no attribution along a direction",
  { timeout: 60_000 },
  async () => {
    const { clip, pair } = await openGolden("siglip");
    expect(clip.logitBias).toBe(-3);
    using images = inputOf(pair.get("images")!);
    using model = await clip.asClassifier(TEXTS);
    const found = await logitsOf(model, images);
    expect(largestDifference(found, await cosineLogits(clip, images, TEXTS))).toBeLessThan(1e-4);
    await expect(attributeLogits(model, images, { target: "cat" })).rejects.toMatchObject({
      code: "ARGUMENT_INVALID",
    });
    clip.dispose();
  },
);
