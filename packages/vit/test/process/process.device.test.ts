// Weight processing on every device: against TransformerLens' formulas in float64, and timm's models as golden.
import { scope, tensor, type Tensor } from "@prisma/tensor";
import { expect, test } from "vitest";
import { onEachDevice } from "../../../../test/on-each-device.ts";
import { loadViT } from "../../src/index.ts";
import { differenceFrom, goldenFolder, readExpected } from "../golden-set.ts";

const STEPS = ["foldLayerNorm", "centerWritingWeights", "centerHead", "foldValueBiases"] as const;

/** Largest difference of two tensors over the largest magnitude of the first. */
async function difference(a: Tensor, b: Tensor): Promise<number> {
  using off = scope(() => a.sub(b).abs().max());
  using size = scope(() => a.abs().max());
  return (await off.item()) / (await size.item());
}

onEachDevice(() => {
  test("each step, and all of them, as TransformerLens' formulas give in float64", async () => {
    const folder = goldenFolder("processing");
    const expected = await readExpected(folder, ["processed.safetensors"]);
    using model = await loadViT(folder);
    const wrong: string[] = [];
    let compared = 0;
    for (const asked of [...STEPS.map((step) => [step]), [...STEPS].reverse()]) {
      using processed = await model.process(asked);
      expect(processed.processing).toEqual(asked.length === 1 ? asked : STEPS);
      const prefix = asked.length === 1 ? asked[0] : "all";
      for (const [name, parameter] of processed.parameters) {
        const golden = expected.get(`${prefix}/${name}`);
        const before = model.parameters.get(name)!;
        if (golden === undefined) {
          if ((await difference(before, parameter)) !== 0) wrong.push(`${prefix}/${name} changed`);
          continue;
        }
        compared++;
        const found = await differenceFrom(golden, parameter);
        if (found !== null) wrong.push(`${prefix}/${name}: ${found}`);
      }
    }
    expect(wrong).toEqual([]);
    const others = [...expected.keys()].filter((name) => name.startsWith("singular/"));
    expect(compared).toBe(expected.size - others.length);
  });

  test.each(["timm-cls", "timm-avg", "timm-pre-norm"])(
    "%s, processed while loading",
    async (name) => {
      const folder = goldenFolder(name);
      const expected = await readExpected(folder, ["activations.safetensors"]);
      const { values, shape } = expected.get("input")!;
      using model = await loadViT(folder, { process: true });
      using input = tensor(values, { shape });
      using output = model.forward(input);
      const golden = expected.get("output")!;
      using reference = tensor(golden.values, { shape: golden.shape });
      expect(await difference(reference, output)).toBeLessThan(1e-5);
    },
  );
});
