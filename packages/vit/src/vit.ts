// The vision transformer: images in, logits out, a hook on every activation. Reads top to bottom.
// Shapes: B images, N patches, P tokens, D model, H heads, E head, M mlp, C classes.
import {
  blockHook,
  HookedModel,
  type BlockHook,
  type HookName,
  type LogitDirections,
  type LogitDirectionsOptions,
  type LogitTarget,
  type Pass,
  type ResolvedRange,
  type Tokens,
} from "@prisma/hooks";
import { concat, einsum, PrismaError, stack, where, zeros, type Tensor } from "@prisma/tensor";
import { ACTIVATIONS } from "./activations.ts";
import { gridOf, tokenCount, type ViTConfig } from "./config.ts";
import { checkImages, checkResidual } from "./check-input.ts";
import { logitDirections } from "./logit-directions.ts";
import { tokensOf } from "./vit-tokens.ts";
import type { ImageInput } from "./images/image-input.ts";
import type { PreprocessConfig } from "./images/prepare-image.ts";
import { preprocessImages, type PreprocessDetails } from "./preprocess.ts";
import { costlyHookNames, vitHookNames } from "./vit-hook-names.ts";

/** What a ViT is made of. */
export interface ViTParts<Layers extends number> {
  readonly config: ViTConfig<Layers>;
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly labels: readonly string[] | null;
  readonly preprocess: PreprocessConfig | null;
}

/** A ViT of `Layers` blocks, as ViT-Prisma computes it. Made by `createViT` and `loadViT`. */
export class ViT<Layers extends number = number> extends HookedModel<HookName<Layers>> {
  readonly layers: Layers;
  readonly tokens: Tokens;

  /** Sizes and choices, every field filled in. */
  readonly config: ViTConfig<Layers>;
  /** Weights by name, as ViT-Prisma names them. The model owns them. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly labels: readonly string[] | null;
  readonly #preprocess: PreprocessConfig | null;

  constructor({ config, parameters, labels, preprocess }: ViTParts<Layers>) {
    super(vitHookNames(config), costlyHookNames(config));
    this.config = config;
    this.parameters = parameters;
    this.labels = labels;
    this.layers = config.nLayers;
    this.tokens = tokensOf(config);
    this.#preprocess = preprocess;
  }

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

  /**
   * Directions [n, D] of the stream before the final norm along which `targets` are read, and what biases add to them
   * [n]: the same for weights whose final norm is folded into the head and for those as they were trained.
   * @throws PrismaError ARGUMENT_INVALID for no target, for a class that is none, and for a pair of one class
   * @example
   * const { directions, targets } = model.logitDirections([["dress", "bag"], "trouser"]);
   * directions.shape; // [2, 96]
   * targets[0]!.name; // "logit of Dress minus logit of Bag"
   */
  logitDirections(
    targets: readonly LogitTarget[],
    options: LogitDirectionsOptions = {},
  ): LogitDirections {
    return logitDirections(this, targets, options);
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

  protected override exampleInput(batch: number): Tensor {
    return zeros([batch, this.config.nChannels, ...this.config.imageSize]);
  }

  // ---- pictures ----

  /**
   * Pictures as this model's checkpoint wants them: color, size, crop and scale, as timm and Pillow do it. `[B, C, rows, columns]`
   * With `{ details: true }` also each picture as the model sees it.
   * @throws PrismaError IMAGE_INVALID, IMAGE_UNSUPPORTED, IMAGE_TOO_LARGE, SOURCE_NOT_FOUND, NETWORK_FAILED, SOURCE_TRUNCATED;
   *   ARGUMENT_INVALID when the checkpoint does not say how
   * @example
   * const scene = "models/garment-scenes-vit/scenes/000.png";
   * (await model.preprocess([scene, scene])).shape; // [2, 1, 28, 56]
   * const { images: seen } = await model.preprocess(scene, { details: true });
   * seen[0]!.box; // { left: 0, top: 0, width: 56, height: 28 }
   */
  preprocess(
    images: ImageInput | readonly ImageInput[],
    options?: { readonly details?: false },
  ): Promise<Tensor>;
  preprocess(
    images: ImageInput | readonly ImageInput[],
    options: { readonly details: true },
  ): Promise<PreprocessDetails>;
  async preprocess(
    images: ImageInput | readonly ImageInput[],
    options: { readonly details?: boolean } = {},
  ): Promise<Tensor | PreprocessDetails> {
    if (this.#preprocess === null) {
      throw new PrismaError(
        "ARGUMENT_INVALID",
        "preprocess: this model does not say how its pictures are scaled; give forward a tensor",
      );
    }
    const list: readonly ImageInput[] = isList(images) ? images : [images];
    const details = await preprocessImages(list, this.#preprocess);
    return options.details === true ? details : details.input;
  }

  /**
   * Frees the weights.
   * @example
   * model.dispose();
   * model.parameters.get("head.W_H")!.disposed; // true
   */
  dispose(): void {
    for (const weight of this.parameters.values()) weight.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function isList(images: ImageInput | readonly ImageInput[]): images is readonly ImageInput[] {
  return Array.isArray(images);
}

const three = (x: Tensor): readonly [Tensor, Tensor, Tensor] => [x, x, x];

/** Per-head projection of one stream for all heads, or of each head's own copy. `[B, P, H, E]` */
function project(x: Tensor, weight: Tensor): Tensor {
  return einsum(x.shape.length === 3 ? "bpd,hde->bphe" : "bphd,hde->bphe", x, weight);
}
