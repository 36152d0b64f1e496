// Operations by the kernels that graphics cards get, whose rows workgroups share, on whatever adapter is here.
import { init, type Device } from "@prisma/tensor";
import { gpuEntry } from "#gpu-entry";
import { afterAll, beforeAll, describe, test } from "vitest";
import { CASES } from "./cases.ts";
import { expectValues } from "./run-cases.ts";
import { expectSorted } from "./sorted-rows.ts";

const adapterHere = (await (await gpuEntry())?.requestAdapter()) ?? null;

/** `gpu` under the name of a graphics card. */
function underOtherName(gpu: GPUDevice): GPUDevice {
  const adapterInfo = { vendor: "test", architecture: "", device: "", description: "" };
  return new Proxy(gpu, {
    get(target, name) {
      if (name === "adapterInfo") return adapterInfo;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

describe.skipIf(adapterHere === null)("on WebGPU as on a graphics card", () => {
  let device: Device;
  beforeAll(async () => {
    const adapter = await (await gpuEntry())!.requestAdapter();
    device = await init({ device: underOtherName(await adapter!.requestDevice()) });
  });
  afterAll(() => device.dispose());

  test.each(CASES.map((item, i) => [`${item.op} #${i}`, item, i] as const))("%s", (_, item, seed) =>
    expectValues(item, seed + 1),
  );

  test.each([2, 3, 255, 256, 257, 1000, 5000])("rows of %i, sorted", (n) => expectSorted(2, n));
});
