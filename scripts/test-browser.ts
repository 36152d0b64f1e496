// Finds a Chromium for the tests, the flags that give it WebGPU on a software adapter, and the
// environment in which Dawn (the `webgpu` package) finds the same adapter in Node.
import { existsSync } from "node:fs";
import { bundledChromium } from "./bundled-chromium.ts";

/** What a test run needs to start a browser; `executable` is absent where none was found. */
export interface TestBrowser {
  readonly executable: string | undefined;
  readonly args: readonly string[];
  /** Variables for the browser's process. */
  readonly browserEnv: Readonly<Record<string, string>>;
  /** Variables for Node test processes, to be set before they start. */
  readonly nodeEnv: Readonly<Record<string, string>>;
}

/**
 * `--enable-unsafe-webgpu` alone gives an adapter whose canvas kills the GPU process; all five of
 * the middle flags together work. The two limits let a test crash the GPU process more than twice.
 */
const args: readonly string[] = [
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
  "--use-vulkan=swiftshader",
  "--use-angle=swiftshader",
  "--disable-background-networking",
  "--disable-gpu-process-crash-limit",
  "--disable-domain-blocking-for-3d-apis",
];

const installed: readonly string[] = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe",
];

/** `CHROME_BIN` if set, else the bundled Chromium, else an installed one. */
export function testBrowser(): TestBrowser {
  const bundled = bundledChromium();
  const nodeEnv: Record<string, string> =
    bundled === undefined
      ? {}
      : { LD_LIBRARY_PATH: bundled.vulkan, VK_ICD_FILENAMES: bundled.vulkanDriver };
  const chosen = process.env["CHROME_BIN"];
  if (chosen !== undefined && chosen !== "") {
    if (!existsSync(chosen)) throw new Error(`CHROME_BIN names ${chosen}, which does not exist`);
    return { executable: chosen, args, browserEnv: {}, nodeEnv };
  }
  if (bundled !== undefined) {
    const browserEnv = { LD_LIBRARY_PATH: bundled.libraries, FONTCONFIG_PATH: bundled.fonts };
    return { executable: bundled.executable, args, browserEnv, nodeEnv };
  }
  return { executable: installed.find((path) => existsSync(path)), args, browserEnv: {}, nodeEnv };
}

/** Options for Playwright's `chromium.launch`; throws where no browser was found. */
export function launchOptions(browser: TestBrowser = testBrowser()): {
  executablePath: string;
  args: string[];
  env: Record<string, string>;
} {
  if (browser.executable === undefined) {
    throw new Error("no Chromium found: set CHROME_BIN to a Chrome or Chromium executable");
  }
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const env = { ...Object.fromEntries(inherited), ...browser.browserEnv };
  return { executablePath: browser.executable, args: [...browser.args], env };
}
