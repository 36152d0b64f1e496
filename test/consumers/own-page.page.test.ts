// Somebody puts a model into a page of their own, bundled or not: the page of the how-to, with the packed packages.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectedLogits, shippedConfig } from "../../apps/demo/test/fixtures/shipped-model.ts";
import { bundleForPages } from "../../scripts/bundle-for-pages.ts";
import { launchOptions } from "../../scripts/test-browser.ts";
import { repositoryFile } from "../repository-file.ts";
import { areBuilt, createProject, type PackedProject } from "./packed-project.ts";
import { type ServedFolders, serveFolders } from "./serve-folders.ts";

const packages = ["tensor", "hooks", "vit", "clip", "analysis", "viz"];
const built = areBuilt(packages);
// As the demo's own tests: 1e-5 of logits of size 10.
const TOLERANCE = 1e-4;

/** The page that the how-to shows, and its script. */
async function shownPage(): Promise<{ html: string; script: string }> {
  const markdown = await readFile(repositoryFile("docs/how-to/use-in-a-page.md"), "utf8");
  const html = /^```html\n([^]*?)^```$/m.exec(markdown)?.[1] ?? "";
  const script = /<script type="module">([^]*?)<\/script>/.exec(html)?.[1] ?? "";
  return { html, script };
}

/** The same page with its script bundled and the import map left out. */
async function writeBundled(folder: string): Promise<void> {
  const { html, script } = await shownPage();
  const { code } = await bundleForPages(folder, script);
  const page = html
    .replace(/<script type="importmap">[^]*?<\/script>/, "")
    .replace(script, "")
    .replace('<script type="module">', '<script type="module" src="bundle.js">');
  await mkdir(join(folder, "bundled"));
  await writeFile(join(folder, "bundled/bundle.js"), code);
  await writeFile(join(folder, "bundled/index.html"), page);
}

describe.skipIf(!built)(`a page of one's own${built ? "" : " (run pnpm build first)"}`, () => {
  let project: PackedProject | null = null;
  let server: ServedFolders | null = null;
  let browser: Browser | null = null;
  beforeAll(async () => {
    project = await createProject(packages);
    const { folder } = project;
    await writeFile(join(folder, "index.html"), (await shownPage()).html);
    await writeBundled(folder);
    const models = fileURLToPath(repositoryFile("apps/demo/public/models/"));
    server = await serveFolders({ "/models/": models, "/bundled/models/": models, "/": folder });
    browser = await chromium.launch(launchOptions());
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await project?.remove();
  });

  /** Opens a page, waits for its answer, and gives what is on it, what it loaded and what went wrong. */
  async function visit(path: string) {
    const page = await browser!.newPage();
    const problems: string[] = [];
    const loaded: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => problems.push(message.text()));
    page.on("request", (request) => loaded.push(request.url().replace(server!.address, "")));
    await page.goto(`${server!.address}${path}`);
    await expect
      .poll(async () => problems.length > 0 || (await page.locator("h1").innerText()), {
        timeout: 30_000,
      })
      .not.toBe("Looking...");
    const rows = await page.locator(".prisma-bars tbody tr").evaluateAll((found) =>
      found.map((row) => ({
        label: row.querySelector("th")?.textContent,
        logit: Number(row.querySelector(".prisma-quiet")?.getAttribute("title")),
      })),
    );
    const answer = await page.locator("h1").innerText();
    await page.close();
    return { rows, answer, loaded, problems };
  }

  test.each([
    ["with an import map and the built files", "index.html"],
    ["bundled by esbuild", "bundled/index.html"],
  ])("%s answers as PyTorch does", async (_, path) => {
    const { rows, answer, problems } = await visit(path);
    expect(problems).toEqual([]);
    const labels = shippedConfig().label_names;
    const logits = Array.from(expectedLogits(0));
    expect(rows.map(({ label }) => label)).toHaveLength(10);
    const errors = rows.map(({ label, logit }) =>
      Math.abs(logit - logits[labels.indexOf(label ?? "")]!),
    );
    expect(Math.max(...errors)).toBeLessThanOrEqual(TOLERANCE);
    expect(answer).toBe(labels[logits.indexOf(Math.max(...logits))]);
  });

  test("bundled loads its script, the model and the picture, and nothing else", async () => {
    const { loaded } = await visit("bundled/index.html");
    const own = loaded.filter(
      (url) => !url.startsWith("bundled/models/") && !url.startsWith("blob:"),
    );
    expect(own.filter((url) => url !== "favicon.ico")).toEqual([
      "bundled/index.html",
      "bundled/bundle.js",
    ]);
  });

  test("with an import map loads modules of the packages that are made for pages", async () => {
    const { loaded } = await visit("index.html");
    const modules = loaded.filter((url) => url.startsWith("node_modules/"));
    expect(modules.length).toBeGreaterThan(packages.length);
    expect(modules.filter((url) => url.endsWith(".node.js"))).toEqual([]);
  });
});
