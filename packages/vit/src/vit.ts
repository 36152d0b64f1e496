// The vision transformer: images in, logits out, a hook on every activation. Reads top to bottom.
// Shapes: B images, N patches, P tokens, D model, C classes.
import type { HookName, Pass, ResolvedRange } from "@prisma/hooks";
import { concat, einsum, PrismaError, stack, type Tensor } from "@prisma/tensor";
import { attentionPool } from "./attention-pool.ts";
import { checkImages, checkResidual } from "./check-input.ts";
import { gridOf, tokenCount } from "./config.ts";
import { timmInitialization } from "./initialize.ts";
import { layerNorm } from "./layer-norm.ts";
import type { ProcessingName } from "./process/model-weights.ts";
import { processWeights } from "./process/process-weights.ts";
import { randomParameters } from "./random-parameters.ts";
import { transformerBlock, type BlockParts } from "./transformer-block.ts";
import { ViTModel } from "./vit-model.ts";

/** A ViT of `Layers` blocks, as ViT-Prisma computes it. Made by `createViT` and `loadViT`. */
export class ViT<Layers extends number = number> extends ViTModel<Layers> {
  protected override build(input: Tensor, pass: Pass<HookName>, range: ResolvedRange): Tensor {
    const weight = (name: string): Tensor => this.#weight(name);
    const parts: BlockParts = { config: this.config, weight, pass };
    let residual = range.embed ? this.#embed(input, parts) : checkResidual(input, this.config); // [B, P, D]
    for (let layer = range.start; layer < range.stop; layer++) {
      residual = transformerBlock(residual, layer, parts);
    }
    return range.head ? this.#head(residual, parts) : residual; // [B, C]
  }

  // ---- embeddings ----

  #embed(images: Tensor, parts: BlockParts): Tensor {
    const { patchSize, nChannels, dModel, imageSize } = this.config;
    const { pass } = parts;
    const [rows, columns] = gridOf(this.config);
    const batch = checkImages(images, this.config);
    const [height, width] = [rows * patchSize, columns * patchSize];
    const whole = height === imageSize[0] && width === imageSize[1];
    const seen = whole ? images : images.get([null, null, [0, height], [0, width]]);
    const pixels = seen.reshape([batch, nChannels, rows, patchSize, columns, patchSize]); // [B, ch, rows, p, columns, p]
    const patches = einsum("bcrisj,dcij->brsd", pixels, this.#weight("embed.proj.weight")) // [B, rows, columns, D]
      .reshape([batch, rows * columns, dModel]) // [B, N, D]
      .add(this.#weight("embed.proj.bias"));
    const tokens = this.#prepend(pass.at("hook_embed", patches), batch, pass); // [B, P, D]
    const positions = this.#weight("pos_embed.W_pos").expand([
      batch,
      tokenCount(this.config),
      dModel,
    ]); // [B, P, D]
    const full = tokens.add(pass.at("hook_pos_embed", positions));
    const embedded = pass.at("hook_full_embed", full);
    if (!this.config.layerNormPre) return embedded;
    return pass.at("hook_ln_pre", layerNorm("ln_pre", embedded, parts));
  }

  /** Learned tokens before the patches: CLS, the distillation token, registers. */
  #prepend(patches: Tensor, batch: number, pass: Pass<HookName>): Tensor {
    const { useClsToken, useDistToken, nRegisters, dModel } = this.config;
    const learned = (name: string, count: number): Tensor =>
      this.#weight(name).expand([batch, count, dModel]); // [B, count, D]
    const prefix = [
      ...(useClsToken ? [pass.at("hook_cls_embed", learned("cls_token", 1))] : []),
      ...(useDistToken ? [pass.at("hook_dist_embed", learned("dist_token", 1))] : []),
      ...(nRegisters > 0 ? [pass.at("hook_reg_embed", learned("reg_token", nRegisters))] : []),
    ];
    return prefix.length === 0 ? patches : concat([...prefix, patches], 1); // [B, P, D]
  }

  // ---- read-out ----

  #head(residual: Tensor, parts: BlockParts): Tensor {
    return this.answer(this.#pool(residual, parts), parts); // [B, C]
  }

  /** The output, from what the head reads: `[B, D]`, or of two tokens with a head each `[B, 2, D]`. */
  protected answer(read: Tensor, parts: BlockParts): Tensor {
    const logits =
      this.config.classificationType === "distilled" ? this.#bothHeads(read) : this.#logits(read);
    const output = parts.pass.at("hook_post_head_pre_normalize", logits);
    if (!this.config.normalizeOutput) return output;
    const length = output.mul(output).sum(-1, { keepDims: true }).sqrt(); // [B, 1]
    return output.div(length.maximum(1e-12));
  }

  #logits(x: Tensor): Tensor {
    if (this.config.returnType === "pre_logits") return x;
    return einsum("bd,dc->bc", x, this.#weight("head.W_H")).add(this.#weight("head.b_H"));
  }

  /** The mean of what the head says of CLS and the other head of the distillation token. */
  #bothHeads(x: Tensor): Tensor {
    if (this.config.returnType === "pre_logits") return x.mean(1);
    const heads = (part: string): [Tensor, Tensor] => [
      this.#weight(`head.${part}`),
      this.#weight(`head_dist.${part}`),
    ];
    const [bias, other] = heads("b_H");
    // One sum over tokens and features: a gradient then passes one slice, not a sum of two.
    return einsum("btd,tdc->bc", x, stack(heads("W_H")))
      .add(bias)
      .add(other)
      .div(2); // [B, C]
  }

  /** What the head reads `[B, D]`; with distillation both tokens, which stand side by side, `[B, 2, D]`. */
  #pool(residual: Tensor, parts: BlockParts): Tensor {
    const { cls, patches, readout } = this.tokens;
    const normalize = (x: Tensor): Tensor =>
      parts.pass.at("hook_ln_final", layerNorm("ln_final", x, parts));
    const first = patches[0] ?? 0;
    const patchMean = (x: Tensor): Tensor => x.get([null, [first, first + patches.length]]).mean(1); // [B, D]
    if (this.config.fcNorm) return normalize(patchMean(residual));
    const normalized = normalize(residual); // [B, P, D]
    const from = cls ?? 0;
    switch (readout) {
      case "patches":
        return patchMean(normalized);
      case "all":
        return normalized.mean(1);
      case "map":
        return attentionPool(normalized, parts);
      case "distilled":
        return normalized.get([null, [from, from + 2]]);
      default:
        return normalized.get([null, from]);
    }
  }

  // ---- parts ----

  #weight(name: string): Tensor {
    const weight = this.parameters.get(name);
    if (weight === undefined)
      throw new PrismaError("INTERNAL", `the model has no parameter ${name}`);
    return weight;
  }

  // ---- twins ----

  /**
   * A model that computes the same from weights that are easier to read; nothing is shared, and whoever asked disposes it.
   * `true` stands for `foldLayerNorm`, `centerWritingWeights` and `foldValueBiases`, which leave the output as it is;
   * `centerHead` keeps probabilities and differences of logits, `refactorAttention` sorts the axes of heads. What changes inside is said at each. `processing` names
   * what was done, and the weights have another hash, so that caches of both are never mixed.
   * @throws PrismaError ARGUMENT_INVALID for what is no processing, was done before, or would change what this model
   *   computes, with the reason; OUT_OF_MEMORY
   * @example
   * using folded = await model.process(["foldLayerNorm"]);
   * folded.processing; // ["foldLayerNorm"]
   * const change = folded.forward(images).sub(model.forward(images)).abs().max();
   * (await change.item()) < 1e-4; // true
   */
  async process(steps: true | readonly ProcessingName[]): Promise<ViT<Layers>> {
    const { config, parameters, processing } = this;
    const processed = await processWeights({ config, parameters, processing }, steps);
    return new ViT({ ...this.parts, ...processed });
  }

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
