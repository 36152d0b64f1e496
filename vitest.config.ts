// The test projects: packages from their sources, in Node and in a headless Chromium, and the
// built pages driven from Node. CONTRIBUTING.md says which file name runs where.
import { playwright } from "@vitest/browser-playwright";
import { defineConfig, type TestProjectConfiguration } from "vitest/config";
import { commitSeed } from "./scripts/commit-seed.ts";
import { launchOptions, testBrowser } from "./scripts/test-browser.ts";

const browser = testBrowser();
// Forked test processes inherit these; the dynamic loader reads them only at process start.
for (const [name, value] of Object.entries(browser.nodeEnv)) process.env[name] ??= value;

const sources = "@prisma/source";
const nodeConditions = [sources, "module", "node", "development|production"];
const browserConditions = [sources, "module", "browser", "development|production"];
const folders = "{test,{packages,apps}/*/test}/**";
const exclude = ["**/node_modules/**"];
const setupFiles = ["./test/console.ts", "./test/leaks.ts"];

const node: TestProjectConfiguration = {
  resolve: { conditions: nodeConditions },
  ssr: { resolve: { conditions: nodeConditions } },
  test: {
    name: "node",
    include: [`${folders}/*.test.ts`],
    exclude: [...exclude, "**/*.browser.test.ts", "**/*.page.test.ts"],
    environment: "node",
    pool: "forks",
    isolate: false,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    setupFiles,
  },
};

const pages: TestProjectConfiguration = {
  test: {
    name: "pages",
    include: [`${folders}/*.page.test.ts`],
    exclude,
    environment: "node",
    pool: "forks",
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A page under test shares its processor with the browser, the server and the runner.
    expect: { poll: { timeout: 20_000 } },
    setupFiles: ["./test/console.ts"],
  },
};

const inBrowser: TestProjectConfiguration = {
  resolve: { conditions: browserConditions },
  // SharedArrayBuffer exists only in a cross-origin isolated page.
  server: {
    headers: {
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
    },
  },
  test: {
    name: "browser",
    include: [`${folders}/*.{browser,device}.test.ts`],
    exclude,
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    setupFiles,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright(
        browser.executable === undefined ? {} : { launchOptions: launchOptions(browser) },
      ),
      instances: [{ browser: "chromium" }],
    },
  },
};

export default defineConfig({
  test: {
    provide: { commitSeed: commitSeed() },
    projects: browser.executable === undefined ? [node] : [node, inBrowser, pages],
  },
});
