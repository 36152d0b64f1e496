// Serves the built demo on a free port and opens it in a headless Chromium, for the page tests.
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright";
import { preview } from "vite";
import { launchOptions } from "../../../scripts/test-browser.ts";

/** The demo being served, and a browser to look at it. */
export interface ServedDemo {
  readonly address: string;
  readonly browser: Browser;
  /** Opens an address below the demo's (default: its first page) and notes what goes wrong in it. */
  openPage(path?: string): Promise<OpenPage>;
  close(): Promise<void>;
}

/** A page of the demo. */
export interface OpenPage {
  readonly page: Page;
  /** Errors, console warnings and errors, and violations of the content security policy, as they happen. */
  readonly problems: readonly string[];
}

/** Serves what `vite build` left in dist, with the headers of headers.ts. */
export async function serveDemo(): Promise<ServedDemo> {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const server = await preview({
    root,
    logLevel: "silent",
    preview: { port: 0, host: "127.0.0.1" },
  });
  const address = server.resolvedUrls?.local[0];
  if (address === undefined) throw new Error("the preview server has no local address");
  const browser = await chromium.launch(launchOptions());
  return {
    address,
    browser,
    openPage: (path = "") => openPage(browser, new URL(path, address).href),
    close: async () => {
      await browser.close();
      await server.close();
    },
  };
}

async function openPage(browser: Browser, address: string): Promise<OpenPage> {
  const problems: string[] = [];
  const page = await browser.newPage();
  page.on("pageerror", (error) => problems.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(message.text());
  });
  await page.goto(address);
  return { page, problems };
}
