// Liveness and parity of models: what is sound passes, and each planted fault is found where it was planted.
import { createViT, loadViT, type ViT } from "../../vit/src/index.ts";
import { zeros, tensor, type Tensor } from "@prisma/tensor";
import { describe, expect, test } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import { repositoryFile } from "../../../test/repository-file.ts";
import {
  checkHooks,
  compareDevices,
  textTable,
  type HookName,
  type Pass,
  type ResolvedRange,
} from "../src/index.ts";
import { ToyModel } from "./toy-model.ts";

const GOLDEN = ["timm-cls", "timm-avg", "timm-pre-norm", "prisma-attn-only", "prisma-no-norm"];
const ONE_BLOCK = {
  nLayers: 1,
  dModel: 8,
  nHeads: 2,
  patchSize: 2,
  imageSize: 4,
  nChannels: 1,
  attnOnly: true,
};
const GARMENT = repositoryFile("apps/demo/public/models/garment-scenes-vit/");

async function golden(name: string): Promise<{ model: ViT; images: Tensor }> {
  const shipped = name === "the demo's model";
  const folder = shipped ? GARMENT : repositoryFile(`packages/vit/test/golden/${name}/`);
  const model =
    name === "one block" ? await createViT(ONE_BLOCK, { seed: 1 }) : await loadViT(folder);
  const { imageSize, nChannels } = model.config;
  const values = Array.from({ length: nChannels * imageSize[0] * imageSize[1] }, (_, i) =>
    Math.sin(3 * i),
  );
  return { model, images: tensor(values, { shape: [1, nChannels, ...imageSize] }) };
}

/** A hook of the first block is passed, and what it gives is not used. */
class DeadModel extends ToyModel {
  protected override build(input: Tensor, pass: Pass<HookName<2>>, range: ResolvedRange): Tensor {
    const dead = new Set(["blocks.0.hook_attn_out"]);
    const at: Pass<HookName<2>>["at"] = (name, x) => {
      const result = pass.at(name, x);
      return dead.has(name) ? x : result;
    };
    return super.build(
      input,
      Object.assign(Object.create(pass) as Pass<HookName<2>>, { at, wants: pass.wants.bind(pass) }),
      range,
    );
  }
}

/** One image leaks into the others. */
class LeakingModel extends ToyModel {
  protected override build(input: Tensor, pass: Pass<HookName<2>>, range: ResolvedRange): Tensor {
    const output = super.build(input, pass, range);
    return output.add(output.mean(0, { keepDims: true }).mul(1e-3));
  }
}

/** The second graph it builds is off by a thousandth from one point on: a device that computes that point wrong. */
class DriftingModel extends ToyModel {
  #calls = 0;

  protected override build(input: Tensor, pass: Pass<HookName<2>>, range: ResolvedRange): Tensor {
    const off = ++this.#calls === 2;
    const at: Pass<HookName<2>>["at"] = (name, x) =>
      pass.at(name, off && name === "blocks.1.hook_attn_out" ? x.mul(1.001) : x);
    return super.build(
      input,
      Object.assign(Object.create(pass) as Pass<HookName<2>>, { at, wants: pass.wants.bind(pass) }),
      range,
    );
  }
}

onEachDevice((kind) => {
  // Software adapters take seconds to compile what edits of every kind need: one block there.
  describe.each(kind === "wasm" ? [...GOLDEN, "the demo's model"] : ["one block"])("%s", (name) => {
    test(
      "every hook is live, and what should not matter does not",
      { timeout: 30_000 },
      async () => {
        const { model, images } = await golden(name);
        const check = await checkHooks(model, images, { seed: 1 });
        expect(check.dead).toEqual([]);
        expect(check.rows.map((row) => row.name)).toEqual(model.hookNames);
        const some: unknown = expect.any(Number);
        const nothing = kind === "wasm" ? 0 : some;
        expect(check.betweenImages).toEqual(nothing);
        expect(check.unreadPatches).toEqual(model.tokens.readout === "cls" ? nothing : null);
        expect(check.passed).toBe(true);
        model.dispose();
        images.dispose();
      },
    );
  });

  test("a small ViT is within 1e-5 of float64 everywhere", { timeout: 30_000 }, async () => {
    const { model, images } = await golden("timm-cls");
    const comparison = await compareDevices(model, images);
    expect(comparison.device).toBe(kind);
    expect(comparison.rows.at(-1)?.name).toBe("output");
    expect(comparison.rows).toHaveLength(
      model.hooksTable().filter((row) => row.byDefault).length + 1,
    );
    expect(comparison.worst.relative).toBeLessThan(1e-5);
    // Rounding to float32 is there: the reference is another computation, not the same numbers again.
    expect(comparison.worst.relative).toBeGreaterThan(1e-9);
    expect(textTable(comparison.rows).split("\n")).toHaveLength(comparison.rows.length + 1);
    model.dispose();
    images.dispose();
  });

  test("a point whose value is not used is dead, and nothing else is", async () => {
    using x = tensor([[1, 2, 3]]);
    const check = await checkHooks(new DeadModel(), x);
    expect(check.dead).toEqual(["blocks.0.hook_attn_out"]);
    expect(check.passed).toBe(false);
    expect(check.rows.find((row) => !row.live)).toMatchObject({ effect: 0, gradient: 0 });
    expect((await checkHooks(new ToyModel(), x)).passed).toBe(true);
  });

  test("images that leak into one another are found", async () => {
    using x = tensor([[1, 2, 3]]);
    const check = await checkHooks(new LeakingModel(), x);
    expect(check.betweenImages).toBeGreaterThan(1e-4);
    expect(check.passed).toBe(false);
  });

  test("the noise is the seed's", async () => {
    using x = tensor([[1, 2, 3]]);
    const effects = async (seed: number): Promise<number[]> =>
      (await checkHooks(new ToyModel(), x, { seed })).rows.map((row) => row.effect);
    expect(await effects(1)).toEqual(await effects(1));
    expect(await effects(2)).not.toEqual(await effects(1));
  });

  test("a part of a model is compared by itself", async () => {
    using stream = tensor([[1, 2, 3]]);
    const { rows } = await compareDevices(new ToyModel(), stream, {
      startAtLayer: 1,
      stopAtLayer: -1,
    });
    expect(rows.map((row) => row.name)).toEqual(["output"]);
    const block = await compareDevices(new ToyModel(), stream, { startAtLayer: 0, stopAtLayer: 1 });
    expect(block.rows.map((row) => row.name)).toEqual([
      "blocks.0.hook_resid_pre",
      "blocks.0.hook_attn_out",
      "blocks.0.hook_resid_post",
      "output",
    ]);
  });

  test("a planted error is found at its point, and not before", async () => {
    using x = tensor([[1, 2, 3]]);
    const { rows, worst } = await compareDevices(new DriftingModel(), x);
    const off = rows.filter((row) => row.relative > 1e-5).map((row) => row.name);
    expect(off[0]).toBe("blocks.1.hook_attn_out");
    expect(off).toHaveLength(4);
    expect(worst).toMatchObject({
      name: "blocks.1.hook_attn_out",
      relative: expect.closeTo(1e-3, 6),
    });
    using empty = zeros([1, 3]);
    expect((await compareDevices(new ToyModel(), empty)).worst.relative).toBe(0);
  });
});
