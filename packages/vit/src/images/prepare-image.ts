// Pictures to model inputs: color, size, crop and scale as a checkpoint's own configuration asks for, as timm does it.
import { readImage, type ImageInput } from "./image-input.ts";
import { assertPixels } from "./image-limits.ts";
import { crop, toChannels, type Pixels } from "./pixels.ts";
import { resize, type Interpolation } from "./resize.ts";

/** How a checkpoint wants its pictures. */
export interface PreprocessConfig {
  /** 1 for grey, 3 for RGB. */
  readonly channels: number;
  /** Rows and columns the model reads. */
  readonly size: readonly [rows: number, columns: number];
  /** Rows and columns that the picture is resized to, or at least to, before the crop. */
  readonly resizeTo: readonly [rows: number, columns: number];
  /** `cover`: keep the aspect ratio and cover `resizeTo`; `stretch`: take exactly that size. */
  readonly fit: "cover" | "stretch";
  readonly interpolation: Interpolation;
  /** Per channel, taken from values of 0 to 1. */
  readonly mean: readonly number[];
  /** Per channel, divided by after the mean is taken off. */
  readonly std: readonly number[];
}

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
  /** The part of the original that it shows, in the original's pixels. */
  readonly box: Box;
  /** `[C, rows, columns]`, scaled. */
  readonly values: Float32Array;
}

/** Python's `round`: halves go to the even neighbour. */
function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * Size at which `image` covers `[rows, columns]`. A square goes by torchvision's `Resize` (the longer side cut down to
 * whole pixels), anything else by timm's `ResizeKeepRatio` (both sides rounded): they differ by a pixel.
 */
function coverSize(
  image: Pixels,
  [rows, columns]: readonly [number, number],
): { width: number; height: number } {
  const { width, height } = image;
  if (rows === columns) {
    if (width <= height) return { width: columns, height: Math.trunc((columns * height) / width) };
    return { width: Math.trunc((rows * width) / height), height: rows };
  }
  const ratio = Math.min(height / rows, width / columns);
  return { width: roundHalfEven(width / ratio), height: roundHalfEven(height / ratio) };
}

/** Interleaved bytes to planes of floats, rounding as float32 arithmetic does at every step. */
function scaled(
  { data, width, height, channels }: Pixels,
  { mean, std }: PreprocessConfig,
): Float32Array {
  const plane = width * height;
  const out = new Float32Array(plane * channels);
  for (let c = 0; c < channels; c++) {
    const [shift, scale] = [Math.fround(mean[c] ?? 0), Math.fround(std[c] ?? 1)];
    for (let i = 0; i < plane; i++) {
      const unit = Math.fround((data[i * channels + c] ?? 0) / 255);
      out[c * plane + i] = Math.fround(unit - shift) / scale;
    }
  }
  return out;
}

/** `image` as `config` asks for. */
function prepare(image: Pixels, config: PreprocessConfig): PreparedImage {
  const [height, width] = config.size;
  const colored = toChannels(image, config.channels);
  const to =
    config.fit === "stretch"
      ? { width: config.resizeTo[1], height: config.resizeTo[0] }
      : coverSize(image, config.resizeTo);
  assertPixels("the number of pixels after resizing", to.width * to.height);
  const resized = resize(colored, to, config.interpolation);
  const left = roundHalfEven((to.width - width) / 2);
  const top = roundHalfEven((to.height - height) / 2);
  const picture = crop(resized, { left, top, width, height });
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
