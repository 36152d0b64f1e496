// The vision transformer: images in, logits out, a hook on every activation. Reads top to bottom.
// Shapes: B images, N patches, P tokens, D model, H heads, E head, M mlp, C classes.
import {
  blockHook,
  type BlockHook,
  type HookName,
  type Pass,
  type ResolvedRange,
} from "@prisma/hooks";
import { concat, einsum, PrismaError, stack, where, type Tensor } from "@prisma/tensor";
import { ACTIVATIONS } from "./activations.ts";
import { checkImages, checkResidual } from "./check-input.ts";
import { gridOf, tokenCount } from "./config.ts";
import { timmInitialization } from "./initialize.ts";
import { randomParameters } from "./random-parameters.ts";
import { ViTModel } from "./vit-model.ts";

/** A ViT of `Layers` blocks, as ViT-Prisma computes it. Made by `createViT` and `loadViT`. */
export class ViT<Layers extends number = number> extends ViTModel<Layers> {
  protected override build(input: Tensor, pass: Pass<HookName>, range: ResolvedRange): Tensor {
    let residual = range.embed ? this.#embed(input, pass) : checkResidual(input, this.config); // [B, P, D]
    for (let layer = range.start; layer < range.stop; layer++) {
      residual = this.#block(residual, layer, pass);
    }
    return range.head ? this.#head(residual, pass) : residual; // [B, C]
  }

  // ---- embeddings ----

  #embed(images: Tensor, pass: Pass<HookName>): Tensor {
    const { patchSize, nChannels, dModel } = this.config;
    const [rows, columns] = gridOf(this.config);
    const batch = checkImages(images, this.config);
    const pixels = images.reshape([batch, nChannels, rows, patchSize, columns, patchSize]); // [B, ch, rows, p, columns, p]
    const patches = einsum("bcrisj,dcij->brsd", pixels, this.#weight("embed.proj.weight")) // [B, rows, columns, D]
      .reshape([batch, rows * columns, dModel]) // [B, N, D]
      .add(this.#weight("embed.proj.bias"));
    const tokens = this.#prependCls(pass.at("hook_embed", patches), batch, pass); // [B, P, D]
    const positions = this.#weight("pos_embed.W_pos").expand([
      batch,
      tokenCount(this.config),
      dModel,
    ]); // [B, P, D]
    const full = tokens.add(pass.at("hook_pos_embed", positions));
    const embedded = pass.at("hook_full_embed", full);
    if (!this.config.layerNormPre) return embedded;
    return pass.at("hook_ln_pre", this.#layerNorm("ln_pre", embedded, pass));
  }

  #prependCls(patches: Tensor, batch: number, pass: Pass<HookName>): Tensor {
    if (!this.config.useClsToken) return patches;
    const cls = this.#weight("cls_token").expand([batch, 1, this.config.dModel]); // [B, 1, D]
    return concat([pass.at("hook_cls_embed", cls), patches], 1); // [B, N + 1, D]
  }

  // ---- blocks ----

  #block(residual: Tensor, layer: number, pass: Pass<HookName>): Tensor {
    const at = <Hook extends BlockHook>(hook: Hook, x: Tensor): Tensor =>
      pass.at(blockHook(layer, hook), x);
    const pre = at("hook_resid_pre", residual); // [B, P, D]
    const mid = pre.add(at("hook_attn_out", this.#attention(pre, layer, pass)));
    if (this.config.attnOnly) return at("hook_resid_post", mid);
    const readable = at("hook_resid_mid", mid);
    const mlpOut = at("hook_mlp_out", this.#mlp(at("hook_mlp_in", readable), layer, pass));
    return at("hook_resid_post", readable.add(mlpOut));
  }

  #attention(residual: Tensor, layer: number, pass: Pass<HookName>): Tensor {
    const at = <Hook extends BlockHook>(hook: Hook, x: Tensor): Tensor =>
      pass.at(blockHook(layer, hook), x);
    const weight = (name: string): Tensor => this.#weight(`blocks.${layer}.attn.${name}`);
    const [forQ, forK, forV] = this.#attentionInputs(residual, layer, pass);
    const q = at("attn.hook_q", project(forQ, weight("W_Q")).add(weight("b_Q"))); // [B, P, H, E]
    const k = at("attn.hook_k", project(forK, weight("W_K")).add(weight("b_K")));
    const v = at("attn.hook_v", project(forV, weight("W_V")).add(weight("b_V")));
    const scale = this.config.useAttnScale ? Math.sqrt(this.config.dHead) : 1;
    const scores = at("attn.hook_attn_scores", einsum("bqhe,bkhe->bhqk", q, k).div(scale)); // [B, H, P, P]
    const softmax = scores.softmax(-1);
    const pattern = at("attn.hook_pattern", where(softmax.isNaN(), 0, softmax)); // [B, H, P, P]
    const z = at("attn.hook_z", einsum("bhqk,bkhe->bqhe", pattern, v)); // [B, P, H, E]
    if (!pass.wants(blockHook(layer, "attn.hook_result"))) {
      return einsum("bphe,hed->bpd", z, weight("W_O")).add(weight("b_O")); // [B, P, D]
    }
    const result = at("attn.hook_result", einsum("bphe,hed->bphd", z, weight("W_O"))); // [B, P, H, D]
    return result.sum(2).add(weight("b_O")); // [B, P, D]
  }

  /** What queries, keys and values are made of: one normalized stream, or, where somebody looks, a copy per head. */
  #attentionInputs(
    residual: Tensor,
    layer: number,
    pass: Pass<HookName>,
  ): readonly [q: Tensor, k: Tensor, v: Tensor] {
    const at = <Hook extends BlockHook>(hook: Hook, x: Tensor): Tensor =>
      pass.at(blockHook(layer, hook), x);
    const wants = (hook: BlockHook): boolean => pass.wants(blockHook(layer, hook));
    const split = wants("hook_q_input") || wants("hook_k_input") || wants("hook_v_input");
    if (!split && !wants("hook_attn_in"))
      return three(this.#layerNorm(`blocks.${layer}.ln1`, residual, pass)); // [B, P, D]
    const [batch = 0, tokens = 0, width = 0] = residual.shape;
    const perHead = at(
      "hook_attn_in",
      residual.unsqueeze(2).expand([batch, tokens, this.config.nHeads, width]),
    ); // [B, P, H, D]
    if (!split) return three(this.#layerNorm(`blocks.${layer}.ln1`, perHead, pass));
    const inputs = stack(
      [at("hook_q_input", perHead), at("hook_k_input", perHead), at("hook_v_input", perHead)],
      2,
    ); // [B, P, 3, H, D]
    const normalized = this.#layerNorm(`blocks.${layer}.ln1`, inputs, pass);
    const part = (i: number): Tensor => normalized.get([null, null, i]); // [B, P, H, D]
    return [part(0), part(1), part(2)];
  }

  #mlp(x: Tensor, layer: number, pass: Pass<HookName>): Tensor {
    const weight = (name: string): Tensor => this.#weight(`blocks.${layer}.mlp.${name}`);
    const normalized = this.#layerNorm(`blocks.${layer}.ln2`, x, pass);
    const into = einsum("bpd,dm->bpm", normalized, weight("W_in")).add(weight("b_in")); // [B, P, M]
    const pre = pass.at(blockHook(layer, "mlp.hook_pre"), into);
    const post = pass.at(
      blockHook(layer, "mlp.hook_post"),
      ACTIVATIONS[this.config.activationName](pre),
    );
    return einsum("bpm,md->bpd", post, weight("W_out")).add(weight("b_out")); // [B, P, D]
  }

  // ---- read-out ----

  #head(residual: Tensor, pass: Pass<HookName>): Tensor {
    const pooled = this.#pool(residual, pass); // [B, D]
    const logits =
      this.config.returnType === "pre_logits"
        ? pooled
        : einsum("bd,dc->bc", pooled, this.#weight("head.W_H")).add(this.#weight("head.b_H")); // [B, C]
    const output = pass.at("hook_post_head_pre_normalize", logits);
    if (!this.config.normalizeOutput) return output;
    const length = output.mul(output).sum(-1, { keepDims: true }).sqrt(); // [B, 1]
    return output.div(length.maximum(1e-12));
  }

  #pool(residual: Tensor, pass: Pass<HookName>): Tensor {
    const { cls, patches, readout } = this.tokens;
    const normalize = (x: Tensor): Tensor =>
      pass.at("hook_ln_final", this.#layerNorm("ln_final", x, pass));
    const first = patches[0] ?? 0;
    if (readout === "patches")
      return normalize(residual.get([null, [first, first + patches.length]]).mean(1)); // [B, D]
    const normalized = normalize(residual); // [B, P, D]
    return readout === "all" ? normalized.mean(1) : normalized.get([null, cls ?? 0]); // [B, D]
  }

  // ---- parts ----

  /** Layer norm with its scale in the open; the affine part comes before `hook_normalized`. */
  #layerNorm(
    name: "ln_pre" | "ln_final" | `blocks.${number}.ln1` | `blocks.${number}.ln2`,
    x: Tensor,
    pass: Pass<HookName>,
  ): Tensor {
    const { normalizationType, eps } = this.config;
    if (normalizationType === null) return x;
    const centered = x.sub(x.mean(-1, { keepDims: true }));
    const variance = centered.mul(centered).mean(-1, { keepDims: true });
    const scale = pass.at(`${name}.hook_scale`, variance.add(eps).sqrt()); // [..., 1]
    const unit = centered.div(scale);
    const affine =
      normalizationType === "LN"
        ? unit.mul(this.#weight(`${name}.w`)).add(this.#weight(`${name}.b`))
        : unit;
    return pass.at(`${name}.hook_normalized`, affine);
  }

  #weight(name: string): Tensor {
    const weight = this.parameters.get(name);
    if (weight === undefined)
      throw new PrismaError("INTERNAL", `the model has no parameter ${name}`);
    return weight;
  }

  // ---- twins ----

  /**
   * A model of the same shape with fresh weights, on the current device: what analyses show of it means nothing, which
   * tells what to make of what they show of this one. Configuration, labels, tokens and preprocessing are the same;
   * `processing` says `random weights, seed 1`; nothing else is shared, and whoever asked disposes it. Weights are drawn
   * as timm's `init_weights_vit_timm` draws them, whose answers are near uniform.
   * @throws PrismaError ARGUMENT_INVALID for a seed that is no whole number from 0 to 2^53 - 1; OUT_OF_MEMORY
   * @example
   * using twin = await model.randomTwin({ seed: 1 });
   * twin.processing; // ["random weights, seed 1"]
   * (await twin.forward(images).softmax(-1).max().item()) < 0.2; // true
   */
  async randomTwin(options: { readonly seed?: number } = {}): Promise<ViT<Layers>> {
    const { seed = 0 } = options;
    const drawing = { seed, initialization: timmInitialization, doing: "randomTwin" };
    const parameters = await randomParameters(this.config, drawing);
    const processing = [`random weights, seed ${seed}`];
    return new ViT({ ...this.parts, parameters, processing });
  }
}

const three = (x: Tensor): readonly [Tensor, Tensor, Tensor] => [x, x, x];

/** Per-head projection of one stream for all heads, or of each head's own copy. `[B, P, H, E]` */
function project(x: Tensor, weight: Tensor): Tensor {
  return einsum(x.shape.length === 3 ? "bpd,hde->bphe" : "bphd,hde->bphe", x, weight);
}
