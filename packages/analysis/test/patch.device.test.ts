// Activation patching against PyTorch, and what must hold of any patch.
import { concat, scope } from "@prisma/tensor";
import { expect, test } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import {
  overImages,
  patchActivations,
  type Metric,
  type PatchActivationsOptions,
} from "../src/index.ts";
import { EDIT_SETS, openEdits, statisticsOf, type GoldenEdits } from "./edits-golden.ts";
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

type Numbers = ArrayLike<number>;

/** Normalised values by hand, each image with its own ends. */
function normalized(values: Numbers, { from, to }: { from: Numbers; to: Numbers }): number[] {
  const size = values.length / from.length;
  return Array.from(values, (value, i) => {
    const [start, end] = [from, to].map((ends) => ends[Math.floor(i / size)]!);
    return (value - start!) / (end! - start!);
  });
}

/** Smallest distance of two runs' metrics. */
const leastDistance = (a: Numbers, b: Numbers): number =>
  Math.min(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));

onEachDevice(() => {
  test.each(EDIT_SETS)("%s: every patch is PyTorch's", { timeout: SLOW }, async (set) => {
    using golden = await openEdits(set, "hook_embed");
    const { model, clean, corrupted, index, expected } = golden;
    const baselines = {
      clean: expected.get("baseline.clean")!,
      corrupted: expected.get("baseline.corrupted")!,
    };
    const cases = casesOf(golden);
    expect(cases.length).toBeGreaterThan(3);
    for (const [name, options] of cases) {
      const found = await patchActivations(
        model,
        { clean, corrupted },
        { ...options, target: index.classes },
      );
      const wanted = expected.get(name)!;
      const { into } = options;
      const from = into === "clean" ? "corrupted" : "clean";
      expect(
        found.values.axes.map(({ labels }) => labels.length),
        name,
      ).toEqual([...wanted.shape]);
      expect(differenceOf(wanted, found.values.values), name).toBeNull();
      for (const run of ["clean", "corrupted"] as const)
        expect(differenceOf(baselines[run], found.baselines[run].values), name).toBeNull();
      const ends = { from: baselines[into].values, to: baselines[from].values };
      const effects = {
        ...wanted,
        values: Float32Array.from(normalized(wanted.values, ends)),
        // A quotient of differences, each of two values that may be off, of up to three.
        tolerance: (8 * wanted.tolerance) / leastDistance(ends.from, ends.to),
      };
      expect(differenceOf(effects, found.normalized!.values), name).toBeNull();
      expect(found).toMatchObject({ into, complete: true });
      const { mean, error } = statisticsOf(wanted);
      const { means, standardErrors } = overImages(found.values);
      expect(differenceOf(mean, means.values), name).toBeNull();
      const isOne = clean.shape[0] === 1;
      const wrong = isOne ? null : differenceOf(error, standardErrors?.values ?? []);
      expect([standardErrors === null, wrong], name).toEqual([isOne, null]);
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
      { name: "image", labels: ["0", "1"] },
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
    expect(same.baselines.clean).toEqual(same.baselines.corrupted);
    const nudge = (scale: number): Metric => ({
      name: "one and a little",
      of: (logits) => logits.get([null, 0]).mul(scale).add(1),
    });
    const inputs = { clean, corrupted };
    const little = await patchActivations(model, inputs, { ...options, metric: nudge(1e-5) });
    expect(little.normalized).toBeNull();
    const enough = await patchActivations(model, inputs, { ...options, metric: nudge(1) });
    expect(enough.normalized!.values.every(Number.isFinite)).toBe(true);
  });

  test("an image whose clean and corrupted are one has no normalised effect; the others have theirs", async () => {
    using golden = await openEdits("timm-cls", "hook_embed");
    const { model, clean, corrupted, index } = golden;
    using half = scope(() => concat([clean.get([[0, 1]]), corrupted.get([[1, 2]])]));
    const options = { what: "z", by: "head", into: "clean", target: index.classes } as const;
    const both = await patchActivations(model, { clean, corrupted }, options);
    const found = await patchActivations(model, { clean, corrupted: half }, options);
    const size = found.values.values.length / 2;
    expect(found.values.values.every(Number.isFinite)).toBe(true);
    expect(found.normalized!.values.subarray(0, size).every(Number.isNaN)).toBe(true);
    const second = both.normalized!.values.subarray(size);
    found
      .normalized!.values.subarray(size)
      .forEach((value, i) => expect(value).toBeCloseTo(second[i]!, 4));
    expect(overImages(found.normalized!)).toMatchObject({ count: 1, standardErrors: null });
  });
});
