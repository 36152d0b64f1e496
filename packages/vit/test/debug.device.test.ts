// Anomaly mode on a ViT: hook points are named, and a knockout is no alarm.
import { init, PrismaError, randn, scope, type Device, type Tensor } from "@prisma/tensor";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEVICES } from "../../tensor/test/each-device.ts";
import { createViT, type ViT, type ViTConfigInput } from "../src/index.ts";

const SMALL: ViTConfigInput<2> = {
  nLayers: 2,
  dModel: 12,
  nHeads: 2,
  dMlp: 16,
  nChannels: 1,
  patchSize: 4,
  imageSize: 8,
  nClasses: 3,
};

/** Milliseconds on a busy machine, whose GPU is the processor. */
const PATIENCE = 120_000;

/** Class, first patch and last patch may not look at the first patch. */
const cut = (scores: Tensor): Tensor => scores.set([null, null, { list: [0, 1, 4] }, 1], -Infinity);

async function anomalyOf(promise: Promise<unknown>): Promise<PrismaError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof PrismaError && error.code === "ANOMALY") return error;
  throw new Error(`no anomaly, but ${String(error)}`);
}

describe.each(DEVICES.filter(([, , present]) => present))("on %s", (_, options) => {
  let device: Device;
  let model: ViT<2>;
  let images: Tensor;

  async function open(debug: boolean): Promise<void> {
    device = await init({ ...options, debug });
    model = await createViT(SMALL, { seed: 3 });
    images = await randn([1, 1, 8, 8], { seed: 4 }).realize();
  }
  async function close(): Promise<void> {
    model.dispose();
    images.dispose();
    await device.dispose();
  }
  /** Logits, and all there is to cache, with a head kept from looking. */
  async function healthy(): Promise<unknown[]> {
    using run = await model.runWithCache(images, {
      hooks: [["blocks.1.attn.hook_attn_scores", cut]],
      gradientOf: (logits) => logits.square().sum(),
    });
    const values: unknown[] = [await run.output.data()];
    for (const [name, value] of run.cache.entries()) values.push(name, await value.data());
    values.push(await run.cache.grad("blocks.0.hook_resid_pre").data());
    return values;
  }

  test(
    "a healthy run with a knockout gives the same bits, and no alarm",
    { timeout: PATIENCE },
    async () => {
      await open(false);
      const plain = await healthy();
      await close();
      await open(true);
      expect(await healthy()).toEqual(plain);
      await close();
    },
  );

  describe("the error", { timeout: PATIENCE }, () => {
    beforeAll(() => open(true));
    afterAll(() => close());

    test("names the operation of a hook, its point and its line", async () => {
      using logits = scope(() =>
        model.runWithHooks(images, {
          hooks: [["blocks.1.attn.hook_v", (v) => v.sub(100).log()]],
        }),
      );
      const error = await anomalyOf(logits.data());
      expect(error.message).toMatch(
        /^ANOMALY: log \("blocks\.1\.attn\.hook_v"\), called at debug\.device\.test\.ts:\d+/,
      );
      expect(error.details).toMatchObject({ operation: "log", name: "blocks.1.attn.hook_v" });
    });

    test("names the point that the value is on the way to, and the model's own line", async () => {
      using logits = scope(() =>
        model.runWithHooks(images, {
          hooks: [["blocks.0.hook_resid_post", (x) => x.set([0, 1, 0], Infinity)]],
        }),
      );
      const { message, details } = await anomalyOf(logits.data());
      expect(details["name"]).toMatch(/^blocks\.1\.ln1\./);
      expect(message).toMatch(/\(on the way to "blocks\.1\.ln1\..*called at [\w-]+\.ts:\d+/);
    });

    test("names the operation whose gradient it is", async () => {
      const error = await anomalyOf(
        model.runWithCache(images, {
          names: "blocks.0.hook_resid_pre",
          gradientOf: (logits) => logits.mul(0).sqrt().sum(),
        }),
      );
      expect(error.details).toMatchObject({ operation: "sqrt", backward: true });
      expect(error.details["callSite"]).toMatch(/debug\.device\.test\.ts/);
    });
  });
});
