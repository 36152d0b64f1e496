// Sums of a head's attention over parts of the picture.
import type { HeadIndex } from "@prisma/viz";
import type { ModelFacts } from "./engine.ts";

/**
 * One query's attention summed over the left half of the patch grid, the right half, and the tokens
 * apart from it (CLS); the three sum to one. `pattern`: `[layers, heads, tokens, tokens]`.
 */
export function sumByHalf(
  pattern: ArrayLike<number>,
  { tokens, tokenCount, heads }: ModelFacts,
  { layer, head }: HeadIndex,
  query: number,
): [left: number, right: number, apart: number] {
  const [rows, columns] = tokens.grid;
  const offset = ((layer * heads + head) * tokenCount + query) * tokenCount;
  const sums: [number, number, number] = [0, 0, 0];
  for (let key = 0; key < tokenCount; key++) {
    const patch = key - tokens.firstPatch;
    const inGrid = patch >= 0 && patch < rows * columns;
    const part = inGrid ? ((patch % columns) * 2 < columns ? 0 : 1) : 2;
    sums[part] += pattern[offset + key] ?? 0;
  }
  return sums;
}
