// The causal half of the page: what it says against the analyses run here, edits, their way back, and links that hold them.
import type { AttentionKind } from "@prisma/analysis";
import { init, type Device } from "@prisma/tensor";
import { loadViT, type ViT } from "@prisma/vit";
import type { Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { repositoryFile } from "../../../test/repository-file.ts";
import { composeScene } from "../src/compose-scene.ts";
import type { Examination } from "../src/engine.ts";
import { examineModel, headMeans, measureHeads } from "../src/examine-model.ts";
import { meanOfScenes, questionScenes } from "../src/hundred-scenes.ts";
import { questionOf } from "../src/question.ts";
import type { HeadEdit } from "../src/head-edits.ts";
import { exampleEdit, workedExample } from "../src/worked-example.ts";
import {
  readGreyPng,
  shippedFile,
  shippedGarments,
  shippedScenes,
} from "./fixtures/shipped-model.ts";
import { deviceLine, farthest, finding, rowOn, settled } from "./read-page.ts";
import { serveDemo, type ServedDemo } from "./serve-demo.ts";

const folder = repositoryFile("apps/demo/public/models/garment-scenes-vit/");
/** Logits are of size 10, and edits are made of sums and differences of activations of that size. */
const TOLERANCE = 1e-4;

let demo: ServedDemo;
let device: Device;
let model: ViT;
beforeAll(async () => {
  demo = await serveDemo();
  device = await init({ device: "wasm", threads: 1 });
  model = await loadViT(folder);
});
afterAll(async () => {
  await demo.close();
  model.dispose();
  await device.dispose();
});

/** The example's scene examined in this process. */
async function expected(
  edits: readonly HeadEdit[],
  of: ViT = model,
  attention: AttentionKind = "pattern",
): Promise<Examination> {
  const { left, right, brighter } = workedExample.scene;
  const garment = (at: number) => readGreyPng(`garments/${String(at).padStart(3, "0")}.png`);
  const scene = composeScene(garment(left), garment(right), brighter);
  const dark = { ...garment(left), data: new Uint8Array(28 * 28) };
  const [first, last] = brighter === "left" ? [dark, garment(right)] : [garment(left), dark];
  using input = await of.preprocess(scene);
  using second = await of.preprocess(composeScene(first, last, brighter));
  const files = shippedScenes().map(({ file }) => new URL(`scenes/${file}`, folder));
  using reference = await headMeans(of, await of.preprocess(files));
  using output = of.forward(input);
  const garments = shippedGarments();
  const labels = [left, right].map((at) => garments[at]!.label);
  const question = questionOf(await output.data(), labels);
  return await examineModel(of, input, {
    question,
    edits,
    attention,
    sources: { reference, second },
  });
}

/** What heads write and what cutting them does in the hundred scenes of the example's question. */
async function measuredScenes() {
  const garments = shippedGarments();
  const labels = [workedExample.scene.right, workedExample.scene.left].map(
    (at) => garments[at]!.label,
  );
  const question = { of: labels[0]!, against: labels[1]! };
  const files = shippedScenes().map(({ file }) => new URL(`scenes/${file}`, folder));
  using reference = await headMeans(model, await model.preprocess(files));
  const garment = (at: number) => readGreyPng(`garments/${String(at).padStart(3, "0")}.png`);
  const { signal } = new AbortController();
  const measured = [];
  for (const scene of questionScenes(garments, question, { side: "right", brighter: "right" })) {
    const picture = composeScene(garment(scene.left), garment(scene.right), scene.brighter);
    using input = await model.preprocess(picture);
    const numbers = await measureHeads(model, input, { question, reference, signal });
    measured.push({ pair: scene.pair, ...numbers });
  }
  return measured;
}

async function open(search = "", kind: "CPU" | "GPU" = "CPU"): Promise<Page> {
  const { page } = await demo.openPage(search);
  await settled(page);
  await page.getByRole("radio", { name: kind, exact: true }).click();
  await expect.poll(() => deviceLine(page)).toMatch(new RegExp(`^${kind}\\b`));
  await expect.poll(() => page.locator(".spine .prisma-matrix").count()).toBeGreaterThan(0);
  await settled(page);
  return page;
}

/** Numbers in full of the cells of a matrix, row by row. */
function cellsOf(page: Page, matrix: string): Promise<number[]> {
  return page
    .locator(`${matrix} .prisma-matrix-cell`)
    .evaluateAll((cells) =>
      cells.map((cell) => Number(cell.getAttribute("title")!.split(": ")[1]!.split(",")[0])),
    );
}

const written = (page: Page): Promise<number[]> => cellsOf(page, ".spine figure >> nth=0 >>");
const logitsNow = (page: Page): Promise<number[]> =>
  page
    .locator(".change tbody .prisma-quiet")
    .evaluateAll((cells) => cells.map((cell) => Number(cell.getAttribute("title"))));

describe.for<"CPU" | "GPU">(["CPU", "GPU"])("on the %s", (kind) => {
  test("the example: what heads write, the suggested edit, what it turns, and back", async () => {
    const page = await open("", kind);
    expect(await page.locator("#cause-title").innerText()).toBe("Why Coat rather than Sneaker?");
    const plain = await expected([]);
    expect(farthest(await written(page), plain.contributions)).toBeLessThanOrEqual(TOLERANCE);
    // What is written and what stands apart from it sum to the margin.
    const sum = plain.contributions.reduce((total, share) => total + share, plain.rest);
    expect(sum).toBeCloseTo(workedExample.before, 2);

    await page.getByRole("button", { name: /^Try it/ }).click();
    await expect.poll(() => page.locator("#change-title").innerText()).toMatch(/^It now answers/);
    expect(await page.locator("#change-title").innerText()).toBe(
      "It now answers Sneaker, not Coat.",
    );
    const edited = await expected([exampleEdit]);
    expect(farthest(await logitsNow(page), edited.logits)).toBeLessThanOrEqual(TOLERANCE);
    expect(farthest(await written(page), edited.contributions)).toBeLessThanOrEqual(TOLERANCE);
    expect(await finding(page)).toMatch(
      /With this edit it answers Sneaker \(38%\): Coat stands 1\.98 below Sneaker; it stood 1\.49 above it\.$/,
    );
    expect(await page.locator(".prisma-edited").count()).toBe(1);
    expect(await page.locator(".prisma-edited").getAttribute("title")).toMatch(/^L3H2: .*patched$/);

    await page.getByRole("button", { name: "Undo", exact: true }).click();
    await expect
      .poll(async () => farthest(await logitsNow(page), plain.logits))
      .toBeLessThanOrEqual(TOLERANCE);
    await page.close();
  });
});

test("cutting a head is what the effects say, by keyboard, and the link brings it back", async () => {
  const page = await open();
  await expect.poll(() => page.locator(".effects .prisma-matrix").count()).toBe(1);
  const effects = await cellsOf(page, ".effects");
  const matrix = page.locator(".spine figure").first();
  await matrix.locator('[aria-checked="true"]').focus();
  for (const key of ["ArrowUp", "ArrowUp", "ArrowUp", "ArrowRight"]) await page.keyboard.press(key);
  expect(await page.locator("#edits-title").innerText()).toBe("What if L0H3 were different?");
  await page.getByRole("button", { name: "Cut it" }).focus();
  await page.keyboard.press("Enter");
  await expect.poll(() => page.locator(".edit-list li").count()).toBe(1);
  await expect.poll(() => page.locator("#change-title").innerText()).not.toMatch(/Nothing/);
  const { of, against } = await question(page);
  const logits = await logitsNow(page);
  const margin = logits[of]! - logits[against]!;
  expect(Math.abs(margin - workedExample.before - effects[3]!)).toBeLessThanOrEqual(2e-3);

  const search = new URL(page.url()).search;
  expect(search).toContain("edits=L0H3-cut&weights=");
  const copy = await open(search);
  await expect.poll(() => logitsNow(copy)).toEqual(logits);
  await page.getByRole("button", { name: /^Take back: L0H3/ }).press("Enter");
  await expect.poll(() => page.locator(".edit-list li").count()).toBe(0);
});

test("a head may be kept from looking at a patch: attention, answer and list follow", async () => {
  const page = await open();
  await page.getByRole("button", { name: "Hide its top patch, (0,5)" }).click();
  await expect
    .poll(() => page.locator(".edit-list li").innerText())
    .toMatch(/^L3H2 may not look at \(0,5\)/);
  const edited = await expected([{ kind: "blind", head: { layer: 3, head: 2 }, hidden: [0, 5] }]);
  await expect
    .poll(async () => farthest(await logitsNow(page), edited.logits))
    .toBeLessThanOrEqual(TOLERANCE);
  const row = edited.pattern.subarray((3 * 4 + 2) * 33 * 33, (3 * 4 + 2) * 33 * 33 + 33);
  expect(row[6]).toBe(0); // CLS, then the first row: (0,5) is token 6
  expect(farthest(await rowOn(page), row)).toBeLessThanOrEqual(1e-5);
  // The next one is offered.
  expect(
    await page.getByRole("button", { name: /^Hide its top patch, / }).innerText(),
  ).not.toContain("(0,5)");
  expect(new URL(page.url()).search).toContain("edits=L3H2-blind-0.5&");
});

test("attention is shown as what is taken and what that adds, with edits too", async () => {
  const page = await open();
  const row = (examination: Examination): Float32Array =>
    examination.attention.values.subarray((3 * 4 + 2) * 33 * 33, (3 * 4 + 2) * 33 * 33 + 33);
  const cells = (): Promise<number[]> =>
    page
      .locator(".prisma-attention-map .prisma-cell")
      .evaluateAll((all) =>
        all.map((cell) => Number(cell.getAttribute("title")!.split(": ").at(-1))),
      );
  for (const [name, kind, title] of [
    ["Takes", "value-weighted", "What does L3H2 take?"],
    ["Adds", "contribution", "What does L3H2 add?"],
  ] as const) {
    await page.getByRole("radio", { name, exact: true }).check();
    await expect.poll(() => page.locator("#head-title").innerText()).toBe(title);
    const plain = row(await expected([], model, kind));
    expect(farthest(await cells(), plain)).toBeLessThanOrEqual(TOLERANCE);
  }
  // What the head adds is what it writes toward the answer.
  const sum = (await cells()).reduce((total, share) => total + share, 0);
  expect(sum).toBeCloseTo((await written(page))[3 * 5 + 2]!, 3);
  await page.getByRole("button", { name: "Hide right half" }).click();
  const edit = { kind: "blind", head: { layer: 3, head: 2 }, hidden: "right" } as const;
  const edited = row(await expected([edit], model, "contribution"));
  await expect.poll(async () => farthest(await cells(), edited)).toBeLessThanOrEqual(TOLERANCE);
  await page.getByRole("radio", { name: "Looks", exact: true }).check();
  await expect.poll(() => page.locator("#head-title").innerText()).toBe("What does L3H2 look at?");
});

test("under reduced motion nothing moves by itself", async () => {
  const page = await open();
  await page.emulateMedia({ reducedMotion: "no-preference" });
  expect(await movingParts(page)).toBeGreaterThan(0);
  await page.emulateMedia({ reducedMotion: "reduce" });
  expect(await movingParts(page)).toBe(0);
});

test("the mean of 100 scenes is what each of them says, with standard errors, and can be stopped", async () => {
  const page = await open();
  await page.getByRole("radio", { name: "Mean of 100" }).check();
  await expect
    .poll(() => page.locator(".mean-line").innerText())
    .toMatch(/^Coat with Sneaker, [1-9]0 of/);
  await page.getByRole("button", { name: "Stop" }).click();
  expect(await page.locator(".mean-line").innerText()).toMatch(/stopped after \d0 of 100 scenes/);
  await page.getByRole("radio", { name: "This scene" }).check();
  expect(farthest(await written(page), (await expected([])).contributions)).toBeLessThanOrEqual(
    TOLERANCE,
  );
  await page.getByRole("radio", { name: "The left garment is brighter" }).check();
  await settled(page);
  await page.getByRole("radio", { name: "The right garment is brighter" }).check();
  await settled(page);
  await page.getByRole("radio", { name: "Mean of 100" }).check();
  await expect.poll(() => page.locator(".mean-line").innerText()).toMatch(/, 100 scenes/);

  const measured = await measuredScenes();
  for (const [kind, place] of [
    ["contributions", ".spine figure >> nth=0 >>"],
    ["effects", ".effects"],
  ] as const) {
    const { means, errors } = meanOfScenes(
      measured.map(({ pair, ...numbers }) => ({ pair, values: numbers[kind] })),
    );
    expect(farthest(await cellsOf(page, place), means)).toBeLessThanOrEqual(TOLERANCE);
    // Errors are written with two decimals.
    const shown = await page
      .locator(`${place} .prisma-matrix-cell`)
      .evaluateAll((cells) =>
        cells.map((cell) => Number(cell.getAttribute("data-error")!.slice(1))),
      );
    expect(farthest(shown, errors)).toBeLessThanOrEqual(0.00501);
  }
});

test("the twin with random weights answers by chance, says so, and is in the link", async () => {
  const page = await open();
  await page.getByRole("radio", { name: "Random", exact: true }).check();
  await expect
    .poll(() => page.locator(".notice").innerText())
    .toMatch(/random and were never trained/);
  await settled(page);
  using twin = await model.randomTwin({ seed: 1 });
  const plain = await expected([], twin);
  await expect
    .poll(async () => farthest(await written(page), plain.contributions))
    .toBeLessThan(TOLERANCE);
  expect(farthest(await logitsNow(page), plain.logits)).toBeLessThanOrEqual(TOLERANCE);
  await page.getByRole("button", { name: "Cut it" }).click();
  const { search } = new URL(page.url());
  expect(search).toMatch(/&model=random&.*edits=L3H2-cut&weights=/);
  const copy = await open(search);
  expect(await copy.getByRole("radio", { name: "Random", exact: true }).isChecked()).toBe(true);
  expect(await copy.locator(".notice").count()).toBe(1);
  expect(await copy.locator(".edit-list li").count()).toBe(1);
  await copy.getByRole("button", { name: "Back to the trained weights" }).click();
  await expect.poll(() => finding(copy)).toMatch(/^The model answers Coat/);
  expect(new URL(copy.url()).search).not.toContain("model=");
});

test("a link of other weights or of an edit that is none says so", async () => {
  const page = await open("?edits=L0H9-cut&weights=000000000000");
  const notices = await page.locator(".notice").allInnerTexts();
  expect(notices).toHaveLength(2);
  expect(notices.join(" ")).toMatch(
    /edits "L0H9-cut", which is not there.*its numbers will differ/s,
  );
  expect(await page.locator(".edit-list li").count()).toBe(0);
});

test("the lens follows its slider, and tells of the patch pointed at", async () => {
  const page = await open();
  const told = (): Promise<string> => page.locator(".lens figcaption").innerText();
  const last = await told();
  expect(last).toMatch(/^CLS: .*Coat \d+%/u);
  await page.getByRole("slider").focus();
  for (let i = 0; i < 4; i++) await page.keyboard.press("ArrowLeft");
  expect(await page.getByRole("slider").getAttribute("aria-valuetext")).toBe(
    "before the first layer",
  );
  expect(await told()).not.toBe(last);
  await page.locator(".lens .prisma-cell").nth(1).hover();
  expect(await told()).toMatch(/^\(0,0\): /);
  // The table has all layers; a cell of it chooses layer and token above.
  await page.mouse.move(5, 5);
  const cell = page.locator(".lens-table [role=gridcell]").nth(3 * 33 + 2);
  await cell.click();
  expect(await page.getByRole("slider").getAttribute("aria-valuetext")).toBe("after layer 2");
  const answer = /^L2, (\(0,1\): .*)$/u.exec(
    await page.locator(".lens-table figcaption").innerText(),
  );
  await page.mouse.move(5, 5);
  expect(answer?.[1]).toBe(await told());
});

test("a picture of one's own has edits too, but nothing to patch from", async () => {
  const page = await open();
  const file = { name: "own.png", mimeType: "image/png", buffer: shippedFile("scenes/041.png") };
  await page.locator('input[type="file"]').setInputFiles(file);
  await expect.poll(() => page.locator(".own .file").innerText()).toBe("own.png");
  await settled(page);
  await expect.poll(() => page.getByRole("button", { name: "Patch it" }).count()).toBe(0);
  expect(await page.getByRole("button", { name: "Cut it" }).count()).toBe(1);
});

/** Elements with a transition or an animation that takes time. */
function movingParts(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      [...document.querySelectorAll("*")].filter((element) => {
        const { transitionDuration, transitionDelay, animationDuration } =
          getComputedStyle(element);
        return [transitionDuration, transitionDelay, animationDuration].some((times) =>
          times.split(", ").some((time) => Number.parseFloat(time) > 0),
        );
      }).length,
  );
}

/** The two classes of the question, by number. */
async function question(page: Page): Promise<{ of: number; against: number }> {
  const labels = await page.locator(".change tbody th").allInnerTexts();
  const [, of = "", against = ""] = /^Why (.+) rather than (.+)\?$/.exec(
    await page.locator("#cause-title").innerText(),
  )!;
  return { of: labels.indexOf(of), against: labels.indexOf(against) };
}
