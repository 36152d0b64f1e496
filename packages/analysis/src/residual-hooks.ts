// Hooks at which the whole residual stream can be seen, from the embeddings to the last block.
import { blockHook, type HookName } from "@prisma/hooks";
import type { Classifier } from "./classifier.ts";

/** Hook names of the stream before the first block and after each: `blocks.0.hook_resid_pre`, `blocks.0.hook_resid_post` ... */
export function residualHooks({ layers, hookNames }: Classifier): HookName[] {
  const embedded = hookNames.includes("hook_ln_pre") ? "hook_ln_pre" : "hook_full_embed";
  return [
    layers === 0 ? embedded : blockHook(0, "hook_resid_pre"),
    ...Array.from({ length: layers }, (_, layer) => blockHook(layer, "hook_resid_post")),
  ];
}
