// The code of the how-to pages on edits, run as it stands, and what it finds.
import { fileURLToPath } from "node:url";
import { init, type Device } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { repositoryFile } from "../../../test/repository-file.ts";
import { runExample } from "../../../test/run-example.ts";
import * as analysis from "../src/index.ts";

let device: Device;
beforeAll(async () => {
  device = await init({ device: "wasm" });
});
afterAll(() => device.dispose());

/** Runs the first block of a page; what it leaves open is closed before it returns. */
async function runPage<T>(
  name: string,
  { defines, open }: { defines: string; open: string },
): Promise<T> {
  const found = await runExample(repositoryFile(`docs/how-to/${name}.md`), {
    modules: { "@prisma/analysis": analysis },
    defines: [defines, `close: () => [${open}].forEach((one) => one.dispose())`],
    replace: { "models/": fileURLToPath(repositoryFile("apps/demo/public/models/")) },
  });
  (found["close"] as () => void)();
  return found as T;
}

test("ablate: a head is for the dress, at CLS", async () => {
  const { effects, effect, before, baseline, listed, overOthers } = await runPage<{
    effects: analysis.LabelledValues;
    effect: number;
    before: analysis.LabelledValues;
    baseline: string;
    listed: analysis.Ablation;
    overOthers: analysis.ImageStatistics;
  }>("ablate", {
    defines: "effects, effect, before, baseline, listed, overOthers",
    open: "model, images, others",
  });
  expect(baseline).toBe("mean over scenes 001 to 016");
  expect(before.values[0]).toBeCloseTo(0.944, 2);
  expect(overOthers.count).toBe(16);
  expect(overOthers.means.axes.map(({ name }) => name)).toEqual(["layer", "head"]);
  expect(overOthers.standardErrors!.values.every((value) => value > 0)).toBe(true);
  expect(effects.values).toHaveLength(16);
  expect(effect).toBeLessThan(-0.3);
  // In the last layer only CLS is read.
  expect(listed.effects.values[0]).toBeCloseTo(effect, 5);
  expect(listed.effects.values[1]).toBe(0);
});

test("patch-activations: some heads bring the dress back, and the stream at CLS or on the dress does", async () => {
  const { baselines, values, share, best } = await runPage<{
    baselines: analysis.ActivationPatching["baselines"];
    values: analysis.LabelledValues;
    share: number;
    best: string;
  }>("patch-activations", {
    defines: "baselines, values, share, best",
    open: "model, clean, corrupted",
  });
  expect(baselines.clean.values[0]).toBeGreaterThan(0);
  expect(baselines.corrupted.values[0]).toBeLessThan(-1);
  expect(values.values).toHaveLength(16);
  expect(share).toBeGreaterThan(0.4);
  expect(best).toMatch(/^(CLS|\(\d,[0-3]\))$/);
});

test("attention-knockout: CLS that does not look at the dress says something else", async () => {
  const { answer, effects } = await runPage<{
    answer: analysis.ClassRow;
    effects: analysis.LabelledValues;
  }>("attention-knockout", { defines: "answer, effects", open: "model, images, logits" });
  expect(answer.label).not.toBe("Dress");
  expect(effects.axes.map(({ labels }) => labels.length)).toEqual([1, 5]);
  // In all layers together it does more than any head of the first.
  expect(Math.min(...effects.values)).toBe(effects.values[0]);
  expect(Math.min(...effects.values)).toBeLessThan(0);
});

test("erase-region: without the dress the model does not see one, and takes the trousers for sandals", async () => {
  const { top, answer, picture, right, hole } = await runPage<{
    top: analysis.ClassRow[];
    answer: analysis.ClassRow;
    picture: analysis.Picture;
    right: Required<analysis.Picture>;
    hole: Required<analysis.Picture>;
  }>("erase-region", { defines: "top, answer, picture, right, hole", open: "model" });
  expect(top[0]!.label).toBe("Sandal");
  expect(answer.rank).toBeGreaterThan(4);
  const changed = (other: Required<analysis.Picture>): number =>
    other.data.filter((value, i) => value !== picture.data[i]).length;
  expect(changed(right)).toBeGreaterThan(100);
  expect(changed(hole)).toBeGreaterThan(4 * 49 - 20);
});
