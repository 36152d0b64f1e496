// A device that is lost inside a hook: the run says so, no hook and no tensor is left, and the next run is right.
import { init, memory, PrismaError, tensor, type Device } from "@prisma/tensor";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ToyModel } from "./toy-model.ts";

const adapter = (await navigator.gpu?.requestAdapter()) ?? null;

/** Milliseconds within which the run must end. */
const SOON = 2000;

type Hooks = Parameters<ToyModel["runWithCache"]>[1];
type Run = (model: ToyModel, options: Hooks) => Promise<unknown>;

const RUNS: readonly (readonly [name: string, run: Run])[] = [
  [
    "runWithHooks",
    async (model, options) => {
      using x = tensor([[1, 2, 3]]);
      using output = model.runWithHooks(x, options);
      return await output.data();
    },
  ],
  [
    "runWithCache",
    async (model, options) => {
      using x = tensor([[1, 2, 3]]);
      using run = await model.runWithCache(x, options);
      return await run.cache.get("resid_post", 0).data();
    },
  ],
];

describe.skipIf(adapter === null)("a device lost inside a hook", () => {
  let gpu: GPUDevice;
  let device: Device;
  const open = async (): Promise<void> => {
    gpu = await (await navigator.gpu.requestAdapter())!.requestDevice();
    device = await init({ device: gpu });
  };
  const close = async (): Promise<void> => {
    await device.dispose();
    gpu.destroy();
  };
  beforeAll(open);
  afterAll(close);

  test.each(RUNS)("%s", async (_, run) => {
    const model = new ToyModel();
    const handle = model.addHook("blocks.0.hook_resid_post", (a) => a.mul(1));
    const { tensors } = memory();
    const options: Hooks = {
      hooks: [
        ["hook_embed", (a) => a.add(1)],
        ["blocks.1.hook_resid_pre", () => gpu.destroy()],
      ],
    };
    const started = performance.now();
    const found = await run(model, options).catch((error: unknown) => error);
    expect(found).toBeInstanceOf(PrismaError);
    expect(found).toMatchObject({ code: "DEVICE_LOST" });
    expect(performance.now() - started).toBeLessThan(SOON);
    const hooked = model.hooksTable().filter(({ hooks }) => hooks > 0);
    expect(hooked.map(({ name }) => name)).toEqual(["blocks.0.hook_resid_post"]);
    handle.remove();
    // Fewer where what another test forgot is collected meanwhile.
    expect(memory().tensors).toBeLessThanOrEqual(tensors);

    await close();
    await open();
    using x = tensor([[1, 2, 3]]);
    using output = model.forward(x);
    expect([...(await output.data())]).toEqual([-12, -24, -36]);
  });
});
