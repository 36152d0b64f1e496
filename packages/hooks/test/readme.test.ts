// The example of the README, run as it stands.
import { init, type Device, type Tensor } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as tensor from "../../tensor/src/index.ts";
import * as vit from "../../vit/src/index.ts";
import { runExample } from "../../../test/run-example.ts";

let device: Device;
beforeAll(async () => {
  device = await init({ device: "wasm" });
});
afterAll(() => device.dispose());

test("the example looks at attention and removes a head", async () => {
  const found = await runExample(new URL("../README.md", import.meta.url), {
    modules: { "@prisma/tensor": tensor, "@prisma/vit": vit },
    defines: [
      "shape: pattern.shape",
      "changed",
      "model",
      "images",
      "logits",
      "plain: await (async () => { using y = model.forward(images); return y.data(); })()",
    ],
  });
  expect(found["shape"]).toEqual([1, 4, 17, 17]);
  expect(found["changed"]).not.toEqual(found["plain"]);
  for (const name of ["model", "images", "logits"]) (found[name] as Tensor).dispose();
});
