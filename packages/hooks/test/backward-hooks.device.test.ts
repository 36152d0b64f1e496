// Backward hooks on a model worked out by hand: they see the gradient at their point, and what they return goes on.
import { grad, tensor, zeros, type Tensor } from "@prisma/tensor";
import { beforeEach, expect, test } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import type { HookName } from "../src/index.ts";
import { ToyModel } from "./toy-model.ts";

type Name = HookName<2>;
let model: ToyModel;
const input = (): Tensor => tensor([[1, 2, 3]]);
const STREAM = "blocks.1.hook_resid_pre";

/** Gradient of the summed output at the input: -12 for each number without hooks. */
async function slope(): Promise<number[]> {
  using x = input();
  using found = grad((images: Tensor) => model.forward(images).sum())(x);
  return [...(await found.data())];
}

async function gradAt(name: Name, hooks: Parameters<ToyModel["hooks"]>[0]): Promise<number[]> {
  using x = input();
  using run = await model.runWithCache(x, { hooks, gradientOf: (y) => y.sum() });
  return [...(await run.cache.grad(name).data())];
}

onEachDevice(() => {
  beforeEach(() => {
    model = new ToyModel();
  });

  test("the hook sees the gradient at its point, and not in the forward pass", async () => {
    using x = input();
    const seen: number[][] = [];
    using run = await model.runWithCache(x, {
      hooks: [
        [STREAM, (g, point) => point.tap(g, (values) => seen.push([...values])), { dir: "bwd" }],
      ],
      gradientOf: (y) => y.sum(),
    });
    expect(seen).toEqual([[-3, -3, -3]]);
    expect(await run.output.array()).toEqual([[-12, -24, -36]]);
  });

  test("what it returns goes on backwards; the output does not change", async () => {
    using factors = tensor([0, 1, 10]);
    using scoped = model.hooks([[STREAM, (g) => g.mul(factors), { dir: "bwd" }]]);
    expect(await slope()).toEqual([-0, -12, -120]);
    using x = input();
    using y = model.forward(x);
    expect(await y.array()).toEqual([[-12, -24, -36]]);
    scoped.remove();
    expect(await slope()).toEqual([-12, -12, -12]);
  });

  test("the cache has the gradient that goes on, as the cached activation is the one that goes on", async () => {
    const hooks = [[STREAM, (g: Tensor) => g.mul(2), { dir: "bwd" }]] as const;
    expect(await gradAt(STREAM, hooks)).toEqual([-6, -6, -6]);
    expect(await gradAt("hook_embed", hooks)).toEqual([-12, -12, -12]);
    expect(await gradAt("blocks.1.hook_attn_out", hooks)).toEqual([-1, -1, -1]);
  });

  test("functions run in the order they were added; prepend puts one before", async () => {
    const back = { dir: "bwd" } as const;
    using double = model.addHook(STREAM, (g) => g.mul(2), back);
    using add = model.addHook(STREAM, (g) => g.add(1), back);
    expect(await slope()).toEqual([-20, -20, -20]); // (-3 * 2 + 1) * 4
    add.remove();
    using first = model.addHook(STREAM, (g) => g.add(1), { ...back, prepend: true });
    expect(await slope()).toEqual([-16, -16, -16]); // (-3 + 1) * 2 * 4
    first.remove();
    double.remove();
  });

  test("a call made while it is attached keeps it", async () => {
    using x = input();
    const scaled = (images: Tensor): Tensor =>
      model.runWithHooks(images, { hooks: [[STREAM, (g) => g.mul(5), { dir: "bwd" }]] }).sum();
    using found = grad(scaled)(x);
    expect(await found.array()).toEqual([[-60, -60, -60]]);
    expect(model.hasHooks()).toBe(false);
  });

  test("an activation edited forward and a gradient edited backward at one point", async () => {
    using forward = model.addHook(STREAM, (a) => a.mul(2));
    using backward = model.addHook(STREAM, (g) => g.mul(10), { dir: "bwd" });
    expect(await slope()).toEqual([-240, -240, -240]);
    expect([forward, backward]).toHaveLength(2);
  });

  test("a costly point is computed for a backward hook alone", async () => {
    const hook = [["blocks.0.attn.hook_result", (g: Tensor) => g.mul(0), { dir: "bwd" }]] as const;
    expect(await gradAt("hook_embed", hook)).toEqual([-3, -3, -3]);
  });

  test.each([
    ["another shape", () => zeros([2, 3]), "HOOK_RESULT_INVALID"],
    ["a promise", (async () => undefined) as never, "HOOK_RETURNED_PROMISE"],
    ["a number", (() => 3) as never, "HOOK_RESULT_INVALID"],
  ])("a backward hook that returns %s is refused", async (_, hook, code) => {
    await expect(gradAt("hook_embed", [[STREAM, hook, { dir: "bwd" }]])).rejects.toMatchObject({
      code,
    });
    expect(model.hasHooks()).toBe(false);
  });

  test("keep adds to a cached run, and not to a gradient taken later", async () => {
    using x = input();
    const kept: Tensor[] = [];
    const keeping = [
      [STREAM, (g: Tensor, point) => void kept.push(point.keep(g)), { dir: "bwd" }],
    ] as const satisfies Parameters<ToyModel["hooks"]>[0];
    using run = await model.runWithCache(x, { hooks: keeping, gradientOf: (y) => y.sum() });
    expect(run.cache.size).toBeGreaterThan(0);
    expect(await kept[0]!.array()).toEqual([[-3, -3, -3]]);
    kept[0]!.dispose();
    using scoped = model.hooks(keeping);
    await expect(slope()).rejects.toMatchObject({ code: "ARGUMENT_INVALID" });
    scoped.remove();
  });

  // ---- which functions are attached, as in TransformerLens' own tests of its contexts ----

  test("contexts nest and count; any may end first; one ends with an exception", () => {
    const count = (): number => model.hooksTable().reduce((sum, row) => sum + row.hooks, 0);
    const both: Parameters<ToyModel["hooks"]>[0] = [
      ["hook_embed", () => undefined],
      ["hook_embed", () => undefined, { dir: "bwd" }],
    ];
    const [outer, inner] = [model.hooks(both), model.hooks(both)];
    expect(count()).toBe(4);
    outer.remove();
    expect(count()).toBe(2);
    expect(() => {
      using _third = model.hooks(both);
      expect(count()).toBe(4);
      throw new Error("inside");
    }).toThrow("inside");
    expect(count()).toBe(2);
    inner.remove();
    expect(count()).toBe(0);
  });

  test("resetHooks takes one direction, or both, and permanent ones only when asked", () => {
    model.addPermaHook("hook_embed", () => undefined, { dir: "bwd" });
    model.addHook("hook_embed", () => undefined, { dir: "bwd" });
    model.addHook(STREAM, () => undefined);
    expect([...model.listHooks().keys()]).toEqual(["hook_embed", STREAM]);
    model.resetHooks({ direction: "fwd" });
    expect(model.listHooks().get("hook_embed")).toHaveLength(2);
    expect(model.hasHooks(STREAM)).toBe(false);
    model.resetHooks();
    expect(model.hasHooks("hook_embed", { includingPermanent: false })).toBe(false);
    expect(model.listHooks("hook_embed", { dir: "bwd" }).get("hook_embed")).toHaveLength(1);
    model.resetHooks({ direction: "bwd", includingPermanent: true });
    expect(model.hasHooks()).toBe(false);
  });

  test("functions of a point share its context until it is cleared", async () => {
    using x = input();
    using scoped = model.hooks([
      ["hook_embed", (_, point) => void point.ctx.set("factor", 3)],
      ["hook_embed", (a, point) => a.mul(Number(point.ctx.get("factor")))],
    ]);
    using y = model.forward(x);
    expect([...(await y.data())]).toEqual([-36, -72, -108]);
    expect(model.hookPoint("hook_embed").ctx.get("factor")).toBe(3);
    scoped.remove();
    model.resetHooks({ clearContexts: false });
    expect(model.hookPoint("hook_embed").ctx.size).toBe(1);
    model.resetHooks();
    expect(model.hookPoint("hook_embed").ctx.size).toBe(0);
  });

  test.each([
    ["addHook", () => model.addHook("hook_embed", () => undefined, { dir: "up" as never })],
    ["resetHooks", () => model.resetHooks({ direction: "up" as never })],
    ["addHook", () => model.addHook("hook_embed", 3 as never)],
  ])("%s refuses what is no direction and no function", (doing, call) => {
    expect(call).toThrow(
      expect.objectContaining({
        code: "ARGUMENT_INVALID",
        message: expect.stringContaining(doing),
      }),
    );
  });
});
