// Positions of patches for another grid: bicubic with antialiasing, as timm's `resample_abs_pos_embed`.

import { RESAMPLE_FILTERS } from "./images/resample-filter.ts";

type Grid = readonly [rows: number, columns: number];

/** PyTorch antialiases with Pillow's kernel. */
const { support, at } = RESAMPLE_FILTERS.bicubic;

/** For each of `to` places, the first of `from` places that it takes from, and their shares, which sum to one. */
function shares(from: number, to: number): (readonly [first: number, shares: readonly number[]])[] {
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
    return [first, weights.map((weight) => weight / sum)] as const;
  });
}

/** `table` of `blocks` blocks of `from` rows of `width` numbers, each block resampled to `to` rows. */
function resample(
  table: Float64Array,
  [from, to]: readonly [from: number, to: number],
  width: number,
): Float64Array {
  const blocks = table.length / (from * width);
  const out = new Float64Array(blocks * to * width);
  const taken = shares(from, to);
  for (let block = 0; block < blocks; block++)
    taken.forEach(([first, weights], row) => {
      weights.forEach((weight, i) => {
        const source = (block * from + first + i) * width;
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
  { from, to, width }: { readonly from: Grid; readonly to: Grid; readonly width: number },
): Float32Array {
  const prefix = positions.length - from[0] * from[1] * width;
  const table = Float64Array.from(positions.subarray(prefix)); // [rows, columns, width]
  const wide = resample(table, [from[1], to[1]], width);
  const all = resample(wide, [from[0], to[0]], to[1] * width);
  const out = new Float32Array(prefix + all.length);
  out.set(positions.subarray(0, prefix));
  out.set(all, prefix);
  return out;
}
