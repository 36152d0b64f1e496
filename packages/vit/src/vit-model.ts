// What a vision transformer is besides its forward pass: facts, weights, pictures, directions of classes.
import {
  HookedModel,
  type HookName,
  type LogitDirections,
  type LogitDirectionsOptions,
  type LogitTarget,
  type Tokens,
} from "@prisma/hooks";
import { PrismaError, zeros, type Tensor } from "@prisma/tensor";
import type { ViTConfig } from "./config.ts";
import type { ImageInput } from "./images/image-input.ts";
import type { PreprocessConfig } from "./images/preprocess-config.ts";
import { logitDirections } from "./logit-directions.ts";
import { saveViT, type SavedViT } from "./save-vit.ts";
import { preprocessImages, type PreprocessDetails } from "./preprocess.ts";
import { costlyHookNames, vitHookNames } from "./vit-hook-names.ts";
import { tokensOf } from "./vit-tokens.ts";

/** What a ViT is made of. */
export interface ViTParts<Layers extends number> {
  readonly config: ViTConfig<Layers>;
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly labels: readonly string[] | null;
  readonly preprocess: PreprocessConfig | null;
  /** What was done to the weights, in order. Default nothing. */
  readonly processing?: readonly string[];
  /** Hook points in firing order, where the head is one with more of them. Default: those of `config`. */
  readonly hookNames?: readonly HookName<Layers>[];
}

/** A {@link HookedModel} with the facts and weights of a ViT. */
export abstract class ViTModel<Layers extends number = number> extends HookedModel<
  HookName<Layers>
> {
  readonly layers: Layers;
  readonly tokens: Tokens;

  /** Sizes and choices, every field filled in. */
  readonly config: ViTConfig<Layers>;
  /** Weights by name, as ViT-Prisma names them. The model owns them. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly labels: readonly string[] | null;
  protected readonly parts: ViTParts<Layers>;

  constructor(parts: ViTParts<Layers>) {
    const { config, parameters, labels } = parts;
    super(parts.hookNames ?? vitHookNames(config), costlyHookNames(config));
    this.config = config;
    this.parameters = parameters;
    this.labels = labels;
    this.layers = config.nLayers;
    this.tokens = tokensOf(config);
    this.parts = parts;
  }

  override get processing(): readonly string[] {
    return this.parts.processing ?? [];
  }

  protected override exampleInput(batch: number): Tensor {
    return zeros([batch, this.config.nChannels, ...this.config.imageSize]);
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

  /**
   * Pictures as this model's checkpoint wants them: color, size, crop and scale, to the byte as timm, transformers or
   * open_clip prepares them, whichever the checkpoint is of. EXIF orientation is not applied. `[B, C, rows, columns]`
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
    if (this.parts.preprocess === null) {
      throw new PrismaError(
        "ARGUMENT_INVALID",
        "preprocess: this model does not say how its pictures are scaled; give forward a tensor",
      );
    }
    const list: readonly ImageInput[] = isList(images) ? images : [images];
    const details = await preprocessImages(list, this.parts.preprocess);
    return options.details === true ? details : details.input;
  }

  /**
   * This model as files, which `loadViT` reads back: in a folder of theirs, or as they stand.
   * @throws PrismaError DISPOSED, OUT_OF_MEMORY, DEVICE_LOST
   * @example
   * const saved = await model.save();
   * [...saved.files.keys()]; // ["config.json", "model.safetensors"]
   * using again = await loadViT(saved);
   * again.config.nLayers; // 4
   */
  save(): Promise<SavedViT> {
    return saveViT(this.parts);
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
