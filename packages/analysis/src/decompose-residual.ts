// The residual stream as a sum: embeddings in parts, then what each block adds.
import { blockHook, type ActivationCache } from "@prisma/hooks";
import type { Tensor } from "@prisma/tensor";
import { embeddedTokens } from "./embedded-tokens.ts";
import { weightOf, type Classifier } from "./classifier.ts";

/** One summand of the residual stream after the last block. */
export interface ResidualPart {
  /** As in TransformerLens: `embed`, `cls_embed`, `dist_embed`, `reg_embed`, `pos_embed`, `ln_pre_bias`, `0_attn_out`, `0_mlp_out`. */
  readonly label: string;
  /** Zero where the summand adds nothing. [B, P, D] */
  readonly rows: Tensor;
}

/** How the attention of a block counts: whole, or only its output bias, heads being counted elsewhere. */
export type AttentionPart = "attn_out" | "attn_bias";

/** `x` [B, n, D] where `positions` are, zero at all other tokens. [B, P, D] */
function padToTokens(x: Tensor, positions: readonly number[], tokens: number): Tensor {
  const [first = 0] = positions;
  return x.pad([
    [0, 0],
    [first, tokens - first - positions.length],
    [0, 0],
  ]);
}

/** Embeddings of some tokens: their label, and where they are hooked. */
const EMBEDDED = [
  ["embed", "hook_embed"],
  ["cls_embed", "hook_cls_embed"],
  ["dist_embed", "hook_dist_embed"],
  ["reg_embed", "hook_reg_embed"],
] as const;

/** Parts of the sum before the first block, before a norm there. */
function addedEmbeddings(model: Classifier, cache: ActivationCache): ResidualPart[] {
  const positions = cache.get("hook_pos_embed"); // [B, P, D]
  const tokens = positions.shape[1] ?? 0;
  const parts = EMBEDDED.flatMap(([label, hook]) => {
    const at = embeddedTokens(hook, model.tokens);
    return at.length === 0 ? [] : [{ label, rows: padToTokens(cache.get(hook), at, tokens) }];
  });
  return [...parts, { label: "pos_embed", rows: positions }];
}

/** With a norm before the blocks, its scale is held still, so that the parts still sum; its bias is a part of its own. */
function embeddings(model: Classifier, cache: ActivationCache): ResidualPart[] {
  const parts = addedEmbeddings(model, cache);
  if (!model.hookNames.includes("ln_pre.hook_scale")) return parts;
  const [weight, bias] = [model.parameters.get("ln_pre.w"), model.parameters.get("ln_pre.b")];
  const scale = cache.get("ln_pre.hook_scale"); // [B, P, 1]
  const normed = parts.map(({ label, rows }) => {
    const unit = rows.sub(rows.mean(-1, { keepDims: true })).div(scale);
    return { label, rows: weight === undefined ? unit : unit.mul(weight) };
  });
  if (bias === undefined) return normed;
  return [...normed, { label: "ln_pre_bias", rows: constantRow(bias, cache) }];
}

/** The same row `[D]` at every token. [B, P, D] */
function constantRow(row: Tensor, cache: ActivationCache): Tensor {
  return row.expand(cache.get("hook_pos_embed").shape);
}

function blockParts(
  model: Classifier,
  cache: ActivationCache,
  { layer, attention }: { readonly layer: number; readonly attention: AttentionPart },
): ResidualPart[] {
  const mlp = blockHook(layer, "hook_mlp_out");
  const written =
    attention === "attn_out"
      ? cache.get(blockHook(layer, "hook_attn_out"))
      : constantRow(weightOf(model, `blocks.${layer}.attn.b_O`), cache);
  return [
    { label: `${layer}_${attention}`, rows: written },
    ...(cache.has(mlp) ? [{ label: `${layer}_mlp_out`, rows: cache.get(mlp) }] : []),
  ];
}

/** True for hooks that {@link decomposeResidual} reads. */
export function isResidualPart(name: string): boolean {
  return /^hook_((cls_|dist_|reg_|pos_)?embed)$|^ln_pre\.hook_scale$|\.hook_(attn|mlp)_out$/.test(
    name,
  );
}

/**
 * Summands of the residual stream after the last block, as `decompose_resid` of TransformerLens, with embeddings in parts that
 * sum for every model: rows are zero where a part is not, and pass through the held scale of a norm before the blocks.
 * `cache` holds what {@link isResidualPart} names. With `attn_bias` each block's attention is its output bias alone.
 */
export function decomposeResidual(
  model: Classifier,
  cache: ActivationCache,
  attention: AttentionPart = "attn_out",
): ResidualPart[] {
  const blocks = Array.from({ length: model.layers }, (_, layer) =>
    blockParts(model, cache, { layer, attention }),
  );
  return [...embeddings(model, cache), ...blocks.flat()];
}
