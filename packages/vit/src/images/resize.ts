// Image resizing exactly as Pillow does it: antialiased, in two passes of 8-bit fixed point arithmetic.
import type { Pixels } from "./pixels.ts";

/** Interpolations that checkpoints name and that are reproduced bit by bit. */
export type Interpolation = "bilinear" | "bicubic";

interface Filter {
  readonly support: number;
  readonly at: (x: number) => number;
}

/** Keys' cubic kernel with a = -1/2, in the order of operations of Pillow's `bicubic_filter`. */
function bicubic(x: number): number {
  const a = -0.5;
  const t = Math.abs(x);
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? (((t - 5) * t + 8) * t - 4) * a : 0;
}

const FILTERS: Readonly<Record<Interpolation, Filter>> = {
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, at: bicubic },
};

/** Fixed point: 32 bits less 8 of the pixel and 2 for overshoot. */
const PRECISION_BITS = 22;

/** For one output pixel: the first input pixel and the weights of it and those after it. */
interface Window {
  readonly start: number;
  readonly weights: Int32Array;
}

/** Windows of `out` pixels that cover `size` pixels; Pillow's `precompute_coeffs` and `normalize_coeffs_8bpc`. */
function windowsOf(size: number, out: number, filter: Filter): Window[] {
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
    const fixed = raw.map((weight) => {
      const scaled = (sum === 0 ? weight : weight / sum) * (1 << PRECISION_BITS);
      return Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    });
    return { start, weights: Int32Array.from(fixed) };
  });
}

/** Weighted sum over pixels `step` apart, rounded and clipped to 8 bits. */
function blend(data: Pixels["data"], from: number, step: number, weights: Int32Array): number {
  let sum = 1 << (PRECISION_BITS - 1);
  for (let x = 0; x < weights.length; x++) sum += (data[from + x * step] ?? 0) * (weights[x] ?? 0);
  return Math.min(255, Math.max(0, sum >> PRECISION_BITS));
}

function resizeColumns(image: Pixels, width: number, filter: Filter): Pixels {
  const { data, height, channels } = image;
  const out = new Uint8Array(height * width * channels);
  windowsOf(image.width, width, filter).forEach(({ start, weights }, x) => {
    for (let y = 0; y < height; y++) {
      for (let c = 0; c < channels; c++) {
        const from = (y * image.width + start) * channels + c;
        out[(y * width + x) * channels + c] = blend(data, from, channels, weights);
      }
    }
  });
  return { data: out, width, height, channels };
}

function resizeRows(image: Pixels, height: number, filter: Filter): Pixels {
  const { data, width, channels } = image;
  const row = width * channels;
  const out = new Uint8Array(height * row);
  windowsOf(image.height, height, filter).forEach(({ start, weights }, y) => {
    for (let x = 0; x < row; x++) out[y * row + x] = blend(data, start * row + x, row, weights);
  });
  return { data: out, width, height, channels };
}

/**
 * `image` at `width` by `height` pixels, the same bytes as `Image.resize` of Pillow 13, which goes down the columns first
 * where the height shrinks by more than twice what the width does (older ones never do).
 */
export function resize(
  image: Pixels,
  size: { readonly width: number; readonly height: number },
  interpolation: Interpolation,
): Pixels {
  const filter = FILTERS[interpolation];
  const across = (from: Pixels): Pixels =>
    size.width === from.width ? from : resizeColumns(from, size.width, filter);
  const down = (from: Pixels): Pixels =>
    size.height === from.height ? from : resizeRows(from, size.height, filter);
  const [shorter, narrower] = [image.height - size.height, image.width - size.width];
  const downFirst = shorter > 0 && shorter > 2 * narrower;
  return downFirst ? across(down(image)) : down(across(image));
}
