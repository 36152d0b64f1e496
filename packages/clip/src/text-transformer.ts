// The text tower: ids in, projected embeddings out, a hook on every activation. Reads top to bottom.
// Shapes: B texts, T tokens, D model, V vocabulary, C embedding.
import {
  HookedModel,
  type HookName,
  type Pass,
  type ResolvedRange,
  type Tokens,
} from "@prisma/hooks";
import { einsum, formatShape, full, PrismaError, zeros, type Tensor } from "@prisma/tensor";
import { layerNorm, transformerBlock, type BlockParts } from "@prisma/vit";
import type { TextConfig } from "./text-config.ts";
import { costlyTextHooks, textHookNames } from "./text-parts.ts";

/** What a text tower is made of. */
export interface TextParts<Layers extends number> {
  readonly config: TextConfig<Layers>;
  readonly parameters: ReadonlyMap<string, Tensor>;
}

/**
 * The text tower of CLIP or SigLIP. `forward` takes ids `[B, T]`, T at most the context length, and gives embeddings
 * `[B, C]` as they are projected, not scaled to length 1. Made by `loadClip`.
 */
export class TextTransformer<Layers extends number = number> extends HookedModel<HookName<Layers>> {
  readonly layers: Layers;
  /** Sizes and choices, every field filled in. */
  readonly config: TextConfig<Layers>;
  /** Weights by name. The model owns them. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** Every position holds a part of the text; `eot` reads it where the configuration says. */
  readonly tokens: Tokens;
  readonly labels = null;

  constructor({ config, parameters }: TextParts<Layers>) {
    super(textHookNames(config), costlyTextHooks(config));
    this.config = config;
    this.parameters = parameters;
    this.layers = config.nLayers;
    const patches = Array.from({ length: config.contextLength }, (_, position) => position);
    this.tokens = {
      cls: null,
      registers: [],
      patches,
      grid: [1, config.contextLength],
      readout: "eot",
    };
  }

  protected override exampleInput(batch: number): Tensor {
    return zeros([batch, this.config.contextLength], { dtype: "i32" });
  }

  protected override build(input: Tensor, pass: Pass<HookName>, range: ResolvedRange): Tensor {
    const length = range.embed ? this.#checkIds(input) : this.#checkResidual(input, range);
    const parts: BlockParts = {
      config: this.config,
      weight: (name) => this.#weight(name),
      pass,
      ...(this.config.causal ? { mask: full([length, length], -Infinity).triu(1) } : {}), // [T, T]
    };
    let residual = range.embed ? this.#embed(input, pass) : input; // [B, T, D]
    for (let layer = range.start; layer < range.stop; layer++) {
      residual = transformerBlock(residual, layer, parts);
    }
    return range.head ? this.#head(residual, input, parts) : residual; // [B, C]
  }

  #embed(ids: Tensor, pass: Pass<HookName>): Tensor {
    const [batch = 0, length = 0] = ids.shape;
    const tokens = pass.at("hook_embed", this.#weight("token_embed.weight").take(ids, 0)); // [B, T, D]
    const positions = this.#weight("pos_embed.W_pos")
      .get([[0, length]])
      .expand([batch, length, this.config.dModel]); // [B, T, D]
    return pass.at("hook_full_embed", tokens.add(pass.at("hook_pos_embed", positions)));
  }

  #head(residual: Tensor, input: Tensor, parts: BlockParts): Tensor {
    const normalized = parts.pass.at("hook_ln_final", layerNorm("ln_final", residual, parts)); // [B, T, D]
    const read = this.#pool(normalized, input); // [B, D]
    const projected = einsum("bd,dc->bc", read, this.#weight("head.W_H")).add(
      this.#weight("head.b_H"),
    );
    return parts.pass.at("hook_post_head_pre_normalize", projected); // [B, C]
  }

  /** The token that the text is read from. `[B, D]` */
  #pool(normalized: Tensor, ids: Tensor): Tensor {
    const { pooling, eotId } = this.config;
    if (pooling === "last") return normalized.get([null, -1]);
    const [batch = 0, , width = 0] = normalized.shape;
    const ends = pooling === "argmax" ? ids.argmax(-1) : ids.equal(eotId).cast("i32").argmax(-1); // [B]
    const index = ends.reshape([batch, 1, 1]).expand([batch, 1, width]);
    return normalized.gather(1, index).squeeze(1);
  }

  /** @throws PrismaError DTYPE_MISMATCH, SHAPE_MISMATCH */
  #checkIds(ids: Tensor): number {
    const { contextLength } = this.config;
    if (ids.dtype !== "i32" && ids.dtype !== "u32")
      throw new PrismaError("DTYPE_MISMATCH", `forward: ids are i32; the input is ${ids.dtype}`);
    const [, length = 0] = ids.shape;
    if (ids.shape.length === 2 && length >= 1 && length <= contextLength) return length;
    throw new PrismaError(
      "SHAPE_MISMATCH",
      `forward: ids are [B,T] with T of 1 to ${contextLength}; the input is ${formatShape(ids.shape)}`,
      { found: [...ids.shape], contextLength },
    );
  }

  /** @throws PrismaError SHAPE_MISMATCH; ARGUMENT_INVALID when the end of the text would have to be known */
  #checkResidual(residual: Tensor, range: ResolvedRange): number {
    const { contextLength, dModel, pooling } = this.config;
    if (range.head && pooling !== "last")
      throw new PrismaError(
        "ARGUMENT_INVALID",
        `forward: with startAtLayer nobody knows where the text ends. Give ids, and put the stream in by a hook on blocks.${range.start}.hook_resid_pre`,
      );
    const [, length = 0, width = 0] = residual.shape;
    const fits =
      residual.shape.length === 3 && width === dModel && length >= 1 && length <= contextLength;
    if (fits) return length;
    throw new PrismaError(
      "SHAPE_MISMATCH",
      `forward: with startAtLayer the input is the residual stream [B,T,${dModel}] with T of 1 to ${contextLength}, not ${formatShape(residual.shape)}`,
    );
  }

  #weight(name: string): Tensor {
    const weight = this.parameters.get(name);
    if (weight === undefined)
      throw new PrismaError("INTERNAL", `the model has no parameter ${name}`);
    return weight;
  }

  /**
   * Frees the weights.
   * @example
   * clip.text.dispose();
   * clip.text.parameters.get("head.W_H")!.disposed; // true
   */
  dispose(): void {
    for (const weight of this.parameters.values()) weight.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
