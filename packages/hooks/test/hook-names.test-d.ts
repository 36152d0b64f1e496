// Hook names are types: of a literal model a misspelt name or a layer out of range does not compile.
import { blockHook, type ActivationCache, type HookedModel, type HookName } from "../src/index.ts";

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
