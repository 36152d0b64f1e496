// Which token is a patch of which row and column, and which stand apart (CLS, distillation token, registers).
import { VizError } from "./viz-error.ts";

/** The tokens of a vision transformer by position in its sequence; a hooked model's `tokens` is one. */
export interface TokenLayout {
  /** The CLS token, or null. */
  readonly cls: number | null;
  /** DeiT's distillation token, or null. Left out: null. */
  readonly distillation?: number | null;
  readonly registers: readonly number[];
  /** The patches, row by row. */
  readonly patches: readonly number[];
  readonly grid: readonly [rows: number, columns: number];
}

/**
 * Number of tokens.
 * @example
 * const layout = { cls: 0, registers: [], patches: [1, 2, 3, 4], grid: [2, 2] } as const;
 * tokenCount(layout); // 5
 */
export function tokenCount(layout: TokenLayout): number {
  return layout.patches.length + apartTokens(layout).length;
}

/**
 * Row and column of a token, or null when it stands apart.
 * @example
 * const layout = { cls: 0, registers: [], patches: [1, 2, 3, 4], grid: [2, 2] } as const;
 * patchPosition(layout, 3); // [1, 0]
 * patchPosition(layout, 0); // null
 */
export function patchPosition(
  layout: TokenLayout,
  token: number,
): [row: number, column: number] | null {
  const patch = layout.patches.indexOf(token);
  return patch < 0 ? null : [Math.floor(patch / layout.grid[1]), patch % layout.grid[1]];
}

/** The tokens that stand apart from the grid: CLS, the distillation token, then registers. */
export function apartTokens({ cls, distillation = null, registers }: TokenLayout): number[] {
  return [cls, distillation, ...registers].filter((token) => token !== null);
}

/**
 * A short name for a token: `CLS`, `DIST`, `R0` for the first register, `(r,c)` for a patch.
 * @example
 * const layout = { cls: 0, registers: [], patches: [1, 2, 3, 4], grid: [2, 2] } as const;
 * tokenName(layout, 0); // "CLS"
 * tokenName(layout, 3); // "(1,0)"
 */
export function tokenName(layout: TokenLayout, token: number): string {
  if (token === layout.cls) return "CLS";
  if (token === layout.distillation) return "DIST";
  const register = layout.registers.indexOf(token);
  if (register >= 0) return `R${register}`;
  const [row, column] = patchPosition(layout, token) ?? ["?", "?"];
  return `(${row},${column})`;
}

/**
 * Checks that a layout describes `count` tokens, each of them once.
 * @throws VizError VIZ_SHAPE
 */
export function checkTokenLayout(figure: string, layout: TokenLayout, count: number): void {
  const [rows, columns] = layout.grid;
  const found = new Set([...layout.patches, ...apartTokens(layout)]);
  const inRange = [...found].every(
    (token) => Number.isSafeInteger(token) && token >= 0 && token < count,
  );
  const complete = found.size === count && tokenCount(layout) === count && inRange;
  if (complete && rows * columns === layout.patches.length) return;
  throw new VizError(
    "VIZ_SHAPE",
    `${figure}: ${layout.patches.length} patches in a grid of ${rows} x ${columns} and ${apartTokens(layout).length} tokens apart do not make ${count} tokens`,
    {
      grid: [rows, columns],
      patches: layout.patches.length,
      apart: apartTokens(layout).length,
      tokens: count,
    },
  );
}
