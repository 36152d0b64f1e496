// The configuration of a vision transformer: the fields of ViT-Prisma that change the computation, in camelCase.
import { checkConfig } from "./check-config.ts";

/** Function between the two layers of an MLP: `gelu` is exact, `gelu_new` and `gelu_fast` are the tanh form. */
export type ActivationName = "relu" | "gelu" | "silu" | "gelu_new" | "gelu_fast" | "quick_gelu";

/**
 * What the answer is read from. `cls`: the CLS token after the final norm. `gaap`: the mean of all tokens after the
 * final norm, as in ViT-Prisma. `avg`: the mean of the patches, as in timm; see `fcNorm`. `map`: attention of one learned
 * query over all tokens after the final norm, then an MLP (SigLIP). `distilled`: the mean of a head on CLS and one on
 * the distillation token (DeiT).
 */
export type ClassificationType = "cls" | "gaap" | "avg" | "map" | "distilled";

/** Configuration of a ViT, complete. `Layers` keeps the literal, so that hook names can be checked. */
export interface ViTConfig<Layers extends number = number> {
  /** Blocks. */
  readonly nLayers: Layers;
  /** Width D of the residual stream. */
  readonly dModel: number;
  /** Width E of one head. */
  readonly dHead: number;
  /** Heads H of each block. */
  readonly nHeads: number;
  /** Width M between the two layers of an MLP. */
  readonly dMlp: number;
  /** Channels of an image. */
  readonly nChannels: number;
  /** Side of a patch in pixels. */
  readonly patchSize: number;
  /** Rows and columns of an image in pixels. What is left over after whole patches is not seen. */
  readonly imageSize: readonly [rows: number, columns: number];
  /** Classes C that the head tells apart. */
  readonly nClasses: number;
  /** Whether a learned CLS token stands before the patches. */
  readonly useClsToken: boolean;
  /** Whether a learned distillation token follows CLS (DeiT). */
  readonly useDistToken: boolean;
  /** Learned tokens R before the patches that stand for no part of the image. */
  readonly nRegisters: number;
  readonly activationName: ActivationName;
  /** Added to the variance inside the root of every layer norm. */
  readonly eps: number;
  /** `LN` with weights and biases, `LNPre` without, or no layer norm at all. */
  readonly normalizationType: "LN" | "LNPre" | null;
  /** A layer norm between the embeddings and the first block. */
  readonly layerNormPre: boolean;
  /** Blocks without MLP. */
  readonly attnOnly: boolean;
  /** MLPs with a gate: the activation of one projection times another (SwiGLU). */
  readonly gatedMlp: boolean;
  /** Divides attention scores by the root of `dHead`. */
  readonly useAttnScale: boolean;
  readonly classificationType: ClassificationType;
  /** With `avg`: the final norm comes after the mean (timm's `fc_norm`), not before. Otherwise false. */
  readonly fcNorm: boolean;
  /** `pre_logits` leaves out the head. */
  readonly returnType: "pre_logits" | "class_logits";
  /** Scales the output to length 1. */
  readonly normalizeOutput: boolean;
}

/** What {@link createConfig} must be told; the rest has defaults. `imageSize` may be one number for a square. */
export type ViTConfigInput<Layers extends number = number> = Pick<
  ViTConfig<Layers>,
  "nLayers" | "dModel"
> &
  Partial<Omit<ViTConfig<Layers>, "nLayers" | "dModel" | "imageSize">> & {
    readonly imageSize?: number | readonly [rows: number, columns: number];
  };

/**
 * A complete configuration. Defaults are ViT-Prisma's, but for `returnType`, which is `class_logits`; `dHead` is
 * `dModel / nHeads`, `dMlp` is `4 * dModel`.
 * @throws PrismaError CONFIG_INVALID naming the field, what was found and what was expected
 * @example
 * createConfig({ nLayers: 2, dModel: 64 }).dHead; // 16
 */
export function createConfig<Layers extends number>(
  input: ViTConfigInput<Layers>,
): ViTConfig<Layers> {
  const { imageSize = 224, nHeads = 4, classificationType = "cls" } = input;
  const config: ViTConfig<Layers> = {
    dHead: input.dModel / nHeads,
    dMlp: 4 * input.dModel,
    nChannels: 3,
    patchSize: 32,
    nClasses: 10,
    useClsToken: true,
    useDistToken: false,
    nRegisters: 0,
    activationName: "gelu",
    eps: 1e-6,
    normalizationType: "LN",
    layerNormPre: false,
    attnOnly: false,
    gatedMlp: false,
    useAttnScale: true,
    classificationType,
    fcNorm: classificationType === "avg",
    returnType: "class_logits",
    normalizeOutput: false,
    ...input,
    nHeads,
    imageSize: typeof imageSize === "number" ? [imageSize, imageSize] : imageSize,
  };
  checkConfig(config);
  return config;
}

/** Rows and columns of patches. */
export function gridOf({
  imageSize,
  patchSize,
}: ViTConfig): readonly [rows: number, columns: number] {
  return [Math.floor(imageSize[0] / patchSize), Math.floor(imageSize[1] / patchSize)];
}

/** Tokens before the patches: CLS, the distillation token, registers. */
export function prefixCount({ useClsToken, useDistToken, nRegisters }: ViTConfig): number {
  return Number(useClsToken) + Number(useDistToken) + nRegisters;
}

/** Tokens P of the sequence. */
export function tokenCount(config: ViTConfig): number {
  const [rows, columns] = gridOf(config);
  return prefixCount(config) + rows * columns;
}
