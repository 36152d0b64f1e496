// Pictures to model inputs: color, size, crop and scale as a checkpoint's own configuration asks for, as its library does it.
import { cropOrPad, placementOf } from "./crop-or-pad.ts";
import { invalidImage } from "./image-error.ts";
import { readImage, type ImageInput } from "./image-input.ts";
import { assertPixels } from "./image-limits.ts";
import { toChannels, type Pixels } from "./pixels.ts";
import type { PreprocessConfig } from "./preprocess-config.ts";
import { resize } from "./resize.ts";
import { roundHalfEven } from "./round-half-even.ts";
import { onWhite, premultiply, unpremultiply } from "./transparency.ts";

/** A rectangle in pixels of a picture. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** One picture as a model sees it. */
export interface PreparedImage {
  /** Resized and cropped, before scaling: draw overlays on this. */
  readonly picture: Pixels;
  /** The part of the original that it shows, in the original's pixels; it reaches outside where the picture is padded. */
  readonly box: Box;
  /** `[C, rows, columns]`, scaled. */
  readonly values: Float32Array;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** torchvision's `Resize` to a shortest side: the longer one cut down to whole pixels. */
function shortestSide({ width, height }: Size, side: number): Size {
  if (width <= height) return { width: side, height: Math.trunc((side * height) / width) };
  return { width: Math.trunc((side * width) / height), height: side };
}

/** Size of `image` after resizing: squares are covered by torchvision's rule, anything else goes by timm's `ResizeKeepRatio`. */
function sizeAfter(image: Size, { resizeTo: [rows, columns], fit }: PreprocessConfig): Size {
  const { width, height } = image;
  if (fit === "none") return { width, height };
  if (fit === "stretch") return { width: columns, height: rows };
  if (fit === "cover" && rows === columns) return shortestSide(image, rows);
  const ratios = [height / rows, width / columns];
  const ratio = fit === "cover" ? Math.min(...ratios) : Math.max(...ratios);
  return { width: roundHalfEven(width / ratio), height: roundHalfEven(height / ratio) };
}

/** Refuses pictures that the resized size cannot hold: too large, or so thin that nothing is left. */
function assertResized({ width, height }: Size, image: Size): void {
  assertPixels("the number of pixels after resizing", width * height);
  if (width >= 1 && height >= 1) return;
  throw invalidImage(
    `${image.width} x ${image.height} pixels are so thin that resizing leaves ${width} x ${height}`,
    { width: image.width, height: image.height },
  );
}

/** `image` in the channels of `config`, resized in the order of its library. */
function resizeInColor(image: Pixels, to: Size, config: PreprocessConfig): Pixels {
  const { interpolation, library, channels } = config;
  if (library !== "open_clip") {
    const colored = toChannels(config.alpha === "white" ? onWhite(image) : image, channels);
    return resize(
      colored,
      to,
      interpolation,
      library === "transformers" ? "torchvision" : "pillow",
    );
  }
  const translucent = image.channels === 2 || image.channels === 4;
  const sameSize = to.width === image.width && to.height === image.height;
  if (image.indexed === true) return toChannels(resize(image, to, "nearest"), channels);
  if (!translucent || sameSize) return toChannels(resize(image, to, interpolation), channels);
  return toChannels(unpremultiply(resize(premultiply(image), to, interpolation)), channels);
}

/** Interleaved bytes to planes of floats, rounding as float32 arithmetic does at every step of the library. */
function scaled(
  { data, width, height, channels }: Pixels,
  { mean, std, rescale = 1 / 255, library }: PreprocessConfig,
): Float32Array {
  const plane = width * height;
  const out = new Float32Array(plane * channels);
  const white = Math.fround(1 / rescale);
  // transformers scales mean and deviation up to bytes, the others bytes down to 0 to 1.
  const fused = library === "transformers";
  const [inMean, inUnit] = fused ? [white, 1] : [1, white];
  for (let c = 0; c < channels; c++) {
    const shift = Math.fround(Math.fround(mean[c] ?? 0) * inMean);
    const scale = Math.fround(Math.fround(std[c] ?? 1) * inMean);
    for (let i = 0; i < plane; i++) {
      const unit = Math.fround((data[i * channels + c] ?? 0) / inUnit);
      out[c * plane + i] = Math.fround(unit - shift) / scale;
    }
  }
  return out;
}

/** `image` as `config` asks for. */
function prepare(image: Pixels, config: PreprocessConfig): PreparedImage {
  const [height, width] = config.size;
  const to = sizeAfter(image, config);
  assertResized(to, image);
  assertPixels("the number of pixels the model reads", width * height);
  const resized = resizeInColor(image, to, config);
  const { left, top } = placementOf(
    to,
    config.size,
    config.library === "transformers" ? "down" : "even",
  );
  const picture = cropOrPad(resized, { left, top }, config.size, config.fill ?? []);
  const [x, y] = [image.width / to.width, image.height / to.height];
  const box = { left: left * x, top: top * y, width: width * x, height: height * y };
  return { picture, box, values: scaled(picture, config) };
}

/**
 * Reads and prepares `image`.
 * @throws PrismaError IMAGE_INVALID, IMAGE_UNSUPPORTED, IMAGE_TOO_LARGE, SOURCE_NOT_FOUND, NETWORK_FAILED, SOURCE_TRUNCATED
 */
export async function prepareImage(
  image: ImageInput,
  config: PreprocessConfig,
): Promise<PreparedImage> {
  return prepare(await readImage(image), config);
}
