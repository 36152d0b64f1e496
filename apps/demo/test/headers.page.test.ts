// The demo as it is served: cross-origin isolated, and under a policy that stops markup and eval.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ServedDemo, serveDemo } from "./serve-demo.ts";

let demo: ServedDemo;
beforeAll(async () => {
  demo = await serveDemo();
});
afterAll(() => demo.close());

test("the page is isolated and loads without an error or a policy violation", async () => {
  const { page, problems } = await demo.openPage();
  await page.waitForLoadState("networkidle");
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  expect(problems).toEqual([]);
});

test("a missing file is a 404", async () => {
  const response = await fetch(new URL("models/none/config.json", demo.address));
  expect(response.status).toBe(404);
});

test.for([
  ["markup", () => Reflect.set(document.body, "innerHTML", "<b>label</b>"), /TrustedHTML/],
  [
    "a script's address",
    () => Reflect.set(document.createElement("script"), "src", "a.js"),
    /TrustedScriptURL/,
  ],
  [
    "eval",
    // After a turn of the event loop: an evaluation by the debugger itself is let through.
    () =>
      new Promise((resolve) => setTimeout(resolve)).then(() => Reflect.get(window, "eval")("1")),
    /TrustedScript|unsafe-eval/,
  ],
  [
    "another policy",
    () => Reflect.get(window, "trustedTypes").createPolicy("other", {}),
    /policy|Policy/,
  ],
] as const)("%s is refused", async ([, attempt, complaint]) => {
  const { page } = await demo.openPage();
  await expect(page.evaluate(attempt)).rejects.toThrow(complaint);
});
