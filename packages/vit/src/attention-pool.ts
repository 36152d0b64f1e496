// Attention pooling: one learned query looks at all tokens, and an MLP follows. SigLIP's head, as timm's `AttentionPoolLatent`.
// Shapes: B images, P tokens, D model, H heads, E head, M mlp.
import { einsum, type Tensor } from "@prisma/tensor";
import { ACTIVATIONS } from "./activations.ts";
import { attentionPattern, attentionScores, project } from "./attention.ts";
import { layerNorm, normShapes } from "./layer-norm.ts";
import {
  attentionShapes,
  mlpShapes,
  type BlockConfig,
  type BlockParts,
} from "./transformer-block.ts";

/** The token that `tokens` [B, P, D] are pooled into. `[B, D]` */
export function attentionPool(tokens: Tensor, parts: BlockParts): Tensor {
  const { config, pass } = parts;
  const weight = (name: string): Tensor => parts.weight(`attn_pool.${name}`);
  const latent = weight("latent").expand([tokens.shape[0] ?? 0, 1, config.dModel]); // [B, 1, D]
  const q = pass.at("attn_pool.hook_q", project(latent, weight("W_Q")).add(weight("b_Q"))); // [B, 1, H, E]
  const k = pass.at("attn_pool.hook_k", project(tokens, weight("W_K")).add(weight("b_K"))); // [B, P, H, E]
  const v = pass.at("attn_pool.hook_v", project(tokens, weight("W_V")).add(weight("b_V")));
  const scores = pass.at("attn_pool.hook_attn_scores", attentionScores(q, k, config)); // [B, H, 1, P]
  const pattern = pass.at("attn_pool.hook_pattern", attentionPattern(scores));
  const z = pass.at("attn_pool.hook_z", einsum("bhqk,bkhe->bqhe", pattern, v)); // [B, 1, H, E]
  const written = einsum("bphe,hed->bpd", z, weight("W_O")).add(weight("b_O"));
  const attended = pass.at("attn_pool.hook_attn_out", written); // [B, 1, D]
  return attended.add(pass.at("attn_pool.hook_mlp_out", poolMlp(attended, parts))).squeeze(1);
}

function poolMlp(x: Tensor, parts: BlockParts): Tensor {
  const weight = (name: string): Tensor => parts.weight(`attn_pool.mlp.${name}`);
  const normalized = layerNorm("attn_pool.ln", x, parts);
  const into = einsum("bpd,dm->bpm", normalized, weight("W_in")).add(weight("b_in"));
  const pre = parts.pass.at("attn_pool.mlp.hook_pre", into); // [B, 1, M]
  const active = ACTIVATIONS[parts.config.activationName](pre);
  const post = parts.pass.at("attn_pool.mlp.hook_post", active);
  return einsum("bpm,md->bpd", post, weight("W_out")).add(weight("b_out")); // [B, 1, D]
}

/** Names and shapes of the parameters of attention pooling. */
export function attentionPoolShapes(
  config: BlockConfig,
): (readonly [name: string, shape: readonly number[]])[] {
  return [
    ["attn_pool.latent", [1, 1, config.dModel]],
    ...attentionShapes("attn_pool", config),
    ...normShapes("attn_pool.ln", config),
    ...mlpShapes("attn_pool.mlp", config, false),
  ];
}
