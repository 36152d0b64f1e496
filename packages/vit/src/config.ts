// The configuration of a vision transformer: the fields of ViT-Prisma that change the computation, in camelCase.
import { checkConfig } from "./check-config.ts";

/** Function between the two layers of an MLP: `gelu` is exact, `gelu_new` and `gelu_fast` are the tanh form. */
export type ActivationName = "relu" | "gelu" | "silu" | "gelu_new" | "gelu_fast" | "quick_gelu";

/**
 * What the answer is read from. `cls`: the CLS token after the final norm. `gaap`: the mean of all tokens after the
 * final norm, as in ViT-Prisma. `avg`: the final norm of the mean of the patches, as in timm.
 */
export type ClassificationType = "cls" | "gaap" | "avg";

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
  /** Rows and columns of an image in pixels, multiples of `patchSize`. */
  readonly imageSize: readonly [rows: number, columns: number];
  /** Classes C that the head tells apart. */
  readonly nClasses: number;
  /** Whether a learned CLS token stands before the patches. */
  readonly useClsToken: boolean;
  readonly activationName: ActivationName;
  /** Added to the variance inside the root of every layer norm. */
  readonly eps: number;
  /** `LN` with weights and biases, `LNPre` without, or no layer norm at all. */
  readonly normalizationType: "LN" | "LNPre" | null;
  /** A layer norm between the embeddings and the first block. */
  readonly layerNormPre: boolean;
  /** Blocks without MLP. */
  readonly attnOnly: boolean;
  /** Divides attention scores by the root of `dHead`. */
  readonly useAttnScale: boolean;
  readonly classificationType: ClassificationType;
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
 */
export function createConfig<Layers extends number>(
  input: ViTConfigInput<Layers>,
): ViTConfig<Layers> {
  const { imageSize = 224, nHeads = 4 } = input;
  const config: ViTConfig<Layers> = {
    dHead: input.dModel / nHeads,
    dMlp: 4 * input.dModel,
    nChannels: 3,
    patchSize: 32,
    nClasses: 10,
    useClsToken: true,
    activationName: "gelu",
    eps: 1e-6,
    normalizationType: "LN",
    layerNormPre: false,
    attnOnly: false,
    useAttnScale: true,
    classificationType: "cls",
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
export function gridOf(config: ViTConfig): readonly [rows: number, columns: number] {
  return [config.imageSize[0] / config.patchSize, config.imageSize[1] / config.patchSize];
}

/** Tokens P of the sequence: patches, and CLS where there is one. */
export function tokenCount(config: ViTConfig): number {
  const [rows, columns] = gridOf(config);
  return rows * columns + (config.useClsToken ? 1 : 0);
}
