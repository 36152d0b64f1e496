// Parts of an attention pattern [layers, heads, tokens, tokens], and sums over parts of the picture.
import { patchPosition, tokenCount } from "@prisma/viz";
import type { HeadIndex, TokenLayout } from "@prisma/viz";
import type { ModelFacts } from "./engine.ts";

/** One head's pattern `[tokens, tokens]`. */
export function headPattern(
  pattern: Float32Array,
  { tokens, heads }: ModelFacts,
  { layer, head }: HeadIndex,
): Float32Array {
  const size = tokenCount(tokens) ** 2;
  const at = (layer * heads + head) * size;
  return pattern.subarray(at, at + size);
}

/** One query's attention `[tokens]` in a head's pattern; sums to one. */
export function attentionRow(
  pattern: Float32Array,
  tokens: TokenLayout,
  query: number,
): Float32Array {
  const count = tokenCount(tokens);
  return pattern.subarray(query * count, (query + 1) * count);
}

/** A row summed over the left half of the patch grid, the right half, and the tokens apart from it. */
export function sumByHalf(
  row: Float32Array,
  tokens: TokenLayout,
): [left: number, right: number, apart: number] {
  const sums: [number, number, number] = [0, 0, 0];
  row.forEach((weight, key) => {
    const position = patchPosition(tokens, key);
    sums[position === null ? 2 : position[1] * 2 < tokens.grid[1] ? 0 : 1] += weight;
  });
  return sums;
}

/** Of `keys` those with a row's largest weights, largest first. */
export function strongestKeys(row: Float32Array, keys: Iterable<number>, count: number): number[] {
  const weight = (key: number): number => row[key] ?? 0;
  return Array.from(keys)
    .sort((a, b) => weight(b) - weight(a))
    .slice(0, count);
}
