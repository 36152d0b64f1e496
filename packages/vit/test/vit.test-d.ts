// Hook names follow from a literal configuration: what the model cannot have does not compile.
import { checkHooks, type HookName } from "@prisma/hooks";
import { createViT, loadViT } from "../src/index.ts";

const model = await createViT({ nLayers: 2, dModel: 32, patchSize: 7, imageSize: [28, 56] });
model.addHook("blocks.1.attn.hook_pattern", (pattern) => pattern.mul(0));
await model.runWithCache(await model.preprocess("a.png"), {
  names: ["hook_embed", "blocks.*.hook_resid_post"],
});
export const layers: 2 = model.config.nLayers;

// @ts-expect-error the model has layers 0 and 1
model.addHook("blocks.2.attn.hook_pattern", () => undefined);
// @ts-expect-error misspelt
model.addHook("blocks.1.attn.hook_patern", () => undefined);
// @ts-expect-error no such activation function
await createViT({ nLayers: 2, dModel: 32, activationName: "solu_ln" });
// @ts-expect-error the width is not given
await createViT({ nLayers: 2 });
// @ts-expect-error no such field
await createViT({ nLayers: 2, dModel: 32, nHead: 4 });

const loaded = await loadViT("folder");
loaded.addHook("blocks.11.hook_resid_pre", () => undefined);
// @ts-expect-error spelling is checked for a loaded model too
loaded.addHook("blocks.11.hook_resid_prre", () => undefined);

const { images } = await loaded.preprocess(["a.png"], { details: true });
export const widths: number[] = images.map(({ picture }) => picture.width);
// @ts-expect-error without details it is a tensor
export const absent = (await loaded.preprocess("a.png")).images;

// A literal model is checked under its own names.
const check = await checkHooks(model, await model.preprocess("a.png"));
export const dead: readonly HookName<2>[] = check.dead;
