// A picture cut or padded around its center to the size a model reads.
import type { Pixels } from "./pixels.ts";
import { roundHalfEven } from "./round-half-even.ts";

/** Where the upper left corner of the result lies in the picture; below 0 where it is padded. */
export interface Placement {
  readonly left: number;
  readonly top: number;
}

/** How offsets between pixels are rounded: timm and torchvision's transforms go to even ones, transformers down. */
export type CropRounding = "even" | "down";

/** Offset along one side. What is missing is padded, the odd pixel at the end. */
function offsetOf(from: number, to: number, rounding: CropRounding): number {
  if (from < to) return -Math.floor((to - from) / 2);
  return rounding === "even" ? roundHalfEven((from - to) / 2) : Math.floor((from - to) / 2);
}

/** Where a crop of `[rows, columns]` lies in `image`. */
export function placementOf(
  image: Pick<Pixels, "width" | "height">,
  [rows, columns]: readonly [number, number],
  rounding: CropRounding,
): Placement {
  return {
    left: offsetOf(image.width, columns, rounding),
    top: offsetOf(image.height, rows, rounding),
  };
}

/** `image` from `placement` on, `[rows, columns]` large; what lies outside of it is `fill`, one byte a channel. */
export function cropOrPad(
  image: Pixels,
  { left, top }: Placement,
  [height, width]: readonly [number, number],
  fill: readonly number[],
): Pixels {
  const { channels } = image;
  const out = new Uint8Array(height * width * channels);
  if (fill.some((value) => value > 0)) out.forEach((_, i) => (out[i] = fill[i % channels] ?? 0));
  const [from, to] = [Math.max(0, left), Math.min(image.width, left + width)];
  for (let y = Math.max(0, top); y < Math.min(image.height, top + height); y++) {
    const row = image.data.subarray(
      (y * image.width + from) * channels,
      (y * image.width + to) * channels,
    );
    out.set(row, ((y - top) * width + from - left) * channels);
  }
  return { data: out, width, height, channels };
}
