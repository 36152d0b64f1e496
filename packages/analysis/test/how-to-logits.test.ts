// The code of the how-to pages, run as it stands, and what it finds.
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

/** Runs the first block of a page; its model and images are freed before it returns. */
async function runPage(name: string, defines: readonly string[]): Promise<Record<string, unknown>> {
  const found = await runExample(repositoryFile(`docs/how-to/${name}.md`), {
    modules: { "@prisma/analysis": analysis },
    defines: [...defines, "close: () => [model, images].forEach((one) => one.dispose())"],
    replace: { "models/": fileURLToPath(repositoryFile("apps/demo/public/models/")) },
  });
  (found["close"] as () => void)();
  return found;
}

test("test-image: the dress leads, the trousers are there; without the first MLP it is not as sure", async () => {
  const names = ["best", "second", "answer", "margin", "without", "logits"];
  const found = await runPage("test-image", names);
  const { best, without, logits } = found as {
    best: analysis.ClassRow;
    without: analysis.ClassRow;
    logits: { dispose(): void };
  };
  logits.dispose();
  expect(found).toMatchObject({
    best: { label: "Dress", rank: 1 },
    second: { rank: 2 },
    answer: { label: "Trouser" },
    margin: expect.closeTo(0.944, 2),
  });
  expect(without.probability).toBeLessThan(best.probability - 0.01);
});

test("attribute-logits: what a head takes from each token sums to its share", async () => {
  const found = await runPage("attribute-logits", ["target", "head", "sources", "taken"]);
  const { target, head, sources, taken } = found as {
    target: number;
    head: number;
    sources: string[];
    taken: Float32Array;
  };
  // Dress is the answer, Trouser the other garment.
  expect(target).toBeGreaterThan(0);
  expect(Math.abs(head)).toBeGreaterThan(0.01);
  expect(sources.slice(0, 3)).toEqual(["CLS", "(0,0)", "(0,1)"]);
  expect(taken.reduce((sum, x) => sum + x, 0)).toBeCloseTo(head, 4);
});

test("logit-lens: CLS comes to the model's answer, and more positions with it", async () => {
  const found = await runPage("logit-lens", ["lens", "positions", "said", "agreement", "frozen"]);
  const { lens, positions, said, agreement, frozen } = found as {
    lens: analysis.LogitLens;
    positions: analysis.Axis;
    said: [string, string][];
    agreement: number[];
    frozen: analysis.LogitLens;
  };
  expect(lens.answer).toMatchObject([{ label: "Dress" }]);
  expect(positions.labels).toHaveLength(33);
  expect(said.map(([layer]) => layer)).toEqual(["0_pre", "0_post", "1_post", "2_post", "3_post"]);
  expect(said.at(-1)).toEqual(["3_post", "Dress"]);
  expect(agreement).toHaveLength(5);
  expect(agreement.at(-1)).toBeGreaterThan(agreement[0]!);
  expect(frozen.logits.values).not.toEqual(lens.logits.values);
});

test("attention-maps: shares sum to one, lengths are none below zero, and tokens have names", async () => {
  const found = await runPage("attention-maps", ["pattern", "weighted", "looked", "added", "at"]);
  const { pattern, weighted, looked, added, at } = found as {
    pattern: analysis.AttentionMaps;
    weighted: analysis.AttentionMaps;
    looked: string;
    added: string;
    at: number;
  };
  const row = pattern.maps.values.subarray(at, at + 33);
  expect(row.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 5);
  expect(weighted.maps.values.every((x) => x >= 0)).toBe(true);
  expect([looked, added].every((label) => label === "CLS" || /^\(\d,\d\)$/.test(label))).toBe(true);
});
