// Transparency as Pillow computes with it: laid on white, or multiplied into the colors and taken out again.
import { toChannels, type Pixels } from "./pixels.ts";

/** `x` / 255, rounded, for products of two bytes; Pillow's `MULDIV255` and `SHIFTFORDIV255` after its rounding. */
function by255(x: number): number {
  return ((x >> 8) + x) >> 8;
}

/** Opacity of each pixel; null where all are opaque. */
function opacityOf({ data, width, height, channels, opacity }: Pixels): Uint8Array | null {
  if (channels === 1 || channels === 3) return opacity ?? null;
  const last = new Uint8Array(width * height);
  for (let i = 0; i < last.length; i++) last[i] = data[(i + 1) * channels - 1] ?? 0;
  return last;
}

/** `image` laid on white, in RGB, as Pillow's `alpha_composite`; unchanged where nothing is translucent. */
export function onWhite(image: Pixels): Pixels {
  const opacity = opacityOf(image);
  if (opacity === null) return image;
  const { data, width, height } = toChannels(image, 3);
  const laid = new Uint8Array(data.length);
  for (let i = 0; i < laid.length; i++) {
    const over = opacity[Math.trunc(i / 3)] ?? 0;
    const sum = (data[i] ?? 0) * over + 255 * (255 - over);
    // Seven bits of fixed point, as Pillow has left.
    laid[i] = by255((sum << 7) + (0x80 << 7)) >> 7;
  }
  return { data: laid, width, height, channels: 3 };
}

/** Every color of `image`, whose last channel is alpha, by `blend`; alpha as it is. */
function mapColors(image: Pixels, blend: (color: number, alpha: number) => number): Pixels {
  const { data, channels } = image;
  const out = data.map((value, i) => {
    const last = i - (i % channels) + channels - 1;
    return i === last ? value : blend(value, data[last] ?? 0);
  });
  return { ...image, data: out };
}

/** Colors times alpha, as Pillow's `convert("RGBa")` and `convert("La")`. */
export function premultiply(image: Pixels): Pixels {
  return mapColors(image, (color, alpha) => by255(color * alpha + 128));
}

/** The inverse of `premultiply`, rounded down. */
export function unpremultiply(image: Pixels): Pixels {
  return mapColors(image, (color, alpha) =>
    alpha === 0 || alpha === 255 ? color : Math.min(255, Math.trunc((255 * color) / alpha)),
  );
}
