// What a cached run keeps: positions, a budget, gradients of anything, all in one run; and what it does not compute.
import { createViT, type ViT } from "../../vit/src/index.ts";
import { explain, memory, randn, referenceValues, tensor, type Tensor } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import { textTable } from "../src/index.ts";
import { ToyModel } from "./toy-model.ts";

onEachDevice(() => {
  let model: ViT<2>;
  let images: Tensor;

  beforeAll(async () => {
    const config = { nLayers: 2, dModel: 8, dHead: 4, patchSize: 2, imageSize: 4, nChannels: 1 };
    model = (await createViT({ ...config, nLayers: 2, nRegisters: 2 }, { seed: 1 })) as ViT<2>;
    images = await randn([2, 1, 4, 4], { seed: 2 }).realize();
  });
  afterAll(() => {
    model.dispose();
    images.dispose();
  });

  // ---- posSlice: CLS, R0, R1, then 2 x 2 patches ----

  test.each([
    ["cls", 0, 1],
    ["registers", 1, 3],
    ["patches", 3, 7],
    [-1, 6, 7],
    [2, 2, 3],
    [[1, 0] as const, 5, 6],
    [{ from: 1, to: -1 }, 1, 6],
  ] as const)(
    "posSlice %j keeps those positions of every activation",
    async (posSlice, from, to) => {
      const names = ["blocks.1.*", "blocks.1.attn.*", "hook_embed", "hook_full_embed"] as const;
      const gradientOf = (logits: Tensor): Tensor => logits.square().sum();
      using whole = await model.runWithCache(images, { names, gradientOf });
      using cut = await model.runWithCache(images, { names, gradientOf, posSlice });
      expect([...cut.cache.keys()]).toEqual([...whole.cache.keys()]);
      const range = [from, to] as const;
      for (const [name, activation] of whole.cache) {
        const pairs = name.endsWith("pattern") || name.endsWith("scores");
        const place = pairs ? [null, null, range] : [null, range];
        for (const [full, found] of [
          [activation, cut.cache.get(name)],
          [whole.cache.grad(name), cut.cache.grad(name)],
        ] as const) {
          using expected = name === "hook_embed" ? full.add(0) : full.get(place);
          expect(found.shape, name).toEqual(expected.shape);
          expect(await found.data(), name).toEqual(await expected.data());
        }
      }
      expect(await cut.output.data()).toEqual(await whole.output.data());
    },
  );

  test.each([[7], [-8], [0.5], [[2, 0]], [{ from: 3, to: 3 }], [{ from: 0, to: 8 }], ["tail"]])(
    "posSlice %j is no place of this model",
    async (posSlice) => {
      await expect(
        model.runWithCache(images, { posSlice: posSlice as never }),
      ).rejects.toMatchObject({ code: "INDEX_OUT_OF_RANGE" });
    },
  );

  test("a model without CLS says so", async () => {
    using x = tensor([[1, 2, 3]]);
    await expect(new ToyModel().runWithCache(x, { posSlice: "cls" })).rejects.toThrow(/"cls"/);
  });

  // ---- budget ----

  test("a budget is held to before anything runs, and the error says what to leave out", async () => {
    const names = ["blocks.0.attn.hook_pattern", "blocks.0.hook_resid_post"] as const;
    const table = model.hooksTable({ batch: 2 }).filter((row) => names.includes(row.name as never));
    const bytes = table.reduce((sum, row) => sum + row.bytes, 0);
    using run = await model.runWithCache(images, { names, budget: bytes });
    const kept = [...run.cache.entries()].reduce((sum, [, { size }]) => sum + 4 * size, 0);
    expect(kept).toBe(bytes);

    const { buffers, plans } = memory();
    const [largest] = [...table].sort((a, b) => b.bytes - a.bytes);
    await expect(model.runWithCache(images, { names, budget: bytes - 1 })).rejects.toMatchObject({
      code: "SIZE_LIMIT",
      kind: "LIMIT",
      message: expect.stringContaining(
        `leave out 1 of the 2 names, the largest first (${largest!.name} ${largest!.bytes}`,
      ),
      details: { bytes, budget: bytes - 1 },
    });
    expect(memory()).toMatchObject({ buffers, plans });
    const withGradients = { names, budget: bytes, gradientOf: (y: Tensor) => y.sum() };
    await expect(model.runWithCache(images, withGradients)).rejects.toThrow(`${2 * bytes} bytes`);
    await expect(model.runWithCache(images, { budget: Number.NaN })).rejects.toMatchObject({
      code: "ARGUMENT_INVALID",
    });
  });

  // ---- gradients ----

  test("gradientOf may use what hooks saw, weights of its own and several outputs", async () => {
    const inner = "blocks.0.hook_resid_post";
    const weights = randn([10], { seed: 3 });
    let middle: Tensor | null = null;
    using run = await model.runWithCache(images, {
      names: [inner, "hook_post_head_pre_normalize"],
      hooks: [["blocks.0.hook_mlp_out", (x, point) => void (middle = point.keep(x.mul(1)))]],
      gradientOf: (logits) => {
        const own = weights.get([[0, logits.shape[1]!]]);
        return logits.mul(own).sum().add(middle!.square().sum()).mul(2);
      },
    });
    // d/dlogits of 2 (w . logits) is 2 w.
    const [first] = await run.cache.grad("hook_post_head_pre_normalize").data();
    expect(first).toBeCloseTo(2 * (await weights.data())[0]!, 5);
    middle!.dispose();
    weights.dispose();
  });

  test("activations, gradients and the output come from one realization", async () => {
    using three = await randn([3, 1, 4, 4], { seed: 4 }).realize();
    const options = { gradientOf: (y: Tensor) => y.sum() };
    const { plans } = memory();
    using run = await model.runWithCache(three, options);
    // Every realization that is new makes a plan of its own.
    expect(memory().plans).toBe(plans + 1);
    const gradients = [...run.cache.keys()].map((name) => run.cache.grad(name));
    const activations = [...run.cache.entries()].map(([, activation]) => activation);
    expect(explain(run.output, ...activations, ...gradients).kernels).toHaveLength(0);
  });

  test("gradients pass through a model that is stopped and started inside", async () => {
    const name = "blocks.1.hook_resid_mid";
    using whole = await model.runWithCache(images, { names: name, gradientOf: (y) => y.sum() });
    using stream = model.forward(images, { stopAtLayer: -1 });
    using rest = await model.runWithCache(stream, {
      names: name,
      startAtLayer: -1,
      gradientOf: (y) => y.sum(),
    });
    expect(await rest.cache.grad(name).data()).toEqual(await whole.cache.grad(name).data());
  });

  // ---- costly points ----

  test.each([
    "attn.hook_result",
    "hook_q_input",
    "hook_k_input",
    "hook_v_input",
    "hook_attn_in",
  ] as const)("%s is always there, and computed only when named or hooked", async (hook) => {
    const name = `blocks.1.${hook}` as const;
    const row = model.hooksTable().find((one) => one.name === name);
    expect(row).toMatchObject({ byDefault: false, shape: [1, 7, model.config.nHeads, 8] });
    using plain = model.forward(images);
    const { kernels } = explain(plain);
    using named = model.trace(images, { names: name });
    const withName = explain(named.output, named.cache.get(name)).kernels;
    using byDefault = model.trace(images);
    expect(byDefault.cache.has(name)).toBe(false);
    expect(kernels.length).toBeLessThanOrEqual(withName.length);
    const zeroed = model.runWithHooks(images, { hooks: [[name, (x) => x.mul(0)]] });
    expect(await zeroed.data()).not.toEqual(await plain.data());
    zeroed.dispose();
  });

  test("the table prints as text", () => {
    const [head, first] = textTable(model.hooksTable({ batch: 2 })).split("\n");
    expect(head).toMatch(/^name +shape +bytes +hooks +byDefault$/);
    expect(first).toMatch(/^hook_embed +\[2, 4, 8\] +256 +0 +true$/);
    expect(textTable([])).toBe("");
  });

  test("a trace computes nothing, and is what the run computes", async () => {
    const { buffers } = memory();
    using lazy = model.trace(images, { names: "blocks.1.hook_resid_post" });
    expect(memory().buffers).toBe(buffers);
    const [exact] = await referenceValues([lazy.output]);
    using run = await model.runWithCache(images, { names: "hook_embed" });
    const found = await run.output.data();
    exact!.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 4));
  });
});
