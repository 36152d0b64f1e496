// Hook names are types: of a literal model a misspelt name or a layer out of range does not compile.
import type { Tensor } from "@prisma/tensor";
import {
  blockHook,
  checkHooks,
  compareDevices,
  type ActivationCache,
  type HookedModel,
  type HookName,
} from "../src/index.ts";

declare const model: HookedModel<HookName<2>>;
declare const loaded: HookedModel<HookName>;
declare const cache: ActivationCache<HookName<2>>;

model.addHook("blocks.1.hook_resid_post", (activation, point) =>
  point.layer === 1 ? activation : undefined,
);
model.addHook("blocks.*.attn.hook_pattern", () => undefined);
model.addHook(
  (name) => name === "blocks.0.attn.hook_q",
  () => undefined,
);
model.addHook(["hook_embed", "blocks.*.hook_resid_pre"], () => undefined);
model.hookPoint(blockHook(1, "mlp.hook_post"));

// @ts-expect-error misspelt
model.addHook("blocks.1.hook_resid_psot", () => undefined);
// @ts-expect-error the model has layers 0 and 1
model.addHook("blocks.2.hook_resid_post", () => undefined);
// @ts-expect-error compared with a name that does not exist
export const misspelt = (name: HookName<2>): boolean => name === "blocks.0.attn.hook_query";
// @ts-expect-error misspelt in a list
model.addHook(["hook_embedd"], () => undefined);
// @ts-expect-error layer out of range
model.hookPoint(blockHook(2, "mlp.hook_post"));
// @ts-expect-error not a hook of a block
blockHook(0, "hook_embed");
// @ts-expect-error a hook gives a tensor or nothing
model.addHook("hook_embed", () => 3);

loaded.addHook("blocks.11.hook_resid_post", () => undefined);
// @ts-expect-error spelling is checked for a loaded model too
loaded.addHook("blocks.11.hook_resid_psot", () => undefined);

cache.get("blocks.0.ln1.hook_scale");
cache.get("resid_post", -1);
cache.get("q1");
cache.get("scale", 0, "ln1");
cache.get("scale1ln2");
// @ts-expect-error no such shorthand
cache.get("resid_psot", -1);
// @ts-expect-error layer out of range
cache.get("blocks.2.ln1.hook_scale");
// @ts-expect-error no such part of a block
cache.get("scale", 0, "ln3");

declare const input: Tensor;

// How a hook is added: direction and order.
model.addHook("hook_embed", (gradient) => gradient.mul(2), { dir: "bwd", prepend: true });
model.hooks([["blocks.*.hook_mlp_out", (gradient) => gradient, { dir: "bwd" }]]);
model.resetHooks({ direction: "both", includingPermanent: true, clearContexts: false });
model.listHooks("blocks.0.hook_mlp_out", { dir: "fwd" }).get("blocks.0.hook_mlp_out");
// @ts-expect-error no such direction
model.addHook("hook_embed", () => undefined, { dir: "back" });
// @ts-expect-error no such direction in a scope
model.hooks([["hook_embed", () => undefined, { dir: "back" }]]);
// @ts-expect-error both directions can be removed, not added
model.addHook("hook_embed", () => undefined, { dir: "both" });
// @ts-expect-error layer out of range
model.listHooks("blocks.2.hook_mlp_out");
// @ts-expect-error a permanent hook is what it makes
model.addPermaHook("hook_embed", () => undefined, { permanent: false });

// What a run keeps: positions, bytes, and the gradient of one scalar.
for (const posSlice of ["cls", "patches", "registers", 3, -1, [0, 2], { from: 1, to: -1 }] as const)
  await model.runWithCache(input, { posSlice, budget: 1e6, gradientOf: (output) => output.sum() });
// @ts-expect-error no such position
await model.runWithCache(input, { posSlice: "tail" });
// @ts-expect-error a patch is a row and a column
await model.runWithCache(input, { posSlice: [1, 2, 3] });
// @ts-expect-error a range has an end
await model.runWithCache(input, { posSlice: { from: 1 } });
// @ts-expect-error the gradient is of a tensor
await model.runWithCache(input, { gradientOf: () => 3 });
// @ts-expect-error layer out of range
await model.runWithCache(input, { names: ["hook_embed", "blocks.2.hook_resid_pre"] });

// Checks know the model's names.
const check = await checkHooks(model, input, { seed: 1 });
export const dead: readonly HookName<2>[] = check.dead;
await compareDevices(model, input, { names: "blocks.*.hook_resid_post" });
await compareDevices(loaded, input, { names: "blocks.11.hook_resid_post" });
// @ts-expect-error misspelt
await compareDevices(loaded, input, { names: "blocks.11.hook_resid_psot" });
// @ts-expect-error layer out of range
await compareDevices(model, input, { names: "blocks.2.hook_resid_post" });
