// A small attention pattern by formula: nine tokens, each looking more sharply the higher the head.
import type { TokenLayout } from "../../src/index.ts";

/** CLS and two by four patches. */
export const tokens: TokenLayout = {
  cls: 0,
  registers: [],
  patches: [1, 2, 3, 4, 5, 6, 7, 8],
  grid: [2, 4],
};

/** One head's pattern `[9, 9]`, row by row; every row sums to one. */
export function headPattern(head: number): number[] {
  return Array.from({ length: 9 }, (_, query) => {
    const powers = Array.from({ length: 9 }, (_, key) =>
      Math.exp(-head * Math.abs(((query * 2 + head) % 9) - key)),
    );
    const sum = powers.reduce((total, power) => total + power, 0);
    return powers.map((power) => power / sum);
  }).flat();
}
