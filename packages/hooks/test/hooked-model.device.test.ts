// Hooks on a model worked out by hand: order, editing, scopes, faults, keeping and tapping, as TransformerLens has them.
import { compile, init, memory, PrismaError, tensor, zeros, type Tensor } from "@prisma/tensor";
import { beforeEach, expect, test } from "vitest";
import { onEachDevice } from "../../../test/on-each-device.ts";
import type { HookFunction, HookName } from "../src/index.ts";
import { ToyModel } from "./toy-model.ts";

type Hook = HookFunction<HookName<2>>;
let model: ToyModel;
const input = (): Tensor => tensor([[1, 2, 3]]);

/** Output for [1, 2, 3]. */
async function output(hooks: readonly [HookName<2>, Hook][] = []): Promise<number[]> {
  using x = input();
  using y = model.runWithHooks(x, { hooks });
  return [...(await y.data())];
}

function errorOf(fn: () => unknown): PrismaError {
  try {
    fn();
  } catch (error) {
    if (error instanceof PrismaError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const attached = (): number => model.hooksTable().reduce((sum, row) => sum + row.hooks, 0);

onEachDevice((kind) => {
  beforeEach(() => {
    model = new ToyModel();
  });

  test("without hooks the model computes", async () => {
    expect(await output()).toEqual([-12, -24, -36]);
    using x = input();
    using y = model.forward(x);
    expect(await y.array()).toEqual([[-12, -24, -36]]);
  });

  test("a hook that returns nothing, or what it got, changes no bit", async () => {
    for (const name of model.hookNames) {
      expect(await output([[name, () => undefined]])).toEqual([-12, -24, -36]);
      expect(await output([[name, (activation) => activation]])).toEqual([-12, -24, -36]);
    }
  });

  test("every point is editable and live", async () => {
    const live: string[] = [];
    for (const name of model.hookNames) {
      const [first] = await output([[name, (activation) => activation.mul(0)]]);
      if (first !== -12) live.push(name);
    }
    expect(live).toEqual(model.hookNames);
  });

  test("hooks fire in the order of hookNames, once each, and know their point", () => {
    const fired: string[] = [];
    using x = input();
    using y = model.runWithHooks(x, {
      hooks: [[() => true, (_, point) => void fired.push(`${point.name} ${point.layer}`)]],
    });
    expect(fired).toEqual(model.hookNames.map((name) => `${name} ${/\d/.exec(name)?.[0] ?? null}`));
    expect(y.shape).toEqual([1, 3]);
  });

  test("functions of one point run in the order they were added, each on what the one before left", async () => {
    const add =
      (value: number): Hook =>
      (activation) =>
        activation.add(value);
    const double: Hook = (activation) => activation.mul(2);
    const at = "blocks.1.hook_resid_post";
    expect(
      await output([
        [at, add(1)],
        [at, double],
      ]),
    ).toEqual([-26, -50, -74]);
    expect(
      await output([
        [at, double],
        [at, add(1)],
      ]),
    ).toEqual([-25, -49, -73]);
  });

  test("prepend puts a function before those already there", async () => {
    model.addHook("blocks.1.hook_resid_post", (activation) => activation.mul(2));
    model.addHook("blocks.1.hook_resid_post", (activation) => activation.add(1), { prepend: true });
    expect(await output()).toEqual([-26, -50, -74]);
  });

  test("permanent functions survive resetHooks, unless asked not to", async () => {
    model.addHook("hook_embed", (activation) => activation.mul(2), { permanent: true });
    model.addHook("hook_embed", (activation) => activation.mul(0));
    model.resetHooks();
    expect(await output()).toEqual([-24, -48, -72]);
    model.resetHooks({ includingPermanent: true });
    expect(await output()).toEqual([-12, -24, -36]);
  });

  test("a handle removes what it added, and only that, once", async () => {
    const first = model.addHook("hook_embed", (activation) => activation.mul(2));
    const second = model.addHook("hook_embed", (activation) => activation.mul(3));
    first.remove();
    first.remove();
    expect(await output()).toEqual([-36, -72, -108]);
    second.remove();
    expect(attached()).toBe(0);
  });

  test("scopes nest, and end one by one, also after an exception", async () => {
    const double: Hook = (activation) => activation.mul(2);
    {
      using _outer = model.hooks([["hook_embed", double]]);
      expect(() => {
        using _inner = model.hooks([
          ["hook_embed", double],
          ["blocks.0.hook_resid_pre", double],
        ]);
        expect(attached()).toBe(3);
        throw new Error("inside");
      }).toThrow("inside");
      expect(attached()).toBe(1);
      expect(await output()).toEqual([-24, -48, -72]);
    }
    expect(attached()).toBe(0);
  });

  test("resetHooks inside a scope clears it; ending it then does nothing", () => {
    using scoped = model.hooks([["hook_embed", () => undefined]]);
    model.resetHooks();
    expect(attached()).toBe(0);
    scoped.remove();
    expect(attached()).toBe(0);
  });

  test("a scope of which one filter is wrong adds nothing", () => {
    const wrong = "hook_embedd" as HookName<2>;
    expect(
      errorOf(() =>
        model.hooks([
          ["hook_embed", () => undefined],
          [wrong, () => undefined],
        ]),
      ).code,
    ).toBe("HOOK_UNKNOWN");
    expect(attached()).toBe(0);
  });

  test("a hook that throws leaves nothing attached and no buffer alive", async () => {
    using x = input();
    await x.realize();
    const { buffers, tensors } = memory();
    const failing: Hook = (activation) => {
      activation.mul(3);
      throw new Error("in the hook");
    };
    expect(() =>
      model.runWithHooks(x, {
        hooks: [
          ["hook_embed", (a) => a.mul(2)],
          ["blocks.1.hook_resid_pre", failing],
        ],
      }),
    ).toThrow("in the hook");
    await expect(model.runWithCache(x, { hooks: [["hook_embed", failing]] })).rejects.toThrow(
      "in the hook",
    );
    expect(attached()).toBe(0);
    expect(memory()).toMatchObject({ buffers, tensors });
  });

  test("a hook may add and remove hooks while the model runs; they count from the next point on", async () => {
    let handle: { remove(): void } | null = null;
    const adding: Hook = () => {
      handle = model.addHook("blocks.1.hook_resid_post", (activation) => activation.mul(2));
    };
    expect(await output([["hook_embed", adding]])).toEqual([-24, -48, -72]);
    expect(await output([["blocks.0.hook_resid_post", () => handle?.remove()]])).toEqual([
      -12, -24, -36,
    ]);
  });

  test("a hook may call the model itself", async () => {
    const nested: Hook = (activation) => {
      using x = zeros([1, 3]);
      return model.forward(x, { stopAtLayer: 0 }).add(activation);
    };
    expect(await output([["blocks.0.hook_resid_pre", nested]])).toEqual([-12, -24, -36]);
  });

  // ---- what a hook may return ----

  test("a promise is an error that names the ways out", () => {
    using x = input();
    const hook = (async () => undefined) as never;
    const error = errorOf(() => model.runWithHooks(x, { hooks: [["hook_embed", hook]] }));
    expect(error.code).toBe("HOOK_RETURNED_PROMISE");
    for (const way of ["hookPoint.tap", "stopAtLayer", "startAtLayer", "hook_embed"])
      expect(error.message).toContain(way);
  });

  test.each([
    ["another shape", () => zeros([1, 4]), "shape [1,4], expected [1,3]"],
    ["another dtype", () => zeros([1, 3], { dtype: "i32" }), "dtype i32, expected f32"],
    ["a number", () => 3 as never, "returned number"],
    ["an array", () => [1, 2, 3] as never, "returned object"],
  ])("%s is refused", (_what, hook, message) => {
    using x = input();
    const error = errorOf(() =>
      model.runWithHooks(x, { hooks: [["blocks.0.hook_resid_pre", hook]] }),
    );
    expect(error.code).toBe("HOOK_RESULT_INVALID");
    expect(error.message).toContain("blocks.0.hook_resid_pre");
    expect(error.message).toContain(message);
  });

  test("a disposed tensor is refused", () => {
    using x = input();
    const gone = zeros([1, 3]);
    gone.dispose();
    expect(
      errorOf(() => model.runWithHooks(x, { hooks: [["hook_embed", () => gone]] })).message,
    ).toContain("disposed");
  });

  test("a tensor of another device is refused", async () => {
    using x = input();
    const other = await init({ device: "wasm" });
    const elsewhere = tensor([[0, 0, 0]], { device: other });
    expect(
      errorOf(() => model.runWithHooks(x, { hooks: [["hook_embed", () => elsewhere]] })).message,
    ).toContain("another device");
    elsewhere.dispose();
    await other.dispose();
    await init({ device: kind });
  });

  // ---- names ----

  test("an unknown name says which was meant", () => {
    const error = errorOf(() =>
      model.addHook("blocks.0.hook_resid_psot" as HookName<2>, () => undefined),
    );
    expect(error.code).toBe("HOOK_UNKNOWN");
    expect(error.details).toMatchObject({ nearest: "blocks.0.hook_resid_post" });
    expect(errorOf(() => model.hookPoint("blocks.7.hook_resid_pre" as HookName<2>)).code).toBe(
      "HOOK_UNKNOWN",
    );
  });

  test("a glob or predicate that matches nothing is an error", async () => {
    expect(errorOf(() => model.addHook("blocks.*.hook_nothing*", () => undefined)).code).toBe(
      "HOOK_FILTER_EMPTY",
    );
    expect(
      errorOf(() =>
        model.addHook(
          () => false,
          () => undefined,
        ),
      ).code,
    ).toBe("HOOK_FILTER_EMPTY");
    using x = input();
    await expect(model.runWithCache(x, { names: [] })).rejects.toMatchObject({
      code: "HOOK_FILTER_EMPTY",
    });
  });

  test("a star stands for anything but a dot", () => {
    model.addHook("blocks.*.hook_resid_pre", () => undefined);
    expect(
      model
        .hooksTable()
        .filter((row) => row.hooks > 0)
        .map((row) => row.name),
    ).toEqual(["blocks.0.hook_resid_pre", "blocks.1.hook_resid_pre"]);
    expect(errorOf(() => model.addHook("blocks*resid_pre", () => undefined)).code).toBe(
      "HOOK_FILTER_EMPTY",
    );
  });

  test("a hook or name outside of the layers that run is an error", async () => {
    using x = input();
    const hooks = [["blocks.1.hook_resid_pre", () => undefined]] as const;
    expect(errorOf(() => model.runWithHooks(x, { hooks, stopAtLayer: 1 })).code).toBe(
      "HOOK_FILTER_EMPTY",
    );
    await expect(
      model.runWithCache(x, { names: "hook_post_head_pre_normalize", stopAtLayer: -1 }),
    ).rejects.toMatchObject({ code: "HOOK_FILTER_EMPTY" });
  });

  // ---- layers ----

  test("stopAtLayer gives the stream before that block, startAtLayer goes on from it", async () => {
    using x = input();
    const streams = [0, 1, 2, -1, -2].map((stopAtLayer) => model.forward(x, { stopAtLayer }));
    expect(await Promise.all(streams.map(async (stream) => (await stream.data())[0]))).toEqual([
      2, 4, 12, 4, 2,
    ]);
    using rest = model.forward(streams[1]!, { startAtLayer: 1 });
    expect([...(await rest.data())]).toEqual([-12, -24, -36]);
    streams.forEach((stream) => stream.dispose());
  });

  test.each([
    [3, undefined],
    [-3, undefined],
    [0.5, undefined],
    [1, 2],
  ])("stopAtLayer %s, startAtLayer %s is refused", (stopAtLayer, startAtLayer) => {
    using x = input();
    expect(
      errorOf(() =>
        model.forward(x, { stopAtLayer, ...(startAtLayer === undefined ? {} : { startAtLayer }) }),
      ).code,
    ).toBe("ARGUMENT_INVALID");
  });

  // ---- cache ----

  test("the cache holds every cheap point in firing order, after all hooks of its point", async () => {
    using x = input();
    model.addHook("hook_embed", (activation) => activation.mul(10));
    using run = await model.runWithCache(x, {
      hooks: [["hook_embed", (activation) => activation.add(1)]],
    });
    expect([...run.cache.keys()]).toEqual(
      model.hookNames.filter((name) => !name.endsWith("result")),
    );
    expect(await run.cache.get("hook_embed").array()).toEqual([[21, 41, 61]]);
    expect(await run.output.array()).toEqual([[-126, -246, -366]]);
  });

  test("costly points are kept when named, and change nothing", async () => {
    using x = input();
    using run = await model.runWithCache(x, { names: ["blocks.*.attn.hook_result", "hook_embed"] });
    expect([...run.cache.keys()]).toEqual([
      "hook_embed",
      "blocks.0.attn.hook_result",
      "blocks.1.attn.hook_result",
    ]);
    expect(await run.cache.get("result", 1).array()).toEqual([[8, 16, 24]]);
    expect(await run.output.array()).toEqual([[-12, -24, -36]]);
  });

  test("shorthand names and negative layers", async () => {
    using x = input();
    using run = await model.runWithCache(x);
    expect(run.cache.get("resid_post", -1)).toBe(run.cache.get("blocks.1.hook_resid_post"));
    expect(run.cache.get("resid_pre0")).toBe(run.cache.get("resid_pre", 0));
    expect(run.cache.has("resid_post", 5)).toBe(false);
    const error = errorOf(() => run.cache.get("resid_post", 5));
    expect(error.code).toBe("HOOK_UNKNOWN");
    expect(error.message).toContain("did you mean");
    expect(errorOf(() => run.cache.grad("hook_embed")).message).toContain("nothing was kept");
  });

  test("gradients are those of what passed through the point", async () => {
    using x = input();
    using run = await model.runWithCache(x, { gradientOf: (y) => y.sum() });
    // Block 1 triples its input, the head negates; block 0 doubles. hook_attn_out sees only its own branch.
    const slopes = {
      hook_embed: -6,
      "blocks.0.hook_resid_pre": -6,
      "blocks.0.hook_attn_out": -3,
      "blocks.0.hook_resid_post": -3,
      "blocks.1.hook_attn_out": -1,
      hook_post_head_pre_normalize: 1,
    } as const;
    const found: Record<string, number> = {};
    for (const name of Object.keys(slopes)) {
      const values = await run.cache.grad(name as keyof typeof slopes).data();
      found[name] = values.every((value: number) => value === values[0]) ? values[0]! : Number.NaN;
    }
    expect(found).toEqual(slopes);
  });

  test("gradientOf must give one number", async () => {
    using x = input();
    await expect(model.runWithCache(x, { gradientOf: (y) => y })).rejects.toMatchObject({
      code: "NOT_DIFFERENTIABLE",
    });
  });

  test("disposing a run frees all it kept, and nothing of the caller's", async () => {
    using x = input();
    await x.realize();
    using mine = tensor([[5, 5, 5]]);
    await mine.realize();
    const { buffers } = memory();
    const run = await model.runWithCache(x, {
      hooks: [["hook_post_head_pre_normalize", () => mine]],
      gradientOf: (y) => y.sum(),
    });
    expect(await run.output.array()).toEqual([[5, 5, 5]]);
    run.dispose();
    run.dispose();
    expect(memory().buffers).toBe(buffers);
    expect(await mine.array()).toEqual([[5, 5, 5]]);
    const residual = await model.runWithCache(x, { startAtLayer: 0, stopAtLayer: 1 });
    residual.dispose();
    expect(await x.array()).toEqual([[1, 2, 3]]);
  });

  // ---- keep and tap ----

  test("keep makes a tensor an output of the run", async () => {
    using x = input();
    const kept: Tensor[] = [];
    using run = await model.runWithCache(x, {
      names: "hook_embed",
      hooks: [["blocks.0.hook_resid_pre", (a, point) => void kept.push(point.keep(a.add(100)))]],
    });
    expect(run.cache.size).toBe(1);
    expect(await kept[0]!.array()).toEqual([[102, 104, 106]]);
    kept[0]!.dispose();
  });

  test("a tensor stored away without keep is gone", () => {
    using x = input();
    let stored: Tensor | null = null;
    using y = model.runWithHooks(x, { hooks: [["hook_embed", (a) => void (stored = a.add(1))]] });
    expect(y.shape).toEqual([1, 3]);
    expect(stored!.disposed).toBe(true);
  });

  test("tap gets the numbers after the run, of a cached run before it resolves", async () => {
    using x = input();
    const seen: number[][] = [];
    const hooks = [
      ["hook_embed", (a, point) => point.tap(a, (values) => void seen.push([...values]))],
    ] as const satisfies readonly [HookName<2>, Hook][];
    using run = await model.runWithCache(x, { hooks });
    expect(run.cache.size).toBeGreaterThan(0);
    expect(seen).toEqual([[2, 4, 6]]);
    using y = model.runWithHooks(x, { hooks });
    await y.data();
    await expect.poll(() => seen.length).toBe(2);
  });

  test("keep and tap outside of a run are errors", () => {
    using x = input();
    const point = model.hookPoint("hook_embed");
    expect(errorOf(() => point.keep(x)).code).toBe("ARGUMENT_INVALID");
    expect(errorOf(() => point.tap(x, () => undefined)).code).toBe("ARGUMENT_INVALID");
  });

  // ---- table and compile ----

  test("hooksTable lists names, shapes, bytes and hooks without running", () => {
    model.addHook("hook_embed", () => {
      throw new Error("hooksTable ran a hook");
    });
    const table = model.hooksTable({ batch: 4 });
    expect(table.map((row) => row.name)).toEqual(model.hookNames);
    expect(table[0]).toEqual({
      name: "hook_embed",
      shape: [4, 3],
      bytes: 48,
      hooks: 1,
      byDefault: true,
    });
  });

  test("a compiled call follows the model's hooks", async () => {
    const run = compile((hooked: ToyModel, x: Tensor) => hooked.forward(x));
    using x = input();
    const call = async (): Promise<number[]> => {
      using y = await run(model, x);
      return [...(await y.data())];
    };
    expect(await call()).toEqual([-12, -24, -36]);
    using double = model.addHook("hook_embed", (activation) => activation.mul(2));
    expect(await call()).toEqual([-24, -48, -72]);
    double.remove();
    expect(await call()).toEqual([-12, -24, -36]);
  });

  test("the compile key changes with the hooks, and only with them", () => {
    const keys = [model.compileKey, model.compileKey];
    model.addHook("hook_embed", () => undefined);
    keys.push(model.compileKey);
    model.resetHooks();
    keys.push(model.compileKey, new ToyModel().compileKey);
    expect(keys[0]).toBe(keys[1]);
    expect(new Set(keys).size).toBe(4);
  });
});
