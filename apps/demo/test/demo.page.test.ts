// The built page in a browser, on both devices: its numbers against PyTorch's and the tests' own
// forward pass, by pointer and by keyboard, with good and bad pictures.
import { readFileSync } from "node:fs";
import { chromium, type Page } from "playwright";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { launchOptions } from "../../../scripts/test-browser.ts";
import { expectedLogits, shippedFile, shippedScenes } from "./fixtures/shipped-model.ts";
import {
  deviceLine,
  farthest,
  finding,
  logitsOn,
  reference,
  referenceRow,
  rowOn,
  settled,
} from "./read-page.ts";
import { type ServedDemo, serveDemo } from "./serve-demo.ts";

const openingScene = 65;

/** A trouser and a brighter ankle boot; the model names the brighter one whichever it is. */
const trouserAndBoot = "?left=15&right=92&brighter=right&head=L0H3";

let demo: ServedDemo;
let pages: Page[] = [];
beforeAll(async () => {
  demo = await serveDemo();
});
afterEach(async () => {
  await Promise.all(pages.map((page) => page.close()));
  pages = [];
});
afterAll(() => demo.close());

type DeviceName = "CPU" | "GPU";

/** Opens the page, waits for its first answer, and switches to a device if it is on another. */
async function open(
  device: DeviceName,
  search = "",
): Promise<{ page: Page; problems: readonly string[] }> {
  const { page, problems } = await demo.openPage(search);
  pages.push(page);
  await settled(page);
  await page.getByRole("radio", { name: device, exact: true }).click();
  await expect.poll(() => deviceLine(page)).toMatch(new RegExp(`^${device}\\b`));
  await settled(page);
  return { page, problems };
}

// Logits are of size 10: 1e-5 of that, as everywhere. Attention is written with six decimals.
const logitTolerance = 1e-4;
const attentionTolerance = 1e-5;

describe.for<DeviceName>(["CPU", "GPU"])("on the %s", (device) => {
  test("it opens on a worked example with PyTorch's logits, and the answer in words", async () => {
    const { page, problems } = await open(device);
    expect(farthest(await logitsOn(page), expectedLogits(openingScene))).toBeLessThanOrEqual(
      logitTolerance,
    );
    expect(await finding(page)).toMatch(/^The model answers Coat \(\d+%\), the brighter garment\./);
    expect(problems).toEqual([]);
  });

  test("scenes from links have PyTorch's logits", async () => {
    for (const scene of [0, 41]) {
      const { left, right, brighter } = shippedScenes()[scene]!;
      const { page } = await open(device, `?left=${left}&right=${right}&brighter=${brighter}`);
      expect(farthest(await logitsOn(page), expectedLogits(scene))).toBeLessThanOrEqual(
        logitTolerance,
      );
    }
  });

  test("every head's row is the reference's, from CLS and from a patch", async () => {
    const { page } = await open(device, trouserAndBoot);
    const expected = reference(15, 92, "right");
    for (const query of [0, 14]) {
      await page.locator(".prisma-attention-map .prisma-cell").nth(query).click();
      for (let map = 0; map < 16; map++) {
        await page.locator(".prisma-head").nth(map).click();
        expect(farthest(await rowOn(page), referenceRow(expected, map, query))).toBeLessThanOrEqual(
          attentionTolerance,
        );
      }
    }
  });

  test("a chosen picture is read as it is: a shipped scene gives its logits", async () => {
    const { page, problems } = await open(device);
    await page.setInputFiles('input[type="file"]', {
      name: "<b onclick=alert(1)>scene</b>.png",
      mimeType: "image/png",
      buffer: shippedFile("scenes/041.png"),
    });
    await expect.poll(() => page.locator(".own").innerText()).toContain("56 \u00d7 28 pixels");
    await settled(page);
    expect(farthest(await logitsOn(page), expectedLogits(41))).toBeLessThanOrEqual(logitTolerance);
    expect(await page.locator(".own .file").innerText()).toBe("<b onclick=alert(1)>scene</b>.png");
    expect(new URL(page.url()).search).toBe("?head=L3H2&from=CLS");
    expect(problems).toEqual([]);
  });
});

test("the suggested action turns the answer, and the link follows", async () => {
  const { page } = await open("CPU", trouserAndBoot);
  await page.getByRole("button", { name: /^Try it/ }).click();
  await expect.poll(() => finding(page)).toMatch(/^The model answers Trouser/);
  expect(farthest(await logitsOn(page), reference(15, 92, "left").logits)).toBeLessThanOrEqual(
    logitTolerance,
  );
  expect(new URL(page.url()).search).toBe("?left=15&right=92&brighter=left&head=L0H3&from=CLS");
  const copy = await open("CPU", new URL(page.url()).search);
  expect(await logitsOn(copy.page)).toEqual(await logitsOn(page));
});

test("a hovered patch shows its row in every head and its place in the picture", async () => {
  const { page } = await open("CPU", trouserAndBoot);
  const expected = reference(15, 92, "right");
  await page.locator(".prisma-attention-map .prisma-cell").nth(20).hover();
  expect(farthest(await rowOn(page), referenceRow(expected, 3, 20))).toBeLessThanOrEqual(
    attentionTolerance,
  );
  const labels = await page
    .locator(".prisma-head")
    .evaluateAll((heads) => heads.map((head) => head.ariaLabel));
  expect(labels.every((label) => label!.includes(": (2,3) looks most at"))).toBe(true);
  expect(await page.locator(".prisma-pixel-image.prisma-marked").count()).toBe(1);
  await page.mouse.move(5, 5);
  expect(farthest(await rowOn(page), referenceRow(expected, 3, 0))).toBeLessThanOrEqual(
    attentionTolerance,
  );
});

test("all of it works by keyboard", async () => {
  const { page } = await open("CPU", trouserAndBoot);
  await page.getByRole("radio", { name: /^L0H3: CLS looks most/ }).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowLeft");
  expect(await page.locator("#head-title").innerText()).toBe("What does L1H2 look at?");
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  expect(
    farthest(await rowOn(page), referenceRow(reference(15, 92, "right"), 6, 2)),
  ).toBeLessThanOrEqual(attentionTolerance);
  expect(new URL(page.url()).search).toContain("head=L1H2&from=0,1");

  await page.getByRole("radio", { name: "The right garment is brighter" }).focus();
  await page.keyboard.press("ArrowLeft");
  await expect.poll(() => finding(page)).toMatch(/^The model answers Trouser/);

  const change = page.getByRole("button", { name: /change: the right garment$/ });
  await change.focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await expect.poll(() => new URL(page.url()).searchParams.get("right")).toBe("83");
  expect(await change.evaluate((button) => button === document.activeElement)).toBe(true);
  await settled(page);
  expect(farthest(await logitsOn(page), reference(15, 83, "left").logits)).toBeLessThanOrEqual(
    logitTolerance,
  );
});

test("a picture that is none is refused beside the chooser, and the page stays as it was", async () => {
  const { page } = await open("CPU", trouserAndBoot);
  const before = await logitsOn(page);
  for (const [name, buffer] of [
    ["empty.png", Buffer.alloc(0)],
    ["page.png", Buffer.from("<!doctype html><script>alert(1)</script>")],
    ["cut.png", shippedFile("scenes/000.png").subarray(0, 200)],
  ] as const) {
    await page.setInputFiles('input[type="file"]', { name, mimeType: "image/png", buffer });
    await expect.poll(() => page.locator(".scene .error").count()).toBe(1);
    expect(await page.locator(".scene .error").innerText()).toMatch(/^[A-Z][A-Z_]+: \S/);
    expect(await logitsOn(page)).toEqual(before);
    expect(await page.locator(".sides").count()).toBe(1);
    await page.getByRole("radio", { name: "The right garment is brighter" }).check();
    await page.getByRole("button", { name: /^Try it/ }).click();
    await expect.poll(() => page.locator(".scene .error").count()).toBe(0);
    await page.getByRole("button", { name: /^Try it/ }).click();
    await expect.poll(() => logitsOn(page)).toEqual(before);
  }
});

test("a link that asks for what is not there says so and opens the example", async () => {
  const payload = "<img src=x onerror=alert(1)>";
  const { page } = await open("CPU", `?left=100&head=${encodeURIComponent(payload)}`);
  const notices = await page.locator(".notice").allInnerTexts();
  expect(notices).toHaveLength(2);
  expect(notices[1]).toContain(payload);
  expect(farthest(await logitsOn(page), expectedLogits(openingScene))).toBeLessThanOrEqual(
    logitTolerance,
  );
});

test("without a GPU, the switch says why and the CPU goes on", async () => {
  const { executablePath, env } = launchOptions();
  const browser = await chromium.launch({ executablePath, env, args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage();
    await page.goto(demo.address);
    await settled(page);
    expect(await deviceLine(page)).toMatch(/^CPU, WebAssembly.* because /);
    await page.getByRole("radio", { name: "GPU", exact: true }).click();
    await expect.poll(() => page.locator(".device .error").count()).toBe(1);
    expect(await page.locator(".device .error").innerText()).toMatch(/DEVICE_UNAVAILABLE/);
    expect(await page.getByRole("radio", { name: "CPU", exact: true }).isChecked()).toBe(true);
    expect(farthest(await logitsOn(page), expectedLogits(openingScene))).toBeLessThanOrEqual(
      logitTolerance,
    );
  } finally {
    await browser.close();
  }
});

test("nothing leaves the page's own origin, and nothing shifts while results arrive", async () => {
  const page = await demo.browser.newPage({ viewport: { width: 1280, height: 800 } });
  pages.push(page);
  const hosts = new Set<string>();
  page.on("request", (request) => hosts.add(new URL(request.url()).host || "inline"));
  await page.addInitScript(() => {
    Reflect.set(window, "shifts", []);
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries())
        Reflect.get(window, "shifts").push(Reflect.get(entry, "value"));
    }).observe({ type: "layout-shift", buffered: true });
  });
  await page.goto(new URL(trouserAndBoot, demo.address).href);
  await settled(page);
  await page.getByRole("button", { name: /^Try it/ }).click();
  await expect.poll(() => finding(page)).toMatch(/^The model answers Trouser/);
  hosts.delete("inline");
  expect([...hosts]).toEqual([new URL(demo.address).host]);
  const shifts: number[] = await page.evaluate(() => Reflect.get(window, "shifts"));
  expect(shifts.reduce((sum, shift) => sum + shift, 0)).toBeLessThan(0.01);
});

test("a narrow screen has no sideways scroll, and everything to touch is 40 pixels", async () => {
  const { page } = await open("CPU");
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  const small = await page.locator("button:visible, label:visible").evaluateAll((targets) =>
    targets
      .map((target) => [target.textContent, target.getBoundingClientRect()] as const)
      .filter(([, box]) => box.width < 40 || box.height < 40)
      .map(([text, box]) => `${text}: ${box.width} x ${box.height}`),
  );
  expect(small).toEqual([]);
});

test("the built page holds nothing of the tests' model", () => {
  const index = readFileSync(new URL("../dist/index.html", import.meta.url), "utf8");
  const [, script = ""] = /src="\.\/(assets\/[^"]+\.js)"/.exec(index) ?? [];
  const code = readFileSync(new URL(`../dist/${script}`, import.meta.url), "utf8");
  expect(["hook_pattern", "float64 loops"].map((text) => code.includes(text))).toEqual([
    true,
    false,
  ]);
});
