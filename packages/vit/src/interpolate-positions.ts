// Positions of patches for another grid: bicubic, with antialiasing as timm's `resample_abs_pos_embed`, or without.

import { RESAMPLE_FILTERS } from "./images/resample-filter.ts";

type Grid = readonly [rows: number, columns: number];

/** PyTorch's two ways, of which the plain one takes four places however far apart they come to lie. */
export type PositionInterpolation = "bicubic" | "bicubic, antialiased";

/** For each of `to` places: places of `from` that it takes from, and their shares, which sum to one. */
type Shares = readonly (readonly [places: readonly number[], shares: readonly number[]])[];

/** PyTorch antialiases with Pillow's kernel. */
const { support, at } = RESAMPLE_FILTERS.bicubic;

function antialiased(from: number, to: number): Shares {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  return Array.from({ length: to }, (_, place) => {
    const center = scale * (place + 0.5);
    const first = Math.max(Math.trunc(center - support * stretch + 0.5), 0);
    const last = Math.min(Math.trunc(center + support * stretch + 0.5), from);
    const weights = Array.from({ length: last - first }, (__, i) =>
      at((first + i - center + 0.5) / stretch),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const places = weights.map((_weight, i) => first + i);
    return [places, weights.map((weight) => weight / sum)] as const;
  });
}

/** The cubic that PyTorch interpolates with where it does not antialias; Pillow's has -0.5. */
const SLOPE = -0.75;

/** Share of a place at `distance`, from 0 to 2. */
function cubic(distance: number): number {
  const x = distance;
  return x <= 1
    ? ((SLOPE + 2) * x - (SLOPE + 3)) * x * x + 1
    : ((SLOPE * x - 5 * SLOPE) * x + 8 * SLOPE) * x - 4 * SLOPE;
}

function plain(from: number, to: number): Shares {
  return Array.from({ length: to }, (_, place) => {
    const center = (from / to) * (place + 0.5) - 0.5;
    const around = [-1, 0, 1, 2].map((step) => Math.floor(center) + step);
    const places = around.map((one) => Math.min(Math.max(one, 0), from - 1));
    return [places, around.map((one) => cubic(Math.abs(center - one)))] as const;
  });
}

/** `table` of `blocks` blocks of `from` rows of `width` numbers, each block resampled to the rows of `taken`. */
function resample(
  table: Float64Array,
  from: number,
  { taken, width }: { readonly taken: Shares; readonly width: number },
): Float64Array {
  const to = taken.length;
  const blocks = table.length / (from * width);
  const out = new Float64Array(blocks * to * width);
  for (let block = 0; block < blocks; block++)
    taken.forEach(([places, weights], row) => {
      weights.forEach((weight, i) => {
        const source = (block * from + (places[i] ?? 0)) * width;
        const target = (block * to + row) * width;
        for (let d = 0; d < width; d++)
          out[target + d] = (out[target + d] ?? 0) + weight * (table[source + d] ?? 0);
      });
    });
  return out;
}

/**
 * Positions `[P, width]` of a model with a grid `from`, for one with a grid `to`: tokens before the patches keep theirs,
 * those of the patches are interpolated, in float64.
 */
export function interpolatePositions(
  positions: Float32Array,
  {
    from,
    to,
    width,
    how,
  }: {
    readonly from: Grid;
    readonly to: Grid;
    readonly width: number;
    readonly how: PositionInterpolation;
  },
): Float32Array {
  const shares = how === "bicubic" ? plain : antialiased;
  const prefix = positions.length - from[0] * from[1] * width;
  const table = Float64Array.from(positions.subarray(prefix)); // [rows, columns, width]
  const wide = resample(table, from[1], { taken: shares(from[1], to[1]), width });
  const all = resample(wide, from[0], { taken: shares(from[0], to[0]), width: to[1] * width });
  const out = new Float32Array(prefix + all.length);
  out.set(positions.subarray(0, prefix));
  out.set(all, prefix);
  return out;
}
