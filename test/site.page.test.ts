// The documentation's site in a browser that runs no scripts: nothing is refused or missing, and narrow pages stay narrow.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildSite } from "../scripts/site/build-site.ts";
import { launchOptions } from "../scripts/test-browser.ts";
import { type ServedFolders, serveFolders } from "./consumers/serve-folders.ts";

let folder = "";
let pages: readonly string[] = [];
let server: ServedFolders;
let browser: Browser;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "prisma-site-"));
  pages = buildSite(folder);
  server = await serveFolders({ "/": folder });
  browser = await chromium.launch(launchOptions());
}, 120_000);
afterAll(async () => {
  await browser.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

test.each(["light", "dark"] as const)("reads at 390 pixels, %s", async (colorScheme) => {
  const viewport = { width: 390, height: 844 };
  const context = await browser.newContext({ viewport, colorScheme, javaScriptEnabled: false });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("console", (message) => problems.push(`${page.url()}: ${message.text()}`));
  page.on("response", (response) => {
    if (response.status() !== 200) problems.push(`${response.url()}: ${response.status()}`);
  });
  for (const path of pages) {
    await page.goto(server.address + path);
    const { width } = (await page.locator("main").boundingBox())!;
    const full = await page.locator("html").evaluate((it) => it.scrollWidth);
    expect(full, path).toBeLessThanOrEqual(viewport.width);
    expect(width, path).toBeGreaterThan(300);
  }
  expect(problems).toEqual([]);
  await context.close();
});
