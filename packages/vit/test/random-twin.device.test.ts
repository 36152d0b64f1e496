// Random twins: drawn as timm draws, the same for the same seed, near uniform, and nothing shared with the model they are twins of.
import { memory, randn, scope, type Tensor } from "@prisma/tensor";
import { expect, test } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import { repositoryFile } from "../../../test/repository-file.ts";
import { createViT, loadViT, type ViT, type ViTConfigInput } from "../src/index.ts";

const FOLDER = repositoryFile("apps/demo/public/models/garment-scenes-vit/");
const scene = (number: string): URL => new URL(`scenes/${number}.png`, FOLDER);

const SMALL = {
  nLayers: 2,
  dModel: 24,
  nHeads: 3,
  dMlp: 40,
  nChannels: 2,
  patchSize: 4,
  imageSize: [8, 12],
  nClasses: 5,
} as const satisfies ViTConfigInput;

const SHAPES: Readonly<Record<string, Partial<ViTConfigInput<2>>>> = {
  CLS: {},
  "a norm before the blocks": { layerNormPre: true },
  "mean of patches without CLS": { useClsToken: false, classificationType: "avg" },
  "mean of all tokens, attention alone": { classificationType: "gaap", attnOnly: true },
  "norms without weights": { normalizationType: "LNPre" },
  "no norms": { normalizationType: null },
  "no head": { returnType: "pre_logits" },
};

async function valuesOf(output: Tensor): Promise<number[]> {
  const values = [...(await output.data())];
  output.dispose();
  return values;
}

const weightsOf = async (model: ViT, name: string): Promise<number[]> => [
  ...(await model.parameters.get(name)!.data()),
];

const rootMeanSquare = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);

/** Standard deviation and largest magnitude that timm's draws have in a model of one channel and patches of 7 x 7. */
function drawnBy(name: string): { readonly deviation: number; readonly most: number } {
  if (/\.W_\w+$/.test(name)) return { deviation: 0.02, most: 2 };
  if (name.startsWith("embed.proj")) return { deviation: 1 / 7 / Math.sqrt(3), most: 1 / 7 };
  if (name === "cls_token") return { deviation: 1e-6, most: 2 };
  return name.endsWith(".w") ? { deviation: 1, most: 1 } : { deviation: 0, most: 0 };
}

onEachDevice(() => {
  test("weights are drawn as timm draws them", async () => {
    using model = await loadViT(FOLDER);
    using twin = await model.randomTwin({ seed: 3 });
    const wrong: string[] = [];
    for (const name of model.parameters.keys()) {
      const values = await weightsOf(twin, name);
      const { deviation, most } = drawnBy(name);
      const found = rootMeanSquare(values);
      // Norms are all ones; of the others the root mean square of n is this sure, six times over.
      const sure = most === 1 ? 0 : (6 * deviation) / Math.sqrt(2 * values.length);
      const largest = Math.max(...values.map(Math.abs));
      const isTwoSided = new Set(values.map(Math.sign)).size > 1 || deviation === most;
      if (!(Math.abs(found - deviation) <= sure) || largest > Math.fround(most) || !isTwoSided)
        wrong.push(`${name}: ${found} up to ${largest}, expected ${deviation} up to ${most}`);
    }
    expect(wrong).toEqual([]);
  });

  test("the same seed gives the same weights, another seed others", async () => {
    using model = await createViT(SMALL, { seed: 7 });
    using first = await model.randomTwin();
    using again = await model.randomTwin({ seed: 0 });
    using other = await model.randomTwin({ seed: 1 });
    using images = await randn([2, 2, 8, 12], { seed: 1 }).realize();
    const outputs = await Promise.all(
      [first, again, other, model].map((one) => valuesOf(one.forward(images))),
    );
    expect(outputs[0]).toEqual(outputs[1]);
    expect(outputs[0]).not.toEqual(outputs[2]);
    const hashes = await Promise.all([first, again, other, model].map((one) => one.weightHash()));
    expect(hashes[0]).toBe(hashes[1]);
    expect(new Set(hashes).size).toBe(3);
    expect([first, other].map(({ processing }) => processing)).toEqual([
      ["random weights, seed 0"],
      ["random weights, seed 1"],
    ]);
    expect(model.processing).toEqual([]);
  });

  test.each(Object.entries(SHAPES))(
    "%s: the same parameters, tokens and hooks",
    async (_, shape) => {
      using model = await createViT({ ...SMALL, ...shape }, { seed: 7 });
      using twin = await model.randomTwin({ seed: 2 });
      expect(twin.config).toEqual(model.config);
      expect(twin.tokens).toEqual(model.tokens);
      expect(twin.hookNames).toEqual(model.hookNames);
      const shapesOf = ({
        parameters,
      }: Pick<ViT, "parameters">): (readonly [string, readonly number[]])[] =>
        [...parameters].map(([name, x]) => [name, x.shape]);
      expect(shapesOf(twin)).toEqual(shapesOf(model));
      using images = await randn([1, 2, 8, 12], { seed: 1 }).realize();
      expect((await valuesOf(twin.forward(images))).every(Number.isFinite)).toBe(true);
      using twinOfTwin = await twin.randomTwin({ seed: 2 });
      expect(await twinOfTwin.weightHash()).toBe(await twin.weightHash());
    },
  );

  test("of the trained model: its labels and pictures, and answers near uniform where it is sure", async () => {
    using model = await loadViT(FOLDER);
    using twin = await model.randomTwin({ seed: 1 });
    expect(twin.labels).toEqual(model.labels);
    const pictures = ["000", "001", "002", "003"].map(scene);
    using images = await model.preprocess(pictures);
    using same = await twin.preprocess(pictures);
    expect(await same.data()).toEqual(await images.data());
    const largest = (one: ViT): Promise<number[]> =>
      valuesOf(scope(() => one.forward(images).softmax(-1).max(-1)));
    expect(Math.min(...(await largest(model)))).toBeGreaterThan(0.3);
    // Of ten classes.
    expect(Math.max(...(await largest(twin)))).toBeLessThan(0.2);
  });

  test("nothing is shared: one lives on when the other is gone, and leaves nothing behind", async () => {
    using images = await randn([1, 2, 8, 12], { seed: 1 }).realize();
    const { buffers } = memory();
    const model = await createViT(SMALL, { seed: 7 });
    const own = memory().buffers - buffers;
    const [first, second] = [
      await model.randomTwin({ seed: 1 }),
      await model.randomTwin({ seed: 1 }),
    ];
    expect(memory().buffers - buffers).toBe(3 * own);
    const [before, plain] = [
      await valuesOf(first.forward(images)),
      await valuesOf(model.forward(images)),
    ];
    second.dispose();
    expect(await valuesOf(model.forward(images))).toEqual(plain);
    using _cut = model.hooks([["blocks.0.hook_attn_out", (x) => x.mul(0)]]);
    model.dispose();
    expect(await valuesOf(first.forward(images))).toEqual(before);
    first.dispose();
    expect(memory().buffers).toBe(buffers);
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 53])("a seed of %d is refused", async (seed) => {
    using model = await createViT(SMALL);
    await expect(model.randomTwin({ seed })).rejects.toMatchObject({
      code: "ARGUMENT_INVALID",
      message: expect.stringContaining("randomTwin"),
    });
  });
});
