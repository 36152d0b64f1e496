// The example of the README, run as it stands.
import { fileURLToPath } from "node:url";
import { init, type Device } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runExample } from "../../../test/run-example.ts";
import * as vit from "../src/index.ts";
import { repositoryFile } from "../../../test/repository-file.ts";

let device: Device;
beforeAll(async () => {
  device = await init({ device: "wasm" });
});
afterAll(() => device.dispose());

test("the example reads a scene", async () => {
  const found = await runExample(new URL("../README.md", import.meta.url), {
    modules: { "@prisma/vit": vit },
    defines: [
      "answer",
      "shape: attention.shape",
      "input: images.shape",
      "cls",
      "grid",
      "close: () => [model, images].forEach((one) => one.dispose())",
    ],
    replace: { "models/": fileURLToPath(repositoryFile("apps/demo/public/models/")) },
  });
  expect(found).toMatchObject({
    answer: "Dress",
    shape: [1, 4, 33, 33],
    input: [1, 1, 28, 56],
    cls: 0,
    grid: [4, 8],
  });
  (found["close"] as () => void)();
});
