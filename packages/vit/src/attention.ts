// Attention: queries, keys and values of one stream, scores, pattern, what each head reads, and what it writes.
// Shapes: B images, P tokens, D model, H heads, E head.
import { blockHook, type BlockHook } from "@prisma/hooks";
import { einsum, stack, where, type Tensor } from "@prisma/tensor";
import { layerNorm } from "./layer-norm.ts";
import type { BlockConfig, BlockParts } from "./transformer-block.ts";

/** What block `layer` writes to `residual` by attention. `[B, P, D]` */
export function attention(residual: Tensor, layer: number, parts: BlockParts): Tensor {
  const { pass, mask } = parts;
  const at = <Hook extends BlockHook>(hook: Hook, x: Tensor): Tensor =>
    pass.at(blockHook(layer, hook), x);
  const weight = (name: string): Tensor => parts.weight(`blocks.${layer}.attn.${name}`);
  const [forQ, forK, forV] = attentionInputs(residual, layer, parts);
  const q = at("attn.hook_q", project(forQ, weight("W_Q")).add(weight("b_Q"))); // [B, P, H, E]
  const k = at("attn.hook_k", project(forK, weight("W_K")).add(weight("b_K")));
  const v = at("attn.hook_v", project(forV, weight("W_V")).add(weight("b_V")));
  const products = attentionScores(q, k, parts.config);
  const masked = mask === undefined ? products : products.add(mask); // mask [P, P]
  const scores = at("attn.hook_attn_scores", masked); // [B, H, P, P]
  const pattern = at("attn.hook_pattern", attentionPattern(scores)); // [B, H, P, P]
  const z = at("attn.hook_z", einsum("bhqk,bkhe->bqhe", pattern, v)); // [B, P, H, E]
  if (!pass.wants(blockHook(layer, "attn.hook_result"))) {
    return einsum("bphe,hed->bpd", z, weight("W_O")).add(weight("b_O")); // [B, P, D]
  }
  const result = at("attn.hook_result", einsum("bphe,hed->bphd", z, weight("W_O"))); // [B, P, H, D]
  return result.sum(2).add(weight("b_O")); // [B, P, D]
}

/** Products of queries and keys, divided by the root of a head's width. `[B, H, Q, K]` */
export function attentionScores(
  q: Tensor,
  k: Tensor,
  { useAttnScale, dHead }: Pick<BlockConfig, "useAttnScale" | "dHead">,
): Tensor {
  return einsum("bqhe,bkhe->bhqk", q, k).div(useAttnScale ? Math.sqrt(dHead) : 1);
}

/** Shares of attention; a query that may look nowhere has none. */
export function attentionPattern(scores: Tensor): Tensor {
  const softmax = scores.softmax(-1);
  return where(softmax.isNaN(), 0, softmax);
}

/** Per-head projection of one stream for all heads, or of each head's own copy. `[B, P, H, E]` */
export function project(x: Tensor, weight: Tensor): Tensor {
  return einsum(x.shape.length === 3 ? "bpd,hde->bphe" : "bphd,hde->bphe", x, weight);
}

const three = (x: Tensor): readonly [Tensor, Tensor, Tensor] => [x, x, x];

/** What queries, keys and values are made of: one normalized stream, or, where somebody looks, a copy per head. */
function attentionInputs(
  residual: Tensor,
  layer: number,
  parts: BlockParts,
): readonly [q: Tensor, k: Tensor, v: Tensor] {
  const at = <Hook extends BlockHook>(hook: Hook, x: Tensor): Tensor =>
    parts.pass.at(blockHook(layer, hook), x);
  const wants = (hook: BlockHook): boolean => parts.pass.wants(blockHook(layer, hook));
  const split = wants("hook_q_input") || wants("hook_k_input") || wants("hook_v_input");
  if (!split && !wants("hook_attn_in"))
    return three(layerNorm(`blocks.${layer}.ln1`, residual, parts)); // [B, P, D]
  const [batch = 0, tokens = 0, width = 0] = residual.shape;
  const perHead = at(
    "hook_attn_in",
    residual.unsqueeze(2).expand([batch, tokens, parts.config.nHeads, width]),
  ); // [B, P, H, D]
  if (!split) return three(layerNorm(`blocks.${layer}.ln1`, perHead, parts));
  const inputs = stack(
    [at("hook_q_input", perHead), at("hook_k_input", perHead), at("hook_v_input", perHead)],
    2,
  ); // [B, P, 3, H, D]
  const normalized = layerNorm(`blocks.${layer}.ln1`, inputs, parts);
  const part = (i: number): Tensor => normalized.get([null, null, i]); // [B, P, H, D]
  return [part(0), part(1), part(2)];
}
