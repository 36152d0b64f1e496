// A block of a transformer, pre-norm: what it computes, the hooks it fires, the parameters it has. Vision and text share it.
// Shapes: B images or texts, P tokens, D model, H heads, E head, M mlp.
import { blockHook, type BlockHook, type HookName, type Pass } from "@prisma/hooks";
import { einsum, type Tensor } from "@prisma/tensor";
import { ACTIVATIONS } from "./activations.ts";
import { attention } from "./attention.ts";
import type { ViTConfig } from "./config.ts";
import { layerNorm, normShapes } from "./layer-norm.ts";

/** What a block must know of its model. */
export type BlockConfig = Pick<
  ViTConfig,
  | "dModel"
  | "dHead"
  | "nHeads"
  | "dMlp"
  | "activationName"
  | "eps"
  | "normalizationType"
  | "attnOnly"
  | "gatedMlp"
  | "useAttnScale"
>;

/** What a block computes with. */
export interface BlockParts {
  readonly config: BlockConfig;
  /** A parameter by its full name. */
  readonly weight: (name: string) => Tensor;
  readonly pass: Pass<HookName>;
  /** Added to the scores of every head; -inf keeps a query from looking at a key. `[P, P]` */
  readonly mask?: Tensor;
}

/**
 * The residual stream after block `layer`, from the stream before it. `[B, P, D]`
 * @example
 * const pass = new Pass<HookName>({ points: new Map(), names: new Set(), gradients: false });
 * const weight = (name: string): Tensor => model.parameters.get(name)!;
 * const stream = zeros([1, 33, 96]);
 * transformerBlock(stream, 0, { config: model.config, weight, pass }).shape; // [1, 33, 96]
 */
export function transformerBlock(residual: Tensor, layer: number, parts: BlockParts): Tensor {
  const at = <Hook extends BlockHook>(hook: Hook, x: Tensor): Tensor =>
    parts.pass.at(blockHook(layer, hook), x);
  const pre = at("hook_resid_pre", residual); // [B, P, D]
  const mid = pre.add(at("hook_attn_out", attention(pre, layer, parts)));
  if (parts.config.attnOnly) return at("hook_resid_post", mid);
  const readable = at("hook_resid_mid", mid);
  const mlpOut = at("hook_mlp_out", mlp(at("hook_mlp_in", readable), layer, parts));
  return at("hook_resid_post", readable.add(mlpOut));
}

function mlp(x: Tensor, layer: number, parts: BlockParts): Tensor {
  const { config, pass } = parts;
  const weight = (name: string): Tensor => parts.weight(`blocks.${layer}.mlp.${name}`);
  const normalized = layerNorm(`blocks.${layer}.ln2`, x, parts);
  const into = (name: "in" | "gate"): Tensor =>
    einsum("bpd,dm->bpm", normalized, weight(`W_${name}`)).add(weight(`b_${name}`)); // [B, P, M]
  const pre = pass.at(blockHook(layer, "mlp.hook_pre"), into(config.gatedMlp ? "gate" : "in"));
  const active = ACTIVATIONS[config.activationName](pre);
  const gated = config.gatedMlp
    ? active.mul(pass.at(blockHook(layer, "mlp.hook_pre_linear"), into("in")))
    : active;
  const post = pass.at(blockHook(layer, "mlp.hook_post"), gated);
  return einsum("bpm,md->bpd", post, weight("W_out")).add(weight("b_out")); // [B, P, D]
}

/**
 * Hooks of a block in firing order, without `blocks.{layer}.`.
 * @example
 * blockHooks(model.config).at(-1); // "hook_resid_post"
 */
export function blockHooks({ normalizationType, attnOnly, gatedMlp }: BlockConfig): BlockHook[] {
  const norms = normalizationType !== null;
  const attn: BlockHook[] = [
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
  if (attnOnly) return [...attn, "hook_resid_post"];
  return [
    ...attn,
    "hook_resid_mid",
    "hook_mlp_in",
    ...(norms ? (["ln2.hook_scale", "ln2.hook_normalized"] as const) : []),
    "mlp.hook_pre",
    ...(gatedMlp ? (["mlp.hook_pre_linear"] as const) : []),
    "mlp.hook_post",
    "hook_mlp_out",
    "hook_resid_post",
  ];
}

/** Hooks of {@link blockHooks} that cost something when named, and are therefore computed, and cached, only then. */
export const COSTLY_HOOKS: readonly BlockHook[] = [
  "hook_attn_in",
  "hook_q_input",
  "hook_k_input",
  "hook_v_input",
  "attn.hook_result",
];

type Shapes = (readonly [name: string, shape: readonly number[]])[];

/** Names and shapes of the parameters of attention under `prefix`. */
export function attentionShapes(
  prefix: string,
  { dModel: D, nHeads: H, dHead: E }: BlockConfig,
): Shapes {
  return [
    [`${prefix}.W_Q`, [H, D, E]],
    [`${prefix}.W_K`, [H, D, E]],
    [`${prefix}.W_V`, [H, D, E]],
    [`${prefix}.b_Q`, [H, E]],
    [`${prefix}.b_K`, [H, E]],
    [`${prefix}.b_V`, [H, E]],
    [`${prefix}.W_O`, [H, E, D]],
    [`${prefix}.b_O`, [D]],
  ];
}

/** Names and shapes of the parameters of an MLP under `prefix`. */
export function mlpShapes(
  prefix: string,
  { dModel: D, dMlp: M }: BlockConfig,
  gated: boolean,
): Shapes {
  return [
    ...(gated
      ? ([
          [`${prefix}.W_gate`, [D, M]],
          [`${prefix}.b_gate`, [M]],
        ] as const)
      : []),
    [`${prefix}.W_in`, [D, M]],
    [`${prefix}.b_in`, [M]],
    [`${prefix}.W_out`, [M, D]],
    [`${prefix}.b_out`, [D]],
  ];
}

/**
 * Names and shapes of the parameters of block `layer`, in the order of the computation.
 * @example
 * blockShapes(model.config, 2)[0]; // ["blocks.2.ln1.w", [96]]
 */
export function blockShapes(config: BlockConfig, layer: number): Shapes {
  const attn: Shapes = [
    ...normShapes(`blocks.${layer}.ln1`, config),
    ...attentionShapes(`blocks.${layer}.attn`, config),
  ];
  if (config.attnOnly) return attn;
  return [
    ...attn,
    ...normShapes(`blocks.${layer}.ln2`, config),
    ...mlpShapes(`blocks.${layer}.mlp`, config, config.gatedMlp),
  ];
}
