// PNG row filters undone: each byte was stored as its difference from a guess made of its neighbours.
import { invalidImage } from "../image-error.ts";

/** Whichever of the left, upper and upper left neighbours is nearest to left + up - corner (PNG specification, 9.4). */
function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [toLeft, toUp, toCorner] = [
    Math.abs(guess - left),
    Math.abs(guess - up),
    Math.abs(guess - corner),
  ];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

const GUESSES: readonly ((left: number, up: number, corner: number) => number)[] = [
  () => 0,
  (left) => left,
  (_left, up) => up,
  (left, up) => (left + up) >> 1,
  paeth,
];

/** Undoes the filters of `rows` rows of `stride` bytes, each after its filter's number, from `offset` in `bytes`. `step`: bytes a pixel, at least 1. */
export function unfilter(
  bytes: Uint8Array,
  offset: number,
  { rows, stride, step }: { readonly rows: number; readonly stride: number; readonly step: number },
): Uint8Array {
  const out = new Uint8Array(rows * stride);
  for (let y = 0; y < rows; y++) {
    const from = offset + y * (stride + 1);
    const guess = GUESSES[bytes[from] ?? -1];
    if (guess === undefined)
      throw invalidImage(`row ${y} of the PNG has filter ${bytes[from]}, which does not exist`);
    const at = y * stride;
    for (let x = 0; x < stride; x++) {
      const left = x >= step ? (out[at + x - step] ?? 0) : 0;
      const up = y > 0 ? (out[at + x - stride] ?? 0) : 0;
      const corner = x >= step && y > 0 ? (out[at + x - stride - step] ?? 0) : 0;
      out[at + x] = (bytes[from + 1 + x] ?? 0) + guess(left, up, corner);
    }
  }
  return out;
}
