// Runs one test project and prints its totals; without a browser, the projects that need one are
// skipped in plain sight.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { testBrowser } from "./test-browser.ts";

const project = process.argv[2] ?? "";
const needsBrowser = project === "browser" || project === "pages";

if (needsBrowser && testBrowser().executable === undefined) {
  console.log(`SKIPPED: no Chromium for the project "${project}".`);
  console.log("Set CHROME_BIN to a Chrome or Chromium executable to run it.");
  console.log("0 passed, 0 failed, 1 skipped");
} else {
  const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
  const reporters = ["--reporter=default", "--reporter=./scripts/count-reporter.ts"];
  const args = [vitest, "run", "--project", project, ...reporters];
  process.exitCode = spawnSync(process.execPath, args, { stdio: "inherit" }).status ?? 1;
}
