// Every hook of a text tower and of a classifier is live: seeded noise moves the output; a gradient comes back; the other text stays.
import type { HookedModel, HookName } from "@prisma/hooks";
import { init, randn, tensor, type Device, type Tensor } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inputOf, openGolden } from "./golden-clip.ts";

let device: Device;
beforeAll(async () => {
  device = await init({ device: "wasm", threads: 1 });
});
afterAll(() => device.dispose());

/** Those of `names` whose noise leaves the output as it is, or that no gradient comes back to. */
async function deadHooks(
  model: HookedModel<HookName>,
  input: Tensor,
  names: readonly HookName[] = model.hookNames,
): Promise<string[]> {
  using run = await model.runWithCache(input, {
    names: (name) => names.includes(name),
    gradientOf: (output) => output.get([null, 0]).sum(),
  });
  const before = await run.output.data();
  const dead: string[] = [];
  for (const name of names) {
    using moved = model.runWithHooks(input, {
      hooks: [[name, (x) => x.add(randn(x.shape, { seed: 5 }).mul(0.5))]],
    });
    const after = await moved.data();
    const still = after.every((value: number, i: number) => Math.abs(value - before[i]!) < 1e-5);
    const slope = await run.cache.grad(name).data();
    if (still || slope.every((value: number) => value === 0)) dead.push(name);
  }
  return dead;
}

test.each(["clip", "siglip"])("%s: every hook of the text tower", async (name) => {
  const { clip, pair } = await openGolden(name);
  using ids = inputOf(pair.get("ids")!);
  expect(await deadHooks(clip.text, ids)).toEqual([]);
  clip.dispose();
});

test.each(["clip", "siglip"])("%s: the hooks of a classifier's head", async (name) => {
  const { clip, pair } = await openGolden(name);
  using images = inputOf(pair.get("images")!);
  using model = await clip.asClassifier(["cat", "dog"]);
  const head = model.hookNames.slice(model.hookNames.indexOf("hook_ln_final"));
  expect(head).toContain("hook_head_scale");
  expect(await deadHooks(model, images, head)).toEqual([]);
  clip.dispose();
});

test("an edit of one text leaves another as it is, to the bit", async () => {
  const { clip, pair } = await openGolden("clip");
  using ids = inputOf(pair.get("ids")!);
  using plain = clip.text.forward(ids);
  const row = (values: ArrayLike<number>, at: number): number[] =>
    Array.from(values).slice(at * 24, (at + 1) * 24);
  const before = await plain.data();
  using mask = tensor([1, 0, 0], { shape: [3, 1, 1] });
  for (const name of ["hook_embed", "blocks.1.hook_resid_pre", "blocks.0.hook_mlp_out"] as const) {
    using edited = clip.text.runWithHooks(ids, { hooks: [[name, (x) => x.add(mask.mul(3))]] });
    const after = await edited.data();
    expect(row(after, 0), name).not.toEqual(row(before, 0));
    expect([row(after, 1), row(after, 2)], name).toEqual([row(before, 1), row(before, 2)]);
  }
  clip.dispose();
});
