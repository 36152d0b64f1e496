// The example of the README, run as it stands.
import { fileURLToPath } from "node:url";
import { init, type Device } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runExample } from "../../../test/run-example.ts";
import * as analysis from "../src/index.ts";

let device: Device;
beforeAll(async () => {
  device = await init({ device: "wasm" });
});
afterAll(() => device.dispose());

test("the example finds the answer and the expected one", async () => {
  const found = await runExample(new URL("../README.md", import.meta.url), {
    modules: { "@prisma/analysis": analysis },
    defines: ["best", "answer", "close: () => model.dispose()"],
    replace: {
      "models/": fileURLToPath(new URL("../../../apps/demo/public/models/", import.meta.url)),
    },
  });
  expect(found["best"]).toMatchObject({ rank: 1, index: 3, label: "Dress" });
  expect(found["answer"]).toMatchObject({ label: "Trouser", index: 1 });
  (found["close"] as () => void)();
});
