// Which token is a patch of which row and column, and which stand apart (CLS, registers).
import { VizError } from "./viz-error.ts";

/**
 * The tokens of a vision transformer: `grid` patches in rows and columns, row by row from token
 * `firstPatch` on. All other tokens stand apart: `cls` if there is one, the rest are registers.
 */
export interface TokenLayout {
  readonly grid: readonly [rows: number, columns: number];
  readonly firstPatch: number;
  readonly cls: number | null;
}

/** Number of patches, rows times columns. */
export function patchCount(layout: TokenLayout): number {
  return layout.grid[0] * layout.grid[1];
}

/** Row and column of a token, or null when it stands apart. */
export function patchPosition(
  layout: TokenLayout,
  token: number,
): [row: number, column: number] | null {
  const patch = token - layout.firstPatch;
  if (patch < 0 || patch >= patchCount(layout)) return null;
  return [Math.floor(patch / layout.grid[1]), patch % layout.grid[1]];
}

/** The tokens that stand apart from the grid, in token order, of `count` tokens in all. */
export function apartTokens(layout: TokenLayout, count: number): number[] {
  return Array.from({ length: count }, (_, token) => token).filter(
    (token) => patchPosition(layout, token) === null,
  );
}

/** A short name for a token: `CLS`, `R0` for the first register, `(r,c)` for a patch. */
export function tokenName(layout: TokenLayout, token: number): string {
  const position = patchPosition(layout, token);
  if (position !== null) return `(${position[0]},${position[1]})`;
  if (token === layout.cls) return "CLS";
  const registers = apartTokens(layout, token + 1).filter((other) => other !== layout.cls);
  return `R${registers.length - 1}`;
}

/**
 * Checks that a layout describes `count` tokens.
 * @throws VizError VIZ_SHAPE when sizes are not whole or do not fit, VIZ_INDEX for a CLS that is not there.
 */
export function checkTokenLayout(figure: string, layout: TokenLayout, count: number): void {
  const [rows, columns] = layout.grid;
  const whole = [rows, columns, layout.firstPatch].every(Number.isSafeInteger);
  const fits = layout.firstPatch >= 0 && layout.firstPatch + rows * columns <= count;
  if (!whole || rows < 1 || columns < 1 || !fits) {
    throw new VizError(
      "VIZ_SHAPE",
      `${figure}: a grid of ${rows} x ${columns} patches from token ${layout.firstPatch} on does not fit ${count} tokens`,
      { grid: [rows, columns], firstPatch: layout.firstPatch, tokens: count },
    );
  }
  if (layout.cls === null) return;
  const isApart = patchPosition(layout, layout.cls) === null;
  if (!Number.isSafeInteger(layout.cls) || layout.cls < 0 || layout.cls >= count || !isApart) {
    throw new VizError(
      "VIZ_INDEX",
      `${figure}: token ${layout.cls} cannot be CLS among ${count} tokens`,
      {
        cls: layout.cls,
        tokens: count,
      },
    );
  }
}
