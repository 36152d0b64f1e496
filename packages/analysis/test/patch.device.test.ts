// Activation patching against PyTorch, and what must hold of any patch.
import { expect, test } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import { patchActivations, type Metric, type PatchActivationsOptions } from "../src/index.ts";
import { EDIT_SETS, openEdits, overImages, type GoldenEdits } from "./edits-golden.ts";
import { differenceOf } from "./golden-attribution.ts";

/** Milliseconds: a software GPU compiles many shaders here. */
const SLOW = 120_000;

type Case = Pick<PatchActivationsOptions, "what" | "by" | "into">;

/** What the golden set has: `patch.z by head into clean`. */
function casesOf({ expected }: GoldenEdits): (readonly [name: string, options: Case])[] {
  return [...expected.keys()].flatMap((name) => {
    const [, what, by, into] = /^patch\.(\w+) by ([\w-]+) into (\w+)$/.exec(name) ?? [];
    return what === undefined ? [] : [[name, { what, by, into } as Case] as const];
  });
}

const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, x) => sum + x, 0) / values.length;

/** Normalised values by hand. */
function normalized(values: ArrayLike<number>, from: number, to: number): number[] {
  return Array.from(values, (value) => (value - from) / (to - from));
}

onEachDevice(() => {
  test.each(EDIT_SETS)("%s: every patch is PyTorch's", { timeout: SLOW }, async (set) => {
    using golden = await openEdits(set, "hook_embed");
    const { model, clean, corrupted, index, expected } = golden;
    const baselines = {
      clean: mean(expected.get("baseline.clean")!.values),
      corrupted: mean(expected.get("baseline.corrupted")!.values),
    };
    const cases = casesOf(golden);
    expect(cases.length).toBeGreaterThan(3);
    for (const [name, options] of cases) {
      const found = await patchActivations(
        model,
        { clean, corrupted },
        { ...options, target: index.classes },
      );
      const wanted = overImages(expected.get(name)!);
      const { into } = options;
      const from = into === "clean" ? "corrupted" : "clean";
      expect(
        found.values.axes.map(({ labels }) => labels.length),
        name,
      ).toEqual(wanted.mean.shape);
      expect(differenceOf(wanted.mean, found.values.values), name).toBeNull();
      expect(found.baselines.clean).toBeCloseTo(baselines.clean, 4);
      expect(found.baselines.corrupted).toBeCloseTo(baselines.corrupted, 4);
      const effects = {
        ...wanted.mean,
        values: Float32Array.from(normalized(wanted.mean.values, baselines[into], baselines[from])),
        // A quotient of differences, each of two values that may be off, of up to three.
        tolerance: (8 * wanted.mean.tolerance) / Math.abs(baselines[from] - baselines[into]),
      };
      expect(differenceOf(effects, found.normalized!.values), name).toBeNull();
      expect(found).toMatchObject({ into, complete: true });
      expect(found.standardErrors === null).toBe(clean.shape[0] === 1);
    }
  });

  test("axes carry layers, heads and positions by name", async () => {
    using golden = await openEdits("prisma-attn-only", "hook_embed");
    const { model, clean, corrupted } = golden;
    const { values, metric, method, baseline } = await patchActivations(
      model,
      { clean, corrupted },
      { what: "z", by: "head-position", into: "clean", target: 2 },
    );
    expect(values.axes).toEqual([
      { name: "layer", labels: ["0", "1"] },
      { name: "head", labels: ["0", "1", "2"] },
      { name: "position", labels: ["CLS", "(0,0)", "(0,1)", "(0,2)", "(1,0)", "(1,1)", "(1,2)"] },
    ]);
    expect(metric).toBe("logit of class 2 minus mean logit");
    expect(method).toMatch(/of z by head-position, from the corrupted run into the clean run/);
    expect(baseline).toBe("the clean run is 0, the corrupted run is 1");
  });

  test("where clean and corrupted hardly differ there is no normalised effect", async () => {
    using golden = await openEdits("timm-cls", "hook_embed");
    const { model, clean, corrupted, index } = golden;
    const options = { what: "z", by: "head", into: "corrupted" } as const;
    const same = await patchActivations(
      model,
      { clean, corrupted: clean },
      { ...options, target: index.classes },
    );
    expect(same.normalized).toBeNull();
    expect(same.baselines.clean).toBe(same.baselines.corrupted);
    const nudge = (scale: number): Metric => ({
      name: "one and a little",
      of: (logits) => logits.get([null, 0]).mul(scale).add(1),
    });
    const inputs = { clean, corrupted };
    const little = await patchActivations(model, inputs, { ...options, metric: nudge(1e-5) });
    expect(little.normalized).toBeNull();
    const enough = await patchActivations(model, inputs, { ...options, metric: nudge(1) });
    expect(enough.normalized).not.toBeNull();
  });
});
