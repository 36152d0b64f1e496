// Every hook of a pair and of a classifier is live: seeded noise moves the output, a gradient comes back, other texts stay.
import { checkHooks } from "@prisma/hooks";
import { init, tensor, type Device } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inputOf, openGolden } from "./golden-clip.ts";

let device: Device;
beforeAll(async () => {
  device = await init({ device: "wasm", threads: 1 });
});
afterAll(() => device.dispose());

test.each(["clip", "siglip", "open-clip"])("%s: every hook of both towers", async (name) => {
  const { clip, pair } = await openGolden(name);
  using ids = inputOf(pair.get("ids")!);
  using images = inputOf(pair.get("images")!);
  for (const check of [await checkHooks(clip.text, ids), await checkHooks(clip.vision, images)])
    expect([check.dead, check.betweenImages, check.passed]).toEqual([[], 0, true]);
  clip.dispose();
});

test.each(["clip", "siglip"])("%s: every hook of a classifier", async (name) => {
  const { clip, pair } = await openGolden(name);
  using images = inputOf(pair.get("images")!);
  using model = await clip.asClassifier(["cat", "dog"]);
  const check = await checkHooks(model, images);
  expect([check.dead, check.passed]).toEqual([[], true]);
  expect(check.rows.map((row) => row.name)).toContain("hook_head_scale");
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
