// Edits that mean nothing: each is refused by code before anything runs.
import { init, zeros, type Device } from "@prisma/tensor";
import { createViT, type ViT } from "@prisma/vit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  editHooks,
  editSource,
  knockOutAttention,
  referenceMeans,
  type Edit,
} from "../src/index.ts";

let device: Device;
beforeAll(async () => {
  device = await init({ device: "wasm", threads: 1 });
});
afterAll(() => device.dispose());

/** 2 x 3 patches and CLS, two layers, two heads. */
const config = {
  nLayers: 2,
  dModel: 8,
  nHeads: 2,
  dMlp: 8,
  nChannels: 1,
  patchSize: 2,
  imageSize: [4, 6],
  nClasses: 3,
} as const;

const z = "blocks.1.attn.hook_z";
const scores = "blocks.1.attn.hook_attn_scores";
const zero = { name: z, kind: "zero" } as const;

async function withModel(run: (model: ViT) => Promise<void>): Promise<void> {
  using model = await createViT(config);
  await run(model as ViT);
}

const knockout = (keys: Edit extends { keys: infer Keys } ? Keys : readonly unknown[]): object => ({
  name: scores,
  kind: "knockout",
  keys,
});

describe("an edit", () => {
  test.each<[what: string, edit: object, code: string, words: string]>([
    ["of a hook that is not there", { name: "blocks.1.attn.hook_zz" }, "HOOK_UNKNOWN", "hook_z"],
    ["of a layer that is not there", { name: "blocks.2.attn.hook_z" }, "HOOK_UNKNOWN", "blocks"],
    ["that is text", "zero" as unknown as object, "ARGUMENT_INVALID", "object with the name"],
    ["that is null", null as unknown as object, "ARGUMENT_INVALID", "object with the name"],
    ["without a name", { kind: "zero" }, "ARGUMENT_INVALID", "object with the name"],
    ["of an unknown kind", { name: z, kind: "median" }, "ARGUMENT_INVALID", "median"],
    ["with a misspelt field", { ...zero, head: [0] }, "ARGUMENT_INVALID", "head"],
    ["with a source it has no use for", { ...zero, source: "x" }, "ARGUMENT_INVALID", "source"],
    ["of no heads", { ...zero, heads: [] }, "ARGUMENT_INVALID", "heads"],
    ["of a head that is no list", { ...zero, heads: 1 }, "ARGUMENT_INVALID", "heads"],
    ["of a head that is not there", { ...zero, heads: [2] }, "INDEX_OUT_OF_RANGE", "head 2"],
    ["of half a head", { ...zero, heads: [0.5] }, "INDEX_OUT_OF_RANGE", "head 0.5"],
    ["of no positions", { ...zero, positions: [] }, "ARGUMENT_INVALID", "positions"],
    ["of position 7 of 7", { ...zero, positions: [7] }, "INDEX_OUT_OF_RANGE", "7"],
    ["of position -1", { ...zero, positions: [-1] }, "INDEX_OUT_OF_RANGE", "-1"],
    ["of a patch below the grid", { ...zero, positions: [[2, 0]] }, "INDEX_OUT_OF_RANGE", "2 x 3"],
    ["of a patch beside the grid", { ...zero, positions: [[0, 3]] }, "INDEX_OUT_OF_RANGE", "2 x 3"],
    ["of registers", { ...zero, positions: ["registers"] }, "INDEX_OUT_OF_RANGE", "registers"],
    ["of a word", { ...zero, positions: ["patch"] }, "INDEX_OUT_OF_RANGE", "patch"],
    ["of null", { ...zero, positions: [null] }, "INDEX_OUT_OF_RANGE", "null"],
    ["of image -1", { ...zero, images: [-1] }, "INDEX_OUT_OF_RANGE", "image -1"],
    [
      "of heads of what has none",
      { name: "blocks.0.hook_mlp_out", heads: [0], kind: "zero" },
      "ARGUMENT_INVALID",
      "heads",
    ],
    [
      "of positions of logits",
      { name: "hook_post_head_pre_normalize", positions: [0], kind: "zero" },
      "ARGUMENT_INVALID",
      "positions",
    ],
    [
      "of CLS among the patches' embeddings",
      { name: "hook_embed", positions: ["cls"], kind: "zero" },
      "INDEX_OUT_OF_RANGE",
      "cls",
    ],
    ["by the mean of no reference set", { name: z }, "ARGUMENT_INVALID", "reference"],
    [
      "by an image of no reference set",
      { name: z, kind: "resample", source: 0 },
      "ARGUMENT_INVALID",
      "reference",
    ],
    ["by no image", { name: z, kind: "resample" }, "ARGUMENT_INVALID", "source"],
    ["from nowhere", { name: z, kind: "from" }, "ARGUMENT_INVALID", "source"],
    ["from an unknown run", { name: z, kind: "from", source: "b" }, "ARGUMENT_INVALID", '"b"'],
    [
      "from what every object has",
      { name: z, kind: "from", source: "constructor" },
      "ARGUMENT_INVALID",
      "constructor",
    ],
    [
      "that knocks out keys of a pattern",
      { name: "blocks.0.attn.hook_pattern", kind: "knockout", keys: [0] },
      "ARGUMENT_INVALID",
      "attn_scores",
    ],
    ["that knocks out", { name: scores, kind: "knockout" }, "ARGUMENT_INVALID", "needs keys"],
    ["that knocks out nothing", { ...knockout([]) }, "ARGUMENT_INVALID", "keys"],
    [
      "that leaves no key",
      { ...knockout(["cls", "patches"]) },
      "ARGUMENT_INVALID",
      "look at nothing",
    ],
  ])("%s is refused", async (_, edit, code, words) => {
    await withModel(async (model) => {
      const refused = await editHooks(model, [edit as Edit]).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code, message: expect.stringContaining(words) });
    });
  });

  test("of an image that the batch lacks is refused when the batch is there", async () => {
    await withModel(async (model) => {
      using made = await editHooks(model, [{ ...zero, images: [1] }]);
      using one = zeros([1, 1, 4, 6]);
      expect(() => model.runWithHooks(one, { hooks: made.hooks })).toThrow(/no image 1/);
    });
  });
});

test("knockouts that only together leave no key are refused, and those of two images are not", async () => {
  await withModel(async (model) => {
    const cls = { name: scores, kind: "knockout", positions: [1], keys: ["cls"] } as const;
    const patches = { name: scores, kind: "knockout", heads: [1], keys: ["patches"] } as const;
    await expect(editHooks(model, [cls, patches])).rejects.toMatchObject({
      code: "ARGUMENT_INVALID",
    });
    const apart: Edit[][] = [
      [
        { ...cls, images: [0] },
        { ...patches, images: [1] },
      ],
      [{ ...cls, heads: [0] }, patches],
      [cls, { ...patches, positions: [0] }],
    ];
    for (const edits of apart) (await editHooks(model, edits)).dispose();
    await expect(editHooks(model, [{ ...cls, images: [0] }, patches])).rejects.toMatchObject({
      code: "ARGUMENT_INVALID",
    });
  });
});

test("knockouts of layers, heads, queries or keys that are not there are refused", () =>
  withModel(async (model) => {
    const cut = { from: ["cls"], to: ["patches"] } as const;
    const codes = [
      { ...cut, layers: [2] },
      { ...cut, heads: [2] },
      { ...cut, heads: [] },
      { ...cut, from: [] },
      { ...cut, layers: [] },
      { to: ["cls"] } as never,
      { from: ["cls"] } as never,
      { ...cut, to: [[9, 9]] as const },
      { ...cut, to: ["cls", "patches"] as const },
    ].map((options) => {
      try {
        return knockOutAttention(model, options);
      } catch (error) {
        return (error as { code: string }).code;
      }
    });
    expect(codes).toEqual([
      "HOOK_UNKNOWN",
      "INDEX_OUT_OF_RANGE",
      "ARGUMENT_INVALID",
      "ARGUMENT_INVALID",
      "ARGUMENT_INVALID",
      "ARGUMENT_INVALID",
      "ARGUMENT_INVALID",
      "INDEX_OUT_OF_RANGE",
      "ARGUMENT_INVALID",
    ]);
  }));

test("activations of another number of images are refused, and edits that are no list", async () => {
  await withModel(async (model) => {
    using two = zeros([2, 1, 4, 6]);
    using three = zeros([3, 1, 4, 6]);
    const from = { name: z, kind: "from", source: "three" } as const;
    using made = await editHooks(model, [from], { from: { three } });
    expect(() => model.runWithHooks(two, { hooks: made.hooks })).toThrow(/^SHAPE_MISMATCH/);
    await expect(editHooks(model, null as never)).rejects.toMatchObject({
      code: "ARGUMENT_INVALID",
    });
  });
});

test("activations of other weights are refused", async () => {
  using model = await createViT(config, { seed: 1 });
  using other = await createViT(config, { seed: 2 });
  using images = zeros([2, 1, 4, 6]);
  using reference = await referenceMeans(other, images, { names: z });
  using run = await other.runWithCache(images, { names: z });
  const from = { theirs: await editSource(other, run.cache) };
  const mismatch = { code: "WEIGHTS_MISMATCH", kind: "BAD_INPUT" };
  await expect(editHooks(model, [{ name: z }], { reference })).rejects.toMatchObject(mismatch);
  await expect(
    editHooks(model, [{ name: z, kind: "from", source: "theirs" }], { from }),
  ).rejects.toMatchObject(mismatch);
});

test("a mean, an image or an activation that a source lacks is refused before the run", async () => {
  using model = await createViT(config);
  using images = zeros([2, 1, 4, 6]);
  using reference = await referenceMeans(model, images, { names: z });
  using run = await model.runWithCache(images, { names: z });
  const from = { other: await editSource(model, run.cache) };
  const mlp = "blocks.0.hook_mlp_out";
  const codes = await Promise.all(
    [
      { name: mlp },
      { name: z, kind: "resample", source: 2 } as const,
      { name: mlp, kind: "from", source: "other" } as const,
    ].map((edit) => editHooks(model, [edit], { reference, from }).catch((error) => error.code)),
  );
  expect(codes).toEqual(["HOOK_UNKNOWN", "INDEX_OUT_OF_RANGE", "HOOK_UNKNOWN"]);
});

test("a reference set needs images and names, says what it is, and stops when told to", async () => {
  using model = await createViT(config);
  using none = zeros([0, 1, 4, 6]);
  using images = zeros([20, 1, 4, 6]);
  await expect(referenceMeans(model, none, { names: z })).rejects.toMatchObject({
    code: "ARGUMENT_INVALID",
  });
  await expect(
    referenceMeans(model, images, { names: "blocks.*.hook_nothing" as typeof z }),
  ).rejects.toMatchObject({ code: "HOOK_FILTER_EMPTY" });
  const stop = new AbortController();
  const steps: number[] = [];
  const stopped = referenceMeans(model, images, {
    names: z,
    signal: stop.signal,
    onProgress: ({ done }) => {
      steps.push(done);
      stop.abort();
    },
  });
  await expect(stopped).rejects.toMatchObject({ code: "CANCELLED" });
  expect(steps).toEqual([16]);
  using reference = await referenceMeans(model, images, { names: z, description: "black" });
  expect(reference).toMatchObject({ count: 20, description: "black", names: [z] });
  expect(reference.weights).toBe(await model.weightHash());
});
