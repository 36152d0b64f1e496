// Hook points and parameters of a text tower.
import { blockHook, type HookName } from "@prisma/hooks";
import { blockHooks, blockShapes, COSTLY_HOOKS } from "@prisma/vit";
import type { TextConfig } from "./text-config.ts";

/** Hook names of a text tower in firing order. */
export function textHookNames<Layers extends number>(
  config: TextConfig<Layers>,
): HookName<Layers>[] {
  const hooks = blockHooks(config);
  const names: HookName[] = [
    "hook_embed",
    "hook_pos_embed",
    "hook_full_embed",
    ...Array.from({ length: config.nLayers }, (_, layer) =>
      hooks.map((hook) => blockHook(layer, hook)),
    ).flat(),
    "ln_final.hook_scale",
    "ln_final.hook_normalized",
    "hook_ln_final",
    "hook_post_head_pre_normalize",
  ];
  // Layers count from 0 to `Layers`, which the compiler cannot see.
  return names as HookName<Layers>[];
}

/** Those of {@link textHookNames} that are computed only when named. */
export function costlyTextHooks<Layers extends number>(
  config: TextConfig<Layers>,
): ReadonlySet<HookName<Layers>> {
  const costly: ReadonlySet<string> = new Set(COSTLY_HOOKS);
  return new Set(
    textHookNames(config).filter((name) => costly.has(name.replace(/^blocks\.\d+\./, ""))),
  );
}

/** Every parameter of a text tower with its shape, in the order of the computation. */
export function textShapes(config: TextConfig): ReadonlyMap<string, readonly number[]> {
  const { dModel: D, vocabSize, contextLength, projectionDim: C, nLayers } = config;
  return new Map<string, readonly number[]>([
    ["token_embed.weight", [vocabSize, D]],
    ["pos_embed.W_pos", [contextLength, D]],
    ...Array.from({ length: nLayers }, (_, layer) => blockShapes(config, layer)).flat(),
    ["ln_final.w", [D]],
    ["ln_final.b", [D]],
    ["head.W_H", [D, C]],
    ["head.b_H", [C]],
  ]);
}
