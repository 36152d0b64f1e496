// Ablation told wrong, stopped half-way, and measured by what is no number.
import { init, randn, zeros, type Device, type Tensor } from "@prisma/tensor";
import { createViT, type ViT } from "@prisma/vit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ablate, loadModel, referenceMeans, type AblateOptions } from "../src/index.ts";
import { repositoryFile } from "../../../test/repository-file.ts";

let device: Device;
beforeAll(async () => {
  device = await init({ device: "wasm", threads: 1 });
});
afterAll(() => device.dispose());

const config = {
  nLayers: 3,
  dModel: 8,
  nHeads: 2,
  dMlp: 8,
  nChannels: 1,
  patchSize: 2,
  imageSize: [4, 6],
  nClasses: 3,
} as const;

const heads = { sweep: "heads", kind: "zero" } as const;

async function withImages(
  run: (model: ViT<3>, images: Tensor) => Promise<void>,
  batch = 2,
): Promise<void> {
  using model = await createViT(config);
  using images = randn([batch, 1, 4, 6], { seed: 1 });
  await run(model, images);
}

test.each<[what: string, options: object, code: string, words: string]>([
  ["nothing to cut", { target: 0 }, "ARGUMENT_INVALID", "sweep"],
  ["two things to cut", { ...heads, target: 0, edits: [] }, "ARGUMENT_INVALID", "not both"],
  ["no edits", { target: 0, edits: [] }, "ARGUMENT_INVALID", "empty"],
  ["no edits together", { target: 0, edits: [[]] }, "ARGUMENT_INVALID", "empty"],
  [
    "a patch among others",
    { target: 0, edits: [[{ name: "hook_embed", kind: "from", source: "x" }]] },
    "ARGUMENT_INVALID",
    "patchActivations",
  ],
  [
    "an edit of a hook that is not there",
    { target: 0, edits: [{ name: "blocks.1.attn.hook_zz", kind: "zero" }] },
    "HOOK_UNKNOWN",
    "hook_z",
  ],
  ["a sweep that is none", { sweep: "neurons", target: 0 }, "ARGUMENT_INVALID", "neurons"],
  ["a mean of nothing", { sweep: "heads", target: 0 }, "ARGUMENT_INVALID", "reference"],
  [
    "a patch",
    { target: 0, edits: [{ name: "hook_embed", kind: "from", source: "x" }] },
    "ARGUMENT_INVALID",
    "patchActivations",
  ],
  ["edits that are no list", { target: 0, edits: null }, "ARGUMENT_INVALID", "expected a list"],
  ["an edit that is text", { target: 0, edits: ["z"] }, "ARGUMENT_INVALID", "object with the name"],
  ["a metric that is text", { ...heads, metric: "loss" }, "ARGUMENT_INVALID", "expected { name"],
  [
    "a metric of nothing",
    { ...heads, metric: { name: "m" } },
    "ARGUMENT_INVALID",
    "expected { name",
  ],
  [
    "a metric that is to come",
    { ...heads, metric: { name: "later", of: async (x: Tensor) => x.sum(1) } },
    "ARGUMENT_INVALID",
    "a Promise",
  ],
  [
    "a metric that is infinite",
    { ...heads, metric: { name: "far", of: (x: Tensor) => x.sum(1).mul(0).add(1).div(0) } },
    "ARGUMENT_INVALID",
    "Infinity",
  ],
  ["no target", heads, "ARGUMENT_INVALID", "target"],
  [
    "target and metric",
    { ...heads, target: 0, metric: { name: "m", of: (x: Tensor) => x.sum(1) } },
    "ARGUMENT_INVALID",
    "not both",
  ],
  ["class 3 of 3", { ...heads, target: 3 }, "ARGUMENT_INVALID", "class 3"],
  ["class -1", { ...heads, target: [0, -1] }, "ARGUMENT_INVALID", "class -1"],
  ["one class twice", { ...heads, target: [1, 1] }, "ARGUMENT_INVALID", "always 0"],
  [
    "a metric that is NaN",
    { ...heads, metric: { name: "broken", of: (x: Tensor) => x.sum(1).mul(-1).sub(1e30).sqrt() } },
    "ARGUMENT_INVALID",
    "broken",
  ],
  [
    "a metric of every class",
    { ...heads, metric: { name: "all", of: (x: Tensor) => x } },
    "ARGUMENT_INVALID",
    "[2,3]",
  ],
  [
    "a metric that is no tensor",
    { ...heads, metric: { name: "one", of: () => 1 } },
    "ARGUMENT_INVALID",
    "the number 1",
  ],
])("%s is refused", async (_, options, code, words) => {
  await withImages(async (model, images) => {
    const refused = await ablate(model, images, options as AblateOptions).catch(
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({ code, message: expect.stringContaining(words) });
  });
});

test("no images, and images of another size, are refused", async () => {
  await withImages(async (model, images) => {
    using none = images.get([[0, 0]]);
    await expect(ablate(model, none, { ...heads, target: 0 })).rejects.toMatchObject({
      code: "ARGUMENT_INVALID",
      message: expect.stringContaining("no image"),
    });
    using narrow = images.get([null, null, null, [0, 4]]);
    await expect(ablate(model, narrow, { ...heads, target: 0 })).rejects.toMatchObject({
      code: "SHAPE_MISMATCH",
    });
  });
});

test("no such class of a model with names: the nearest is named", async () => {
  using model = await loadModel(repositoryFile("apps/demo/public/models/garment-scenes-vit/"));
  using images = zeros([1, 1, 28, 56]);
  const refused = ablate(model, images, { ...heads, target: ["Dress", "Trowser"] });
  await expect(refused).rejects.toMatchObject({
    code: "ARGUMENT_INVALID",
    message: expect.stringContaining('"Trouser"'),
  });
});

test("a model without MLPs has none to sweep", async () => {
  using model = await createViT({ ...config, attnOnly: true });
  using images = zeros([1, 1, 4, 6]);
  const refused = ablate(model, images, { sweep: "mlps", kind: "zero", target: 0 });
  await expect(refused).rejects.toMatchObject({ code: "HOOK_UNKNOWN" });
});

test("stopped before the first cut it throws; half-way it gives what it has, and says so", async () => {
  await withImages(async (model, images) => {
    const before = AbortSignal.abort("enough");
    await expect(
      ablate(model, images, { ...heads, target: 0, signal: before }),
    ).rejects.toMatchObject({ code: "CANCELLED" });
    const stop = new AbortController();
    const steps: [number, number][] = [];
    const options = { ...heads, target: 0, signal: stop.signal } as const;
    const half = await ablate(model, images, {
      ...options,
      onProgress: ({ done, total }) => {
        steps.push([done, total]);
        if (done === 4) stop.abort();
      },
    });
    const whole = await ablate(model, images, { ...heads, target: 0 });
    expect(steps).toEqual([
      [2, 6],
      [4, 6],
    ]);
    expect([half.complete, whole.complete]).toEqual([false, true]);
    for (const image of [0, 6]) {
      const [some, all] = [half, whole].map(({ effects }) =>
        effects.values.slice(image, image + 6),
      );
      expect(some!.subarray(0, 4)).toEqual(all!.subarray(0, 4));
      expect([...some!.subarray(4)]).toEqual([Number.NaN, Number.NaN]);
    }
    expect(half.before).toEqual(whole.before);
    expect(whole.effects.values.every(Number.isFinite)).toBe(true);
  });
});

test("effects are those of one run a cut, to the bit, however many images and cells run at once", async () => {
  await withImages(async (model, images) => {
    using reference = await referenceMeans(model, images, { names: "blocks.*.attn.hook_z" });
    const options = { sweep: "heads", reference, target: [0, 2] } as const;
    const { effects, before } = await ablate(model, images, options);
    using plain = model.forward(images);
    const metric = async (logits: Tensor): Promise<number[]> => {
      const values = await logits.data();
      return Array.from({ length: 9 }, (_, i) => Math.fround(values[i * 3]! - values[i * 3 + 2]!));
    };
    expect(await metric(plain)).toEqual([...before.values]);
    for (let cell = 0; cell < 6; cell++) {
      const layer = Math.floor(cell / 2) as 0 | 1 | 2;
      const name = `blocks.${layer}.attn.hook_z` as const;
      const at = [null, null, cell % 2] as const;
      using cut = model.runWithHooks(images, {
        hooks: [[name, (z) => z.set(at, reference.mean(name).get(at))]],
      });
      const after = await metric(cut);
      after.forEach((value, image) => {
        const change = Math.fround(value - before.values[image]!);
        expect(effects.values[image * 6 + cell]).toBe(change);
      });
    }
  }, 9);
});
