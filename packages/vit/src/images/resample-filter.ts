// Resampling kernels, in the order of operations of Pillow's, so that they round alike.

/** Interpolations that checkpoints name and that are reproduced bit by bit. */
export type Interpolation = "nearest" | "bilinear" | "bicubic" | "lanczos";

/** A kernel and how many input pixels it reaches to each side. */
export interface ResampleFilter {
  readonly support: number;
  readonly at: (x: number) => number;
}

/** Keys' cubic kernel with a = -1/2, as Pillow's `bicubic_filter`. */
function bicubic(x: number): number {
  const a = -0.5;
  const t = Math.abs(x);
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? (((t - 5) * t + 8) * t - 4) * a : 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

/** sinc windowed by a wider sinc, as Pillow's `lanczos_filter`. */
function lanczos(x: number): number {
  return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

/** Kernels by interpolation; `nearest` has none. */
export const RESAMPLE_FILTERS: Readonly<Record<Exclude<Interpolation, "nearest">, ResampleFilter>> =
  {
    bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
    bicubic: { support: 2, at: bicubic },
    lanczos: { support: 3, at: lanczos },
  };
