// The hook points of a ViT in the order in which they fire.
import { blockHook, type HookName, type ModelHook, type PoolHook } from "@prisma/hooks";
import type { ViTConfig } from "./config.ts";
import { blockHooks, COSTLY_HOOKS } from "./transformer-block.ts";

function poolHooks({ classificationType, normalizationType }: ViTConfig): PoolHook[] {
  if (classificationType !== "map") return [];
  return [
    "attn_pool.hook_q",
    "attn_pool.hook_k",
    "attn_pool.hook_v",
    "attn_pool.hook_attn_scores",
    "attn_pool.hook_pattern",
    "attn_pool.hook_z",
    "attn_pool.hook_attn_out",
    ...(normalizationType === null
      ? []
      : (["attn_pool.ln.hook_scale", "attn_pool.ln.hook_normalized"] as const)),
    "attn_pool.mlp.hook_pre",
    "attn_pool.mlp.hook_post",
    "attn_pool.hook_mlp_out",
  ];
}

function modelHooks(config: ViTConfig): readonly [first: ModelHook[], last: ModelHook[]] {
  const norms = config.normalizationType !== null;
  return [
    [
      "hook_embed",
      ...(config.useClsToken ? (["hook_cls_embed"] as const) : []),
      ...(config.useDistToken ? (["hook_dist_embed"] as const) : []),
      ...(config.nRegisters > 0 ? (["hook_reg_embed"] as const) : []),
      "hook_pos_embed",
      "hook_full_embed",
      ...(config.layerNormPre
        ? (["ln_pre.hook_scale", "ln_pre.hook_normalized", "hook_ln_pre"] as const)
        : []),
    ],
    [
      ...(norms ? (["ln_final.hook_scale", "ln_final.hook_normalized"] as const) : []),
      "hook_ln_final",
      ...poolHooks(config),
      "hook_post_head_pre_normalize",
    ],
  ];
}

/** Hook names of a ViT of `config` in firing order. */
export function vitHookNames<Layers extends number>(config: ViTConfig<Layers>): HookName<Layers>[] {
  const [first, last] = modelHooks(config);
  const hooks = blockHooks(config);
  const blocks = Array.from({ length: config.nLayers }, (_, layer) =>
    hooks.map((hook) => blockHook(layer, hook)),
  );
  const names: HookName[] = [...first, ...blocks.flat(), ...last];
  // Layers count from 0 to `Layers`, which the compiler cannot see.
  return names as HookName<Layers>[];
}

/** Those of {@link vitHookNames} that are computed only when named. */
export function costlyHookNames<Layers extends number>(
  config: ViTConfig<Layers>,
): ReadonlySet<HookName<Layers>> {
  const costly: ReadonlySet<string> = new Set(COSTLY_HOOKS);
  const bare = (name: string): string => name.replace(/^blocks\.\d+\./, "");
  return new Set(vitHookNames(config).filter((name) => costly.has(bare(name))));
}
