// Other models on the page: one of the Hub, one out of a folder, a pair that reads labels, and ones that cannot be had.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { repositoryFile } from "../../../test/repository-file.ts";
import { finding } from "./read-page.ts";
import { serveDemo, type OpenPage, type ServedDemo } from "./serve-demo.ts";

const TIMM = repositoryFile("packages/vit/test/golden/timm-cls/");
const PAIR = repositoryFile("packages/clip/test/golden/clip/");
const SLOW = 120_000;

let demo: ServedDemo;
beforeAll(async () => {
  demo = await serveDemo();
});
afterAll(() => demo.close());

/** Answers for huggingface.co with the files of `folder`; other names are not there. Gives what was asked for. */
async function answerForHub(page: Page, folder: URL): Promise<string[]> {
  const asked: string[] = [];
  await page.route("https://huggingface.co/**", async (route) => {
    const { pathname } = new URL(route.request().url());
    asked.push(pathname);
    const name = /^\/owner\/name\/resolve\/main\/([\w.]+)$/.exec(pathname)?.[1];
    const headers = { "access-control-allow-origin": "*" };
    const body = await readFile(new URL(name ?? "none", folder)).catch(() => null);
    await (body === null
      ? route.fulfill({ status: 404, headers, body: "" })
      : route.fulfill({ status: 200, headers, body }));
  });
  return asked;
}

async function openDialog({ page }: OpenPage): Promise<void> {
  await page.getByRole("button", { name: /^Model/ }).click();
  await page.getByRole("dialog", { name: "Which model?" }).waitFor();
}

async function shownModel({ page }: OpenPage): Promise<string | null> {
  await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
  return page.locator(".model-name").textContent();
}

/** What went wrong but for files that are asked for and may be absent: the browser says so of each by itself. */
const faults = ({ problems }: OpenPage): string[] =>
  problems.filter((problem) => !/status of 404/.test(problem));

const ready = async ({ page }: OpenPage): Promise<void> => {
  await page.locator(".matrices figure >> nth=1").waitFor({ timeout: SLOW });
};

test(
  "a model of the Hub is fetched when asked for, is in the link, and answers",
  { timeout: SLOW },
  async () => {
    const open = await demo.openPage();
    const { page } = open;
    const asked = await answerForHub(page, TIMM);
    await ready(open);
    await openDialog(open);
    await page.getByLabel("From the Hugging Face Hub").fill("owner/name");
    await page.getByRole("button", { name: "Load", exact: true }).click();
    expect(await shownModel(open)).toBe("owner/name");
    await ready(open);
    expect(asked).toContain("/owner/name/resolve/main/model.safetensors");
    expect(await finding(page)).toMatch(/^The model answers class \d \(/);
    expect(page.url()).toContain("hub=owner/name");

    // Whoever opens the link is asked before anything is fetched.
    const other = await demo.openPage(new URL(page.url()).search);
    const askedThere = await answerForHub(other.page, TIMM);
    await ready(other);
    expect(askedThere).toEqual([]);
    await other.page.getByRole("button", { name: "Load it from huggingface.co" }).click();
    await expect.poll(() => other.page.locator(".model-name").textContent()).toBe("owner/name");
    await ready(other);
    expect([faults(open), faults(other)]).toEqual([[], []]);
    await Promise.all([page.close(), other.page.close()]);
  },
);

test(
  "a pair out of a folder is asked with labels, and with others",
  { timeout: SLOW },
  async () => {
    const open = await demo.openPage();
    const { page } = open;
    await ready(open);
    await openDialog(open);
    await page.locator('input[aria-label="Choose a folder"]').setInputFiles(fileURLToPath(PAIR));
    expect(await shownModel(open)).toBe("clip");
    await ready(open);
    expect(await finding(page)).toMatch(
      /T-shirt\/top|Trouser|Pullover|Dress|Coat|Sandal|Shirt|Sneaker|Bag|Ankle boot/,
    );
    await page.getByLabel("Tell these apart, one a line").fill("cat\n<b>dog</b>\n\ncat");
    await page.getByRole("button", { name: "Ask", exact: true }).click();
    await expect.poll(() => finding(page)).toMatch(/^The model answers (cat|<b>dog<\/b>) \(/);
    expect(faults(open)).toEqual([]);
    await page.close();
  },
);

test(
  "a model that cannot be had is said beside the field, and the page stays as it was",
  { timeout: SLOW },
  async () => {
    const open = await demo.openPage();
    const { page } = open;
    await answerForHub(page, new URL("nowhere/", TIMM));
    await ready(open);
    const before = await finding(page);
    await openDialog(open);
    const field = page.getByLabel("From the Hugging Face Hub");
    await field.fill("not a name");
    await page.getByRole("button", { name: "Load", exact: true }).click();
    await page.getByText("A model on the Hub is named owner/name").waitFor();
    await field.fill("owner/name");
    await page.getByRole("button", { name: "Load", exact: true }).click();
    await expect
      .poll(() => page.getByRole("dialog").getByRole("alert").textContent())
      .toMatch(/^owner\/name: .*config\.json/);
    await page.keyboard.press("Escape");
    expect(await page.locator(".model-name").textContent()).toBe("Garment scenes");
    expect(await finding(page)).toBe(before);
    await page.close();
  },
);
