// The hook points of a ViT in the order in which they fire.
import { blockHook, type BlockHook, type HookName, type ModelHook } from "@prisma/hooks";
import type { ViTConfig } from "./config.ts";

/** Points that cost something when named, and are therefore computed, and cached, only then. */
const COSTLY: readonly BlockHook[] = [
  "hook_attn_in",
  "hook_q_input",
  "hook_k_input",
  "hook_v_input",
  "attn.hook_result",
];

function blockHooks(config: ViTConfig): BlockHook[] {
  const norms = config.normalizationType !== null;
  const attention: BlockHook[] = [
    "hook_resid_pre",
    "hook_attn_in",
    "hook_q_input",
    "hook_k_input",
    "hook_v_input",
    ...(norms ? (["ln1.hook_scale", "ln1.hook_normalized"] as const) : []),
    "attn.hook_q",
    "attn.hook_k",
    "attn.hook_v",
    "attn.hook_attn_scores",
    "attn.hook_pattern",
    "attn.hook_z",
    "attn.hook_result",
    "hook_attn_out",
  ];
  if (config.attnOnly) return [...attention, "hook_resid_post"];
  return [
    ...attention,
    "hook_resid_mid",
    "hook_mlp_in",
    ...(norms ? (["ln2.hook_scale", "ln2.hook_normalized"] as const) : []),
    "mlp.hook_pre",
    "mlp.hook_post",
    "hook_mlp_out",
    "hook_resid_post",
  ];
}

function modelHooks(config: ViTConfig): readonly [first: ModelHook[], last: ModelHook[]] {
  const norms = config.normalizationType !== null;
  return [
    [
      "hook_embed",
      ...(config.useClsToken ? (["hook_cls_embed"] as const) : []),
      "hook_pos_embed",
      "hook_full_embed",
      ...(config.layerNormPre
        ? (["ln_pre.hook_scale", "ln_pre.hook_normalized", "hook_ln_pre"] as const)
        : []),
    ],
    [
      ...(norms ? (["ln_final.hook_scale", "ln_final.hook_normalized"] as const) : []),
      "hook_ln_final",
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
  const costly: ReadonlySet<string> = new Set(COSTLY);
  const bare = (name: string): string => name.replace(/^blocks\.\d+\./, "");
  return new Set(vitHookNames(config).filter((name) => costly.has(bare(name))));
}
