// Decompositions of a cache: their rows sum to what the model computed, whatever is folded and whichever tokens there are.
import { init, memory, randn, scope, tensor, zeros, type Tensor } from "@prisma/tensor";
import { expect, test } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import { repositoryFile } from "../../../test/repository-file.ts";
import type { LabelledStack } from "@prisma/hooks";
import { createViT, loadViT, type ViT } from "../src/index.ts";
import { goldenFolder, readExpected, readJson, type GoldenIndex } from "./golden-set.ts";

const SETS = [
  "timm-cls",
  "timm-avg",
  "timm-pre-norm",
  "timm-dinov2",
  "timm-siglip",
  "timm-distilled",
  "hf-dinov2-registers",
  "prisma-attn-only",
  "prisma-no-norm",
  "prisma-ln-pre",
];

async function openGolden(name: string): Promise<{ model: ViT; input: Tensor }> {
  const folder = goldenFolder(name);
  const index = await readJson<GoldenIndex>(new URL("golden.json", folder));
  const { values, shape } = (await readExpected(folder, index.activations)).get(index.input)!;
  return { model: await loadViT(folder), input: tensor(values, { shape }) };
}

/** Largest difference of two tensors as a share of the largest magnitude of the second; what `make` makes is freed. */
async function distance(make: () => readonly [found: Tensor, want: Tensor]): Promise<number> {
  using share = scope(() => {
    const [found, want] = make();
    expect(found.shape).toEqual(want.shape);
    return found.sub(want).abs().max().div(want.abs().max());
  });
  return share.item();
}

/** The labels alone. */
const labelsOf = (make: () => LabelledStack): string[] => scope(() => make().labels);

onEachDevice(() => {
  test.each(SETS)("%s: summands, accumulated points and heads give the stream", async (name) => {
    const { model, input } = await openGolden(name);
    using run = await model.runWithCache(input);
    const { cache } = run;
    const last = (): Tensor => cache.get("resid_post", -1);
    const labels = labelsOf(() => cache.decomposeResid());
    expect(new Set(labels).size).toBe(labels.length);
    expect(await distance(() => [cache.decomposeResid().values.sum(0), last()])).toBeLessThan(1e-5);
    const some = { layer: 0, mlpInput: true, posSlice: { from: 1, to: 3 } } as const;
    const next = model.hookNames.includes("blocks.0.hook_resid_mid") ? "resid_mid" : "resid_post";
    const part = await distance(() => [
      cache.decomposeResid(some).values.sum(0),
      cache.get(next, 0).get([null, [1, 3]]),
    ]);
    expect(part).toBeLessThan(1e-5);
    expect(labelsOf(() => cache.accumulatedResid()).at(-1)).toBe("final_post");
    expect(await distance(() => [cache.accumulatedResid().values.get([-1]), last()])).toBe(0);
    const written = await distance(() => [
      cache
        .stackHeadResults({ layer: 1 })
        .values.sum(0)
        .add(model.parameters.get("blocks.0.attn.b_O")!),
      cache.get("attn_out", 0),
    ]);
    expect(written).toBeLessThan(1e-5);
    const withRest = (): LabelledStack => cache.stackHeadResults({ inclRemainder: true });
    expect(labelsOf(withRest).slice(-1)).toEqual(["remainder"]);
    expect(await distance(() => [withRest().values.sum(0), last()])).toBeLessThan(1e-5);
    input.dispose();
    model.dispose();
  });

  test.each(SETS)("%s: heads, neurons, embeddings and biases sum to the stream", async (name) => {
    const { model, input } = await openGolden(name);
    using run = await model.runWithCache(input);
    const { cache } = run;
    const last = (): Tensor => cache.get("resid_post", -1);
    for (const expandNeurons of [true, false]) {
      const options = { expandNeurons };
      const whole = await distance(() => [
        cache.getFullResidDecomposition(options).values.sum(0),
        last(),
      ]);
      expect(whole).toBeLessThan(1e-5);
    }
    const half = { layer: 0, mlpInput: true } as const;
    const next = model.hookNames.includes("blocks.0.hook_resid_mid") ? "resid_mid" : "resid_post";
    const middle = await distance(() => [
      cache.getFullResidDecomposition(half).values.sum(0),
      cache.get(next, 0),
    ]);
    expect(middle).toBeLessThan(1e-5);
    using direction = randn([model.config.dModel], { seed: 3 });
    for (const applyLn of [false, true]) {
      const along = await distance(() => [
        cache.getFullResidDecomposition({ applyLn, projectOutputOnto: direction }).values,
        cache.getFullResidDecomposition({ applyLn }).values.matmul(direction),
      ]);
      expect(along).toBeLessThan(1e-5);
    }
    input.dispose();
    model.dispose();
  });

  test("neurons write what the MLP does less its bias, and the rest is the rest", async () => {
    const { model, input } = await openGolden("timm-dinov2");
    using run = await model.runWithCache(input);
    const { cache } = run;
    const mlp = await distance(() => [
      cache.getNeuronResults(-1).sum(0).add(model.parameters.get("blocks.1.mlp.b_out")!),
      cache.get("mlp_out", -1),
    ]);
    expect(mlp).toBeLessThan(1e-5);
    const some = { neurons: [2, 5], posSlice: "cls", inclRemainder: true } as const;
    const labels = labelsOf(() => cache.stackNeuronResults(some));
    expect(labels).toEqual(["L0N2", "L0N3", "L0N4", "L1N2", "L1N3", "L1N4", "remainder"]);
    const whole = await distance(() => [
      cache.stackNeuronResults(some).values.sum(0),
      cache.get("resid_post", -1).get([null, [0, 1]]),
    ]);
    expect(whole).toBeLessThan(1e-5);
    using direction = randn([model.config.dModel], { seed: 4 });
    const along = await distance(() => [
      cache.stackNeuronResults({ ...some, applyLn: true, projectOutputOnto: direction }).values,
      cache.stackNeuronResults({ ...some, applyLn: true }).values.matmul(direction),
    ]);
    expect(along).toBeLessThan(1e-5);
    input.dispose();
    model.dispose();
  });

  test("the final norm of the accumulated stream is the model's own, with its own or the kept scale", async () => {
    const { model, input } = await openGolden("timm-cls");
    using run = await model.runWithCache(input);
    const { cache } = run;
    /** The norm's output without its weight and bias, which rows over its scale do not have. */
    const plain = (normalized: Tensor, norm: string): Tensor =>
      normalized.sub(model.parameters.get(`${norm}.b`)!).div(model.parameters.get(`${norm}.w`)!);
    const own = await distance(() => [
      cache.accumulatedResid({ applyLn: true }).values.get([-1]),
      plain(cache.get("ln_final.hook_normalized"), "ln_final"),
    ]);
    expect(own).toBeLessThan(1e-5);
    const kept = await distance(() => [
      cache.decomposeResid({ applyLn: true, layer: 1, mlpInput: true }).values.sum(0),
      plain(cache.get("normalized", 1, "ln2"), "blocks.1.ln2"),
    ]);
    expect(kept).toBeLessThan(1e-5);
    input.dispose();
    model.dispose();
  });

  test("attribution to all summands is the logit difference, and folding leaves that to heads", async () => {
    const { model, input } = await openGolden("timm-cls");
    const processed = await model.process(["foldLayerNorm"]);
    const slice = { posSlice: "cls" } as const;
    const attributed: Tensor[] = [];
    for (const each of [model, processed]) {
      using run = await each.runWithCache(input);
      const { cache } = run;
      const whole = await distance(() => {
        const rows = cache.decomposeResid(slice).values;
        const { bias } = each.logitDirections([[1, 2]]);
        return [
          cache
            .logitAttrs(rows, [[1, 2]], slice)
            .sum(0)
            .reshape([-1])
            .add(bias),
          run.output.get([null, 1]).sub(run.output.get([null, 2])),
        ];
      });
      expect(whole).toBeLessThan(1e-4);
      const heads = scope(() =>
        cache.logitAttrs(cache.stackHeadResults(slice).values, [[1, 2]], slice),
      );
      attributed.push(await heads.realize());
    }
    expect(await distance(() => [attributed[1]!, attributed[0]!])).toBeLessThan(1e-4);
    attributed.forEach((tensor) => tensor.dispose());
    processed.dispose();
    input.dispose();
    model.dispose();
  });

  test("one image of a run reads as a run of it, without its axis", async () => {
    const { model, input } = await openGolden("timm-cls");
    using run = await model.runWithCache(input);
    using one = run.cache.applySliceToBatchDim(1);
    const summands = await distance(() => [
      one.decomposeResid().values,
      run.cache.decomposeResid().values.get([null, 1]),
    ]);
    expect(summands).toBe(0);
    const heads = await distance(() => [
      one.stackHeadResults().values,
      run.cache.stackHeadResults().values.get([null, 1]),
    ]);
    expect(heads).toBeLessThan(1e-6);
    expect(() => run.cache.removeBatchDim()).toThrow(/images; take one/);
    expect(() => one.applySliceToBatchDim(0)).toThrow(/no axis of images/);
    input.dispose();
    model.dispose();
  });
});

test("what was not kept is named, and what is not there refused", async () => {
  const model = await createViT({
    nLayers: 2,
    dModel: 8,
    nHeads: 2,
    dMlp: 12,
    nClasses: 3,
    imageSize: 8,
    patchSize: 4,
  });
  using images = tensor(new Float32Array(192), { shape: [1, 3, 8, 8] });
  using run = await model.runWithCache(images, {
    names: "blocks.*.hook_resid_post",
    posSlice: "cls",
  });
  const { cache } = run;
  const unknown = (name: string): object =>
    expect.objectContaining({ code: "HOOK_UNKNOWN", details: { name } });
  expect(() => cache.decomposeResid()).toThrow(unknown("hook_pos_embed"));
  expect(() => cache.accumulatedResid()).toThrow(unknown("blocks.0.hook_resid_pre"));
  expect(() => cache.stackHeadResults()).toThrow(unknown("blocks.0.attn.hook_z"));
  expect(() => cache.applyLnToStack(cache.get("resid_post", 0))).toThrow(
    unknown("ln_final.hook_scale"),
  );
  expect(() => cache.stackActivation("resid_post", { layer: 5 })).toThrow(
    /layer is 5; give 0 to 2/,
  );
  expect(() => cache.getNeuronResults(2)).toThrow(/layer is 2; give 0 to 1/);
  expect(() => cache.stackNeuronResults()).toThrow(unknown("blocks.0.mlp.hook_post"));
  using short = zeros([3]);
  expect(() => cache.stackNeuronResults({ projectOutputOnto: short })).toThrow(
    /shape \[3\]; expected \[8\]/,
  );
  expect(() => cache.stackHeadResults({ layer: 0 })).toThrow(/no head before layer 0/);
  model.dispose();
});

test("along a direction no neuron is ever a vector of the stream", async () => {
  const device = await init({ device: "wasm", threads: 1 });
  const model = await loadViT(repositoryFile("apps/demo/public/models/garment-scenes-vit"));
  const images = randn([1, 1, 28, 56], { seed: 1 });
  const run = await model.runWithCache(images, { names: "blocks.*.mlp.hook_post" });
  /** Bytes that the highest use of memory rises by. */
  const rise = async (make: () => Tensor): Promise<number> => {
    const before = memory().peakBytes;
    using values = await scope(make).realize();
    expect(values.shape.slice(0, 3)).toEqual([1536, 1, 33]);
    return memory().peakBytes - before;
  };
  const direction = randn([96], { seed: 2 });
  const onto = { projectOutputOnto: direction };
  const vectors = 1536 * 33 * 96 * 4;
  expect(await rise(() => run.cache.stackNeuronResults(onto).values)).toBeLessThan(vectors / 16);
  // The same measurement sees the vectors where they are asked for.
  expect(await rise(() => run.cache.stackNeuronResults().values)).toBeGreaterThan(vectors / 2);
  [direction, images, run, model].forEach((one) => one.dispose());
  await device.dispose();
});
