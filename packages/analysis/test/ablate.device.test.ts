// Ablation: effects of cutting heads, MLPs and attention against PyTorch, and what a result says of itself.
import { expect, test } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import { ablate, overImages, type AblationSweep, type Edit, type Metric } from "../src/index.ts";
import { EDIT_SETS, openEdits, RANDOM_SETS, statisticsOf } from "./edits-golden.ts";
import { differenceOf } from "./golden-attribution.ts";

/** Milliseconds: a software GPU compiles many shaders here. */
const SLOW = 120_000;

/** Every activation that a sweep averages. */
const SWEPT = (name: string): boolean => /hook_(z|attn_out|mlp_out)$/.test(name);

/** Every activation that a golden edit averages. */
const AVERAGED = (name: string): boolean =>
  /full_embed$|hook_(z|result|q_input|attn_out|mlp_out)$/.test(name);

const firstLogit: Metric = { name: "first logit", of: (logits) => logits.get([null, 0]) };

onEachDevice(() => {
  test.each(EDIT_SETS)("%s: every sweep is PyTorch's", { timeout: SLOW }, async (set) => {
    using golden = await openEdits(set, SWEPT);
    const { model, clean, reference, index, expected } = golden;
    const attnOnly = set === "prisma-attn-only";
    const sweeps: [AblationSweep, "mean" | "zero"][] = [
      ["heads", "mean"],
      ["heads", "zero"],
      ["attention", "mean"],
      ...(attnOnly ? [] : [["mlps", "mean"] as [AblationSweep, "mean"]]),
    ];
    const wrong: string[] = [];
    for (const [sweep, kind] of sweeps) {
      const options = { sweep, kind, reference, target: index.classes };
      const { effects, before, complete } = await ablate(model, clean, options);
      const wanted = expected.get(`ablate.${sweep} ${kind}`)!;
      const { mean, error } = statisticsOf(wanted);
      const { means, standardErrors, count } = overImages(effects);
      expect([complete, count]).toEqual([true, clean.shape[0]]);
      expect(effects.axes.map(({ labels }) => labels.length)).toEqual([...wanted.shape]);
      expect(means.axes.map(({ labels }) => labels.length)).toEqual(mean.shape);
      wrong.push(
        `${sweep} ${kind}: ${differenceOf(wanted, effects.values)}`,
        `${sweep} ${kind}, before: ${differenceOf(expected.get("baseline.clean"), before.values)}`,
        `${sweep} ${kind}, means: ${differenceOf(mean, means.values)}`,
        standardErrors === null
          ? `${sweep} ${kind}, errors of ${count}: ${count === 1 ? null : "missing"}`
          : `${sweep} ${kind}, errors: ${differenceOf(error, standardErrors.values)}`,
      );
    }
    expect(wrong.filter((line) => !line.endsWith(": null"))).toEqual([]);
  });

  test.each(RANDOM_SETS)(
    "%s: resampling takes the image it says",
    { timeout: SLOW },
    async (set) => {
      using golden = await openEdits(set, "hook_embed");
      const { model, clean, reference, index, expected } = golden;
      const drawn = new Set<string>();
      for (const seed of [0, 1, 2]) {
        const options = { sweep: "heads", kind: "resample", seed, reference } as const;
        const found = await ablate(model, clean, { ...options, target: index.classes });
        const [, place] = /^image (\d) of 6 images$/.exec(found.baseline ?? "") ?? [];
        const wanted = expected.get(`ablate.heads resample ${place}`);
        expect(differenceOf(wanted, found.effects.values)).toBeNull();
        drawn.add(place!);
      }
      expect(drawn.size).toBeGreaterThan(1);
    },
  );

  test("listed edits, each by itself, are the cells of sweeps; a result says what it is of", async () => {
    using golden = await openEdits("timm-cls", SWEPT);
    const { model, clean, reference, index, expected } = golden;
    const edits: Edit[] = [
      { name: "blocks.2.attn.hook_z", heads: [1] },
      { name: "blocks.0.attn.hook_z", heads: [0], kind: "zero" },
      { name: "blocks.1.hook_mlp_out", kind: "mean" },
    ];
    const found = await ablate(model, clean, { edits, reference, target: index.classes });
    const cells = [
      ["heads mean", 2 * 3 + 1],
      ["heads zero", 0],
      ["mlps mean", 1],
    ] as const;
    cells.forEach(([name, cell], i) => {
      const { values, tolerance, shape } = expected.get(`ablate.${name}`)!;
      [0, 1].forEach((image) => {
        const wanted = values[(image * values.length) / shape[0]! + cell]!;
        const off = Math.abs(found.effects.values[image * 3 + i]! - wanted);
        expect(off).toBeLessThanOrEqual(tolerance);
      });
    });
    expect(found).toMatchObject({
      method: "ablation of listed edits",
      metric: "logit of class 1 minus logit of class 4",
      baseline: "mean over 6 images; zero, which is off the model's distribution",
      offDistribution: true,
      complete: true,
      weights: await model.weightHash(),
      processing: [],
    });
    expect(found.effects.axes).toEqual([
      { name: "image", labels: ["0", "1"] },
      {
        name: "edit",
        labels: [
          "mean of blocks.2.attn.hook_z, head 1",
          "zero of blocks.0.attn.hook_z, head 0",
          "mean of blocks.1.hook_mlp_out",
        ],
      },
    ]);
  });

  test.each(EDIT_SETS)(
    "%s: edits made together, knockouts among them, are PyTorch's",
    { timeout: SLOW },
    async (set) => {
      using golden = await openEdits(set, AVERAGED);
      const { model, clean, reference, index, expected } = golden;
      const cases = index.cases.filter(({ edits }) => edits.every(({ kind }) => kind !== "from"));
      expect(cases.flatMap(({ edits }) => edits.map(({ kind }) => kind))).toContain("knockout");
      const edits = cases.map((one) => one.edits);
      const target = index.classes;
      const { effects, baseline } = await ablate(model, clean, { edits, reference, target });
      expect(effects.axes[1]!.labels[0]).toMatch(/^mean of blocks\.\d\.attn\.hook_z, head 1$/);
      expect(baseline).toContain("attention without the keys knocked out");
      const differences = (name: string): number[] => {
        const { values, shape } = expected.get(name)!;
        const [images = 0, classes = 0] = shape;
        return Array.from(
          { length: images },
          (_, image) => values[image * classes + target[0]]! - values[image * classes + target[1]]!,
        );
      };
      const before = differences("logits.clean");
      const wrong = cases.flatMap(({ name }, cell) => {
        const allowed = 4 * expected.get(`edits.${name}`)!.tolerance;
        return differences(`edits.${name}`).flatMap((after, image) => {
          const off = effects.values[image * cases.length + cell]! - (after - before[image]!);
          return Math.abs(off) <= allowed ? [] : [`${name}, image ${image}: off by ${off}`];
        });
      });
      expect(wrong).toEqual([]);
    },
  );

  test("an edit of what comes after the blocks, or before them, is one of a whole run", async () => {
    using golden = await openEdits("timm-cls", "hook_embed");
    const { model, clean } = golden;
    const names = ["hook_post_head_pre_normalize", "hook_ln_final", "hook_pos_embed"] as const;
    const edits = names.map((name) => ({ name, kind: "zero" }) as const);
    const { effects, before } = await ablate(model, clean, { edits, metric: firstLogit });
    const after = await Promise.all(
      names.map(async (name) => {
        using logits = model.runWithHooks(clean, { hooks: [[name, (x) => x.mul(0)]] });
        const values = await logits.data();
        return [values[0]!, values[values.length / 2]!];
      }),
    );
    effects.values.forEach((effect, i) => {
      const [image, edit] = [Math.floor(i / 3), i % 3];
      expect(effect).toBeCloseTo(after[edit]![image]! - before.values[image]!, 4);
    });
    expect(effects.values[0]).toBeCloseTo(-before.values[0]!, 5);
  });
});
