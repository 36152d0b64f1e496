// The answer for an image as data: ranks, probabilities and names, on the shipped model and by hand.
import { tensor, type Tensor } from "@prisma/tensor";
import { expect, test } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import { repositoryFile } from "../../../test/repository-file.ts";
import { goldenFolder, readExpected } from "../../vit/test/golden-set.ts";
import { loadModel, testImage, topK } from "../src/index.ts";

const folder = repositoryFile("apps/demo/public/models/garment-scenes-vit/");

/** Gives these logits for every image. */
function classifier(logits: readonly number[], labels: readonly string[] | null) {
  return {
    labels,
    processing: [],
    weightHash: async (): Promise<string> => "none",
    preprocess: async (image: number): Promise<Tensor> => tensor([image]),
    forward: (): Tensor => tensor([logits]),
    labelIndex: (label: string | number): number => labels?.indexOf(String(label)) ?? Number(label),
  };
}

onEachDevice(() => {
  test("topK sorts, counts from 1, and gives probabilities", async () => {
    using logits = tensor([0, Math.log(3), Math.log(4), 0]);
    const rows = await topK(logits, ["a", "b", "c", "d"], 3);
    expect(rows.map(({ rank, index, label }) => [rank, index, label])).toEqual([
      [1, 2, "c"],
      [2, 1, "b"],
      [3, 0, "a"],
    ]);
    expect(rows.map((row) => row.probability)).toEqual(
      [4 / 9, 3 / 9, 1 / 9].map((value) => expect.closeTo(value, 6)),
    );
    expect(rows[0]!.logit).toBeCloseTo(Math.log(4), 6);
  });

  test("logits far apart do not overflow; labels may be absent; k may exceed the classes", async () => {
    using logits = tensor([[1000, -1000]]);
    const rows = await topK(logits, null, 5);
    expect(rows.map(({ label, probability }) => [label, probability])).toEqual([
      ["class 0", 1],
      ["class 1", 0],
    ]);
  });

  test("numbers that are no tensor are refused", async () => {
    const logits = Float32Array.of(1, 2) as never;
    await expect(topK(logits, null, 1)).rejects.toThrow(/^ARGUMENT_INVALID: topK: .*tensor/);
  });

  test.each([
    [
      "two answers at once",
      [
        [1, 2],
        [3, 4],
      ],
      null,
      1,
      "SHAPE_MISMATCH",
    ],
    ["a NaN", [1, Number.NaN], null, 1, "ARGUMENT_INVALID"],
    ["labels of another number", [1, 2], ["a"], 1, "ARGUMENT_INVALID"],
    ["k of 0", [1, 2], null, 0, "ARGUMENT_INVALID"],
    ["k of 1.5", [1, 2], null, 1.5, "ARGUMENT_INVALID"],
  ])("%s is refused", async (_what, values, labels, k, code) => {
    using logits = tensor(values);
    await expect(topK(logits, labels, k)).rejects.toMatchObject({ code });
  });

  test("testImage finds the expected answer wherever it stands", async () => {
    const model = classifier([1, 5, 3], ["a", "b", "c"]);
    const { top, answer } = await testImage(model, 0, { answer: "a", k: 2 });
    expect(top.map((row) => row.label)).toEqual(["b", "c"]);
    expect(answer).toMatchObject({ rank: 3, index: 0, logit: 1 });
    expect((await testImage(model, 0)).answer).toBeNull();
  });

  test("it says what it is of, that it is done, and stops when told to", async () => {
    using model = await loadModel(folder);
    const scene = new URL("scenes/000.png", folder);
    const steps: object[] = [];
    const found = await testImage(model, scene, { onProgress: (step) => steps.push(step) });
    expect(found).toMatchObject({
      method: "forward pass of one image, classes ranked by logit",
      metric: "logit of each class",
      baseline: null,
      weights: await model.weightHash(),
      processing: [],
      complete: true,
    });
    expect(steps).toEqual([{ done: 1, total: 1 }]);
    const stop = new AbortController();
    const stopped = testImage(model, scene, { signal: stop.signal });
    stop.abort();
    await expect(stopped).rejects.toMatchObject({ code: "CANCELLED" });
  });

  test("rows are PyTorch's logits, ranked", async () => {
    const expected = await readExpected(goldenFolder("garment-scenes-vit"), [
      "fingerprints.safetensors",
    ]);
    const { values, tolerance } = expected.get("output")!;
    using model = await loadModel(folder);
    for (const place of [0, 1, 2]) {
      const wanted = Array.from(values).slice(place * 10, (place + 1) * 10);
      const { top } = await testImage(model, new URL(`scenes/00${place}.png`, folder));
      expect(top.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      const off = top.map(({ index, logit }) => Math.abs(logit - wanted[index]!));
      expect(Math.max(...off)).toBeLessThanOrEqual(tolerance);
      const sorted = [...wanted].sort((a, b) => b - a);
      expect(top.map(({ index }) => wanted[index])).toEqual(sorted);
      const sum = wanted.reduce((total, logit) => total + Math.exp(logit), 0);
      top.forEach(({ logit, probability }) =>
        expect(probability).toBeCloseTo(Math.exp(logit) / sum, 4),
      );
    }
  });

  test("the shipped model names the garments of a scene", async () => {
    using model = await loadModel(folder);
    const { top, answer } = await testImage(model, new URL("scenes/000.png", folder), {
      answer: "dress",
    });
    expect(top).toHaveLength(10);
    expect(top.reduce((sum, row) => sum + row.probability, 0)).toBeCloseTo(1, 6);
    expect(answer).toMatchObject({ label: "Dress", index: 3 });
    await expect(
      testImage(model, new URL("scenes/000.png", folder), { answer: "hirt" }),
    ).rejects.toMatchObject({ code: "ARGUMENT_INVALID" });
    await expect(
      testImage(model, new URL("scenes/000.png", folder), { answer: "Drass" }),
    ).rejects.toMatchObject({ message: expect.stringContaining('did you mean "Dress"') });
    await expect(
      testImage(model, new URL("scenes/000.png", folder), { k: 0 }),
    ).rejects.toMatchObject({ message: expect.stringContaining("testImage: k is 0") });
  });
});
