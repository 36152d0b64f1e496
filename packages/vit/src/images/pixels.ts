// Pictures as bytes on the host: interleaved channels, row by row, and their conversion as Pillow does it.
import { PrismaError } from "@prisma/tensor";

/** A picture of 8 bits a channel: grey (1), grey and alpha (2), RGB (3) or RGBA (4), interleaved, row by row. */
export interface Pixels {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** Opacity of each pixel, 0 to 255, where a file gives it beside the colors: for colors of a palette, or for one color. */
  readonly opacity?: Uint8Array;
  /** True for a palette or for one bit a pixel: Pillow resizes those to the nearest pixel, whatever is asked for. */
  readonly indexed?: boolean;
}

/** Pillow's ITU-R 601-2 luma in 16-bit fixed point. */
function luma(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}

/** The same picture in grey, as Pillow's `convert("L")`. Alpha is dropped. */
function toGrey({ data, width, height, channels }: Pixels): Pixels {
  const out = new Uint8Array(width * height);
  for (let i = 0; i < out.length; i++) {
    const at = i * channels;
    const first = data[at] ?? 0;
    out[i] = channels < 3 ? first : luma(first, data[at + 1] ?? 0, data[at + 2] ?? 0);
  }
  return { data: out, width, height, channels: 1 };
}

/** The same picture in RGB, as Pillow's `convert("RGB")`. Alpha is dropped. */
function toRgb({ data, width, height, channels }: Pixels): Pixels {
  const out = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) out[i * 3 + c] = data[i * channels + (channels < 3 ? 0 : c)] ?? 0;
  }
  return { data: out, width, height, channels: 3 };
}

/**
 * `image` with as many channels as a model reads: grey for one, RGB for three.
 * @throws PrismaError IMAGE_UNSUPPORTED for any other number
 */
export function toChannels(image: Pixels, channels: number): Pixels {
  if (image.channels === channels) return image;
  if (channels === 1) return toGrey(image);
  if (channels === 3) return toRgb(image);
  throw new PrismaError(
    "IMAGE_UNSUPPORTED",
    `preprocess: the model reads ${channels} channels; pictures can be turned into 1 (grey) or 3 (RGB)`,
    { channels },
  );
}
