// Hook names: the grammar that papers and notebooks use, as types and as the one place where names are built.

/** Points once a model, before the first block and after the last. */
export type ModelHook =
  | "hook_embed"
  | "hook_cls_embed"
  | "hook_dist_embed"
  | "hook_reg_embed"
  | "hook_pos_embed"
  | "hook_full_embed"
  | "ln_pre.hook_scale"
  | "ln_pre.hook_normalized"
  | "hook_ln_pre"
  | "ln_final.hook_scale"
  | "ln_final.hook_normalized"
  | "hook_ln_final"
  | PoolHook
  | "hook_head_scale"
  | "hook_post_head_pre_normalize";

/** Points of attention pooling, where an answer is read by attention of its own: SigLIP's head. */
export type PoolHook =
  | "attn_pool.hook_q"
  | "attn_pool.hook_k"
  | "attn_pool.hook_v"
  | "attn_pool.hook_attn_scores"
  | "attn_pool.hook_pattern"
  | "attn_pool.hook_z"
  | "attn_pool.hook_attn_out"
  | "attn_pool.ln.hook_scale"
  | "attn_pool.ln.hook_normalized"
  | "attn_pool.mlp.hook_pre"
  | "attn_pool.mlp.hook_post"
  | "attn_pool.hook_mlp_out";

/** Points of one block, without `blocks.{layer}.`. */
export type BlockHook =
  | "hook_resid_pre"
  | "hook_attn_in"
  | "hook_q_input"
  | "hook_k_input"
  | "hook_v_input"
  | "ln1.hook_scale"
  | "ln1.hook_normalized"
  | "attn.hook_q"
  | "attn.hook_k"
  | "attn.hook_v"
  | "attn.hook_attn_scores"
  | "attn.hook_pattern"
  | "attn.hook_z"
  | "attn.hook_result"
  | "hook_attn_out"
  | "hook_resid_mid"
  | "hook_mlp_in"
  | "ln2.hook_scale"
  | "ln2.hook_normalized"
  | "mlp.hook_pre"
  | "mlp.hook_pre_linear"
  | "mlp.hook_post"
  | "hook_mlp_out"
  | "hook_resid_post";

type Enumerate<Count extends number, Found extends number[] = []> = Found["length"] extends Count
  ? Found[number]
  : Enumerate<Count, [...Found, Found["length"]]>;

/** Layers of a model of `Layers` blocks: `0 | 1 | ...` for a literal number, any number otherwise. */
export type LayerIndex<Layers extends number> = number extends Layers ? number : Enumerate<Layers>;

/**
 * Every hook name of a vision transformer of `Layers` blocks. With a literal count, a misspelt name or a layer out of
 * range does not compile; with `number`, spelling is checked by the compiler and the range at run time.
 */
export type HookName<Layers extends number = number> =
  | ModelHook
  | `blocks.${LayerIndex<Layers>}.${BlockHook}`;

/**
 * The full name of `hook` in block `layer`.
 * @example
 * blockHook(1, "attn.hook_z"); // "blocks.1.attn.hook_z"
 */
export function blockHook<Hook extends BlockHook, Layer extends number>(
  layer: Layer,
  hook: Hook,
): `blocks.${Layer}.${Hook}` {
  return `blocks.${layer}.${hook}`;
}

const ALIASES = {
  attn: "pattern",
  attn_logits: "attn_scores",
  key: "k",
  query: "q",
  value: "v",
  mlp_pre: "pre",
  mlp_post: "post",
} as const;

type Act<Hook> = Hook extends `${string}.hook_${infer Name}`
  ? Name
  : Hook extends `hook_${infer Name}`
    ? Name
    : never;

/** What stands after `hook_` in some hook name, or one of TransformerLens' other words for it. */
export type ActName = Act<ModelHook> | Act<BlockHook> | keyof typeof ALIASES;

/** A part of a block by name or letter: `ln1`, `ln2`, `attn`, `a`, `mlp`, `m`, `block`, `b`. */
export type LayerType =
  | "ln1"
  | "ln2"
  | "ln_final"
  | "ln_pre"
  | "attn"
  | "attention"
  | "a"
  | "mlp"
  | "m"
  | "block"
  | "blocks"
  | "b";

/** A name in short: `resid_post`, or with its layer `q3`, or with its layer and part `scale2ln1`. */
export type Shorthand = ActName | `${ActName}${number}` | `${ActName}${number}${LayerType}`;

const IN_ATTN: ReadonlySet<string> = new Set([
  "k",
  "v",
  "q",
  "z",
  "result",
  "pattern",
  "attn_scores",
]);
const IN_MLP: ReadonlySet<string> = new Set(["pre", "pre_linear", "post"]);
const LAYER_TYPES: ReadonlyMap<string, string> = new Map([
  ["a", "attn"],
  ["m", "mlp"],
  ["b", ""],
  ["block", ""],
  ["blocks", ""],
  ["attention", "attn"],
]);

/**
 * The full hook name of a shorthand, as TransformerLens' `get_act_name`: `getActName("q", 3)` and `getActName("q3")` are
 * `blocks.3.attn.hook_q`, `getActName("scale", 2, "ln1")` is `blocks.2.ln1.hook_scale`. Full names pass through.
 * @example
 * getActName("resid_post", 1); // "blocks.1.hook_resid_post"
 */
export function getActName(name: string, layer?: number, layerType?: string): string {
  if (name.includes(".") || name.startsWith("hook_")) return name;
  const packed = /^([a-z_]+)(\d+)([a-z]?.*)$/.exec(name);
  const base = packed?.[1] ?? name;
  const at = packed === null ? layer : Number(packed[2]);
  const type = packed?.[3] ? packed[3] : layerType;
  const act = new Map<string, string>(Object.entries(ALIASES)).get(base) ?? base;
  const prefix = at === undefined ? "" : `blocks.${at}.`;
  const folder = folderOf(act, type, at === undefined);
  return `${prefix}${folder === "" ? "" : `${folder}.`}hook_${act}`;
}

function folderOf(act: string, type: string | undefined, outside: boolean): string {
  if (IN_ATTN.has(act)) return "attn";
  if (IN_MLP.has(act)) return "mlp";
  if (type !== undefined) return LAYER_TYPES.get(type) ?? type;
  return outside && (act === "scale" || act === "normalized") ? "ln_final" : "";
}
