// The logit lens against PyTorch in float64, against the model's own answer, by layer and position, cancelled, and on bad input.
import { createViT } from "@prisma/vit";
import { tensor } from "@prisma/tensor";
import { expect, test } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import { logitLens, type LogitLensOptions } from "../src/index.ts";
import { differenceOf, openGolden, SETS } from "./golden-attribution.ts";

const SLOW = { timeout: 120_000 };
const TRAINED = "garment-scenes-vit";
const WAYS: Readonly<Record<string, LogitLensOptions>> = {
  "lens.recomputed": {},
  "lens.frozen": { norm: "frozen", bias: false },
};

onEachDevice(() => {
  test.each(SETS)("%s: both lenses are PyTorch's", SLOW, async (name) => {
    using golden = await openGolden(name);
    const { model, input, expected } = golden;
    for (const [key, options] of Object.entries(WAYS)) {
      const { logits } = await logitLens(model, input, options);
      expect([key, differenceOf(expected.get(key), logits.values)]).toEqual([key, null]);
      const shape = logits.axes.map((axis) => axis.labels.length);
      expect(shape).toEqual([...expected.get(key)!.shape]);
    }
  });

  test.each(["timm-cls", "timm-pre-norm", "prisma-no-norm", TRAINED])(
    "%s: at the end of the model, CLS gives its own logits",
    async (name) => {
      using golden = await openGolden(name);
      const { model, input } = golden;
      using output = model.forward(input);
      const wanted = await output.data();
      for (const norm of ["recomputed", "frozen"] as const) {
        const lens = await logitLens(model, input, { layers: [-1], positions: ["cls"], norm });
        const largest = Math.max(...wanted.map(Math.abs));
        lens.logits.values.forEach((value, i) =>
          expect(Math.abs(value - wanted[i]!)).toBeLessThan(1e-5 * largest),
        );
        expect([...lens.agreement.values]).toEqual([1, 1]);
        expect(lens.top).toEqual(
          lens.answer.map((row) => ({
            ...row!,
            probability: expect.closeTo(row!.probability, 4),
          })),
        );
      }
    },
  );

  test("axes, likeliest classes and agreement are those of the values", async () => {
    using golden = await openGolden(TRAINED);
    const { model, input } = golden;
    const lens = await logitLens(model, input, { target: ["Dress", "trouser"] });
    expect(lens.logits.axes).toEqual([
      { name: "image", labels: ["0", "1"] },
      { name: "layer", labels: ["0_pre", "0_post", "1_post", "2_post", "3_post"] },
      { name: "position", labels: expect.arrayContaining(["CLS", "(3,7)"]) },
      { name: "class", labels: model.labels },
    ]);
    const rows = lens.top.map((_, cell) =>
      Array.from(lens.logits.values.subarray(cell * 10, (cell + 1) * 10)),
    );
    expect(rows).toHaveLength(2 * 5 * 33);
    rows.forEach((row, cell) => {
      const { index, label, probability } = lens.top[cell]!;
      expect(row[index]).toBe(Math.max(...row));
      expect(label).toBe(model.labels![index]);
      const sum = row.reduce((total, logit) => total + Math.exp(logit), 0);
      expect(probability).toBeCloseTo(Math.exp(row[index]!) / sum, 6);
      expect(lens.target!.values[cell]).toBeCloseTo(row[3]! - row[1]!, 5);
    });
    const share = (image: number, layer: number): number => {
      const cells = lens.top.slice((image * 5 + layer) * 33, (image * 5 + layer + 1) * 33);
      return cells.filter((cell) => cell!.index === lens.answer[image]!.index).length / 33;
    };
    expect([...lens.agreement.values]).toEqual(
      [0, 1].flatMap((image) => [0, 1, 2, 3, 4].map((layer) => Math.fround(share(image, layer)))),
    );
    expect(lens).toMatchObject({
      note: expect.stringContaining("CLS alone"),
      method: "logit lens, norm recomputed, with biases",
      metric: "logit of Dress minus logit of Trouser",
      weights: await model.weightHash(),
      complete: true,
    });
  });

  test("layers and positions pick cells of the whole lens", async () => {
    using golden = await openGolden("timm-avg");
    const { model, input } = golden;
    const whole = await logitLens(model, input);
    expect(whole.note).toBeNull();
    const some = await logitLens(model, input, { layers: [2, 0], positions: [[1, 3], 0] });
    expect(some.logits.axes.slice(1, 3).map((axis) => axis.labels)).toEqual([
      ["1_post", "0_pre"],
      ["(1,3)", "(0,0)"],
    ]);
    const cell = (image: number, layer: number, position: number): number[] => {
      const at = (image * 3 + layer) * 15 + position;
      return [...whole.logits.values.subarray(at * 8, (at + 1) * 8)];
    };
    const wanted = [0, 1].flatMap((image) => [
      ...cell(image, 2, 8),
      ...cell(image, 2, 0),
      ...cell(image, 0, 8),
      ...cell(image, 0, 0),
    ]);
    expect([...some.logits.values]).toEqual(wanted.map((value) => expect.closeTo(value, 5)));
  });

  test("a model without blocks has its embeddings", async () => {
    using model = await createViT({ nLayers: 0, dModel: 8, patchSize: 4, imageSize: 8 });
    using input = tensor(Array.from({ length: 192 }, Math.cos), { shape: [1, 3, 8, 8] });
    const lens = await logitLens(model, input, { positions: ["cls"] });
    expect(lens.logits.axes[1]!.labels).toEqual(["hook_full_embed"]);
    expect([...lens.agreement.values]).toEqual([1]);
  });

  test("cancelled half-way it keeps what it has; before the start it throws", async () => {
    using golden = await openGolden("timm-cls");
    const { model, input } = golden;
    const controller = new AbortController();
    const lens = await logitLens(model, input, {
      signal: controller.signal,
      target: 1,
      onProgress: () => controller.abort(),
    });
    expect(lens.complete).toBe(false);
    const cells = lens.top.length / 2;
    expect(lens.top.map((cell) => cell === null)).toEqual(lens.top.map((_, cell) => cell >= cells));
    expect(lens.answer.map((row) => row === null)).toEqual([false, true]);
    for (const { values } of [lens.logits, lens.target!, lens.agreement]) {
      expect(values.subarray(0, values.length / 2).some(Number.isNaN)).toBe(false);
      expect(values.subarray(values.length / 2).every(Number.isNaN)).toBe(true);
    }
    await expect(logitLens(model, input, { signal: controller.signal })).rejects.toMatchObject({
      code: "CANCELLED",
    });
  });

  test("bad input is refused by code", async () => {
    using golden = await openGolden(TRAINED);
    const { model, input } = golden;
    const refusal = async (options: LogitLensOptions, images = input) =>
      logitLens(model, images, options).catch((error: unknown) => error);
    const code = "ARGUMENT_INVALID";
    expect(await refusal({ target: "Drass" })).toMatchObject({
      code,
      message: expect.stringContaining('did you mean "Dress"'),
    });
    expect(await refusal({ layers: [] })).toMatchObject({ code });
    expect(await refusal({ layers: [5] })).toMatchObject({ code });
    expect(await refusal({ layers: [-6] })).toMatchObject({ code });
    expect(await refusal({ layers: [0.5] })).toMatchObject({ code });
    expect(await refusal({ positions: [] })).toMatchObject({ code });
    expect(await refusal({ positions: [33] })).toMatchObject({ code: "INDEX_OUT_OF_RANGE" });
    expect(await refusal({ positions: [[4, 0]] })).toMatchObject({ code: "INDEX_OUT_OF_RANGE" });
    expect(await refusal({ norm: "anew" as "frozen" })).toMatchObject({ code });
    using none = input.get([[0, 0]]);
    expect(await refusal({}, none)).toMatchObject({ code });
    expect(await refusal({}, [1, 2] as never)).toMatchObject({ code });
    using narrow = input.get([null, null, [0, 14]]);
    expect(await refusal({}, narrow)).toMatchObject({ code: "SHAPE_MISMATCH" });
    using _broken = model.hooks([["blocks.1.hook_mlp_out", (x) => x.mul(Number.NaN)]]);
    expect(await refusal({})).toMatchObject({ code, message: expect.stringContaining("NaN") });
  });
});
