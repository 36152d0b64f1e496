// Pictures to one input tensor, and what the model saw of each.
import { tensor, type Tensor } from "@prisma/tensor";
import type { ImageInput } from "./images/image-input.ts";
import { prepareImage, type Box } from "./images/prepare-image.ts";
import type { PreprocessConfig } from "./images/preprocess-config.ts";
import type { Pixels } from "./images/pixels.ts";

/** One picture as the model saw it: draw overlays on this. */
export interface SeenImage {
  /** Resized and cropped, 8 bits a channel. */
  readonly picture: Pixels;
  /** The part of the original that it shows, in the original's pixels. */
  readonly box: Box;
}

/** The input, and each picture as the model saw it. */
export interface PreprocessDetails {
  /** `[B, C, rows, columns]` */
  readonly input: Tensor;
  readonly images: readonly SeenImage[];
}

/**
 * `images` as `config` asks for.
 * @throws PrismaError IMAGE_INVALID, IMAGE_UNSUPPORTED, IMAGE_TOO_LARGE, SOURCE_NOT_FOUND, NETWORK_FAILED, SOURCE_TRUNCATED
 */
export async function preprocessImages(
  images: readonly ImageInput[],
  config: PreprocessConfig,
): Promise<PreprocessDetails> {
  const prepared = [];
  for (const image of images) prepared.push(await prepareImage(image, config));
  const size = config.channels * config.size[0] * config.size[1];
  const values = new Float32Array(images.length * size);
  prepared.forEach((one, i) => values.set(one.values, i * size));
  return {
    input: tensor(values, { shape: [images.length, config.channels, ...config.size] }),
    images: prepared.map(({ picture, box }) => ({ picture, box })),
  };
}
