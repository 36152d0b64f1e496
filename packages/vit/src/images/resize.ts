// Image resizing exactly as Pillow and torchvision do it: antialiased, in two passes of 8-bit fixed point arithmetic.
import type { Pixels } from "./pixels.ts";
import { RESAMPLE_FILTERS, type Interpolation, type ResampleFilter } from "./resample-filter.ts";

/** Whose arithmetic: `pillow` is `Image.resize` of Pillow 13, `torchvision` is `resize` of tensors of bytes with antialiasing. */
export type Resampler = "pillow" | "torchvision";

/** For one output pixel: the first input pixel and the weights of it and those after it. */
interface Window {
  readonly start: number;
  readonly weights: readonly number[];
}

/** Windows of a pass, their weights in fixed point of `bits` bits. */
interface Pass {
  readonly bits: number;
  readonly windows: readonly Window[];
}

/** Windows of `out` pixels that cover `size` pixels, their weights adding up to 1; Pillow's `precompute_coeffs`. */
function windowsOf(size: number, out: number, filter: ResampleFilter): Window[] {
  const scale = size / out;
  const spread = Math.max(scale, 1);
  const support = filter.support * spread;
  return Array.from({ length: out }, (_, i) => {
    const center = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(size, Math.trunc(center + support + 0.5));
    const raw = Array.from({ length: end - start }, (_, x) =>
      filter.at((x + start - center + 0.5) * (1 / spread)),
    );
    const sum = raw.reduce((total, weight) => total + weight, 0);
    return { start, weights: raw.map((weight) => (sum === 0 ? weight : weight / sum)) };
  });
}

/** Pillow: 32 bits less 8 of the pixel and 2 for overshoot. torchvision: as many as the largest weight leaves in 16 bits. */
function bitsOf(windows: readonly Window[], resampler: Resampler): number {
  if (resampler === "pillow") return 22;
  const largest = windows.reduce((most, { weights }) => Math.max(most, ...weights), 0);
  let bits = 0;
  while (bits < 22 && Math.trunc(0.5 + largest * 2 ** (bits + 1)) < 1 << 15) bits++;
  return bits;
}

function passOf(size: number, out: number, filter: ResampleFilter, resampler: Resampler): Pass {
  const windows = windowsOf(size, out, filter);
  const bits = bitsOf(windows, resampler);
  const fixed = (weight: number): number =>
    Math.trunc(weight * (1 << bits) + (weight < 0 ? -0.5 : 0.5));
  return {
    bits,
    windows: windows.map(({ start, weights }) => ({ start, weights: weights.map(fixed) })),
  };
}

/** Weighted sum over pixels `step` apart from `from` on, rounded and clipped to 8 bits. */
function blend(
  data: Pixels["data"],
  from: number,
  step: number,
  weights: readonly number[],
  bits: number,
): number {
  let sum = 1 << (bits - 1);
  for (let x = 0; x < weights.length; x++) sum += (data[from + x * step] ?? 0) * (weights[x] ?? 0);
  return Math.min(255, Math.max(0, sum >> bits));
}

function resizeColumns(image: Pixels, width: number, { windows, bits }: Pass): Pixels {
  const { data, height, channels } = image;
  const out = new Uint8Array(height * width * channels);
  windows.forEach(({ start, weights }, x) => {
    for (let y = 0; y < height; y++) {
      for (let c = 0; c < channels; c++) {
        const from = (y * image.width + start) * channels + c;
        out[(y * width + x) * channels + c] = blend(data, from, channels, weights, bits);
      }
    }
  });
  return { data: out, width, height, channels };
}

function resizeRows(image: Pixels, height: number, { windows, bits }: Pass): Pixels {
  const { data, width, channels } = image;
  const row = width * channels;
  const out = new Uint8Array(height * row);
  windows.forEach(({ start, weights }, y) => {
    for (let x = 0; x < row; x++)
      out[y * row + x] = blend(data, start * row + x, row, weights, bits);
  });
  return { data: out, width, height, channels };
}

/** Input pixel of each output pixel, added up step by step as Pillow does. */
function nearestOf(size: number, out: number): number[] {
  const step = size / out;
  let at = step / 2;
  return Array.from({ length: out }, () => {
    const found = Math.min(size - 1, Math.floor(at));
    at += step;
    return found;
  });
}

/** `image` at `width` by `height` pixels, each the nearest of the input. */
function resizeNearest(image: Pixels, size: { width: number; height: number }): Pixels {
  const { channels } = image;
  const out = new Uint8Array(size.width * size.height * channels);
  const columns = nearestOf(image.width, size.width);
  nearestOf(image.height, size.height).forEach((row, y) => {
    columns.forEach((column, x) => {
      const from = (row * image.width + column) * channels;
      out.set(image.data.subarray(from, from + channels), (y * size.width + x) * channels);
    });
  });
  return { data: out, ...size, channels };
}

/**
 * `image` at `width` by `height` pixels, the same bytes as `resampler` gives. Pillow 13 goes down the columns first where the
 * height shrinks by more than twice what the width does (older ones and torchvision never do).
 */
export function resize(
  image: Pixels,
  size: { readonly width: number; readonly height: number },
  interpolation: Interpolation,
  resampler: Resampler = "pillow",
): Pixels {
  if (size.width === image.width && size.height === image.height) return image;
  if (interpolation === "nearest") return resizeNearest(image, size);
  const filter = RESAMPLE_FILTERS[interpolation];
  const pass = (from: number, to: number): Pass => passOf(from, to, filter, resampler);
  const across = (from: Pixels): Pixels =>
    size.width === from.width
      ? from
      : resizeColumns(from, size.width, pass(from.width, size.width));
  const down = (from: Pixels): Pixels =>
    size.height === from.height
      ? from
      : resizeRows(from, size.height, pass(from.height, size.height));
  const [shorter, narrower] = [image.height - size.height, image.width - size.width];
  const downFirst = resampler === "pillow" && shorter > 0 && shorter > 2 * narrower;
  return downFirst ? across(down(image)) : down(across(image));
}
