// True faults in a real browser: the GPU process is crashed, and a gigabyte too many is asked for.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium, type Browser, type Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchOptions, testBrowser } from "../../../../scripts/test-browser.ts";

const present = testBrowser().executable !== undefined;

/** The library as one file that a page can import. */
async function bundle(): Promise<string> {
  const result = await build({
    entryPoints: [fileURLToPath(new URL("../../src/index.ts", import.meta.url))],
    bundle: true,
    format: "esm",
    write: false,
    target: "es2022",
    platform: "browser",
    conditions: ["@prisma/source"],
  });
  return result.outputFiles[0]!.text;
}

let server: Server;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  if (!present) return;
  const script = await bundle();
  server = createServer((request, response) => {
    const isScript = request.url === "/prisma.js";
    response.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" });
    response.end(isScript ? script : "<!doctype html><title>faults</title>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  browser = await chromium.launch(launchOptions());
  page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});

afterAll(async () => {
  await browser?.close();
  server?.close();
});

// Text, not a function: the test runner rewrites `import()` in functions.
const PREPARE = `(async () => {
  const prisma = await import("/prisma.js");
  const device = await prisma.init({ device: "webgpu" });
  const run = async () => {
    const x = prisma.uniform([64, 64], { seed: 3 });
    const y = x.matmul(x).softmax();
    try {
      return Array.from((await y.data()).slice(0, 64));
    } catch (error) {
      return error.code ?? String(error);
    } finally {
      x.dispose();
      y.dispose();
    }
  };
  const gradient = async () => {
    const x = prisma.uniform([64, 64], { seed: 4 });
    const slope = prisma.grad((w) => w.matmul(w).softmax().square().mean())(x);
    try {
      return Array.from((await slope.data()).slice(0, 64));
    } catch (error) {
      return error.code ?? String(error);
    } finally {
      x.dispose();
      slope.dispose();
    }
  };
  const timed = async (one) => {
    const begin = performance.now();
    const result = await one();
    return { result, took: performance.now() - begin };
  };
  const keepRunning = async () => {
    const settled = [];
    globalThis.stop = false;
    while (!globalThis.stop)
      settled.push(...(await Promise.all([timed(run), timed(gradient), timed(run)])));
    return settled;
  };
  Object.assign(globalThis, { prisma, device, run, gradient, keepRunning });
})()`;

/**
 * Starts a device and two programs in the page; `run()` and `gradient()` give the bits of their results, or the code of
 * their error, and `keepRunning()` all results until `stop`.
 */
async function prepare(): Promise<void> {
  await page.evaluate(PREPARE);
}

const run = (): Promise<unknown> => page.evaluate("run()");

/** Results asked for at once, and how long each took to settle, in milliseconds. */
type Settled = readonly { readonly result: unknown; readonly took: number }[];

const CRASHES = [0, 1, 2, 3, 4];

test.skipIf(!present).each(CRASHES)(
  "after a crash of the GPU process nothing of the old device is returned, and a new one gives the same bits, time %i",
  async (time) => {
    await prepare();
    const bits = await run();
    const slope = await page.evaluate("gradient()");
    expect(bits).toHaveLength(64);
    expect(slope).toHaveLength(64);
    await page.evaluate("globalThis.kept = prisma.uniform([64, 64], { seed: 3 }); kept.realize()");
    const session = await browser.newBrowserCDPSession();
    const pending = page.evaluate("keepRunning()") as Promise<Settled>;
    await new Promise((resolve) => setTimeout(resolve, 7 * time));
    // The answer is lost with the process.
    void session.send("Browser.crashGpuProcess").catch(() => {});
    await page.waitForFunction("device.port.epoch > 0");
    await page.evaluate("globalThis.stop = true");
    const settled = await pending;
    for (const { result, took } of settled) {
      expect([bits, slope, "DEVICE_LOST"]).toContainEqual(result);
      expect(took).toBeLessThan(2000);
    }
    expect(settled.map(({ result }) => result)).toContain("DEVICE_LOST");
    expect(await page.evaluate("kept.data().then(() => 'a value', (error) => error.code)")).toBe(
      "DEVICE_LOST",
    );
    expect(await run()).toEqual(bits);
    expect(await page.evaluate("gradient()")).toEqual(slope);
    await page.evaluate("kept.dispose(); device.dispose()");
  },
);

test.skipIf(!present)(
  "true out of memory is OUT_OF_MEMORY, and the next run is right",
  async () => {
    await prepare();
    const bits = await run();
    const code = await page.evaluate(`(async () => {
    const held = [];
    try {
      for (let i = 0; i < 64; i++) {
        const x = prisma.uniform([2 ** 28 - 64], { seed: i });
        held.push(x);
        await x.realize();
        await x.get([[0, 1]]).data();
      }
      return "nothing failed";
    } catch (error) {
      return error.code;
    } finally {
      held.forEach((x) => x.dispose());
    }
  })()`);
    expect(code).toBe("OUT_OF_MEMORY");
    expect(await run()).toEqual(bits);
  },
);
