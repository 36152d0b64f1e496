// Positions of edits, as places on an axis of an activation.
import type { Tokens } from "@prisma/hooks";
import { PrismaError } from "@prisma/tensor";
import type { EditPosition } from "./edit.ts";

/** An axis of positions: the tokens that stand on it, by their number in the sequence, and what is being done to it. */
export interface PositionAxis {
  readonly tokens: Tokens;
  readonly order: readonly number[];
  readonly doing: string;
}

function tokensAt(position: EditPosition, tokens: Tokens): readonly number[] {
  if (position === "cls") return tokens.cls === null ? [] : [tokens.cls];
  if (position === "patches") return tokens.patches;
  if (position === "registers") return tokens.registers;
  if (typeof position === "number") return [position];
  // Edits come from links too.
  if (!Array.isArray(position)) return [];
  const [row, column] = position;
  const [rows, columns] = tokens.grid;
  const inside = row >= 0 && row < rows && column >= 0 && column < columns;
  return inside ? tokens.patches.slice(row * columns + column).slice(0, 1) : [];
}

function placesOf(position: EditPosition, { tokens, order, doing }: PositionAxis): number[] {
  const places = tokensAt(position, tokens).map((token) => order.indexOf(token));
  if (places.length > 0 && !places.includes(-1)) return places;
  const [rows, columns] = tokens.grid;
  throw new PrismaError(
    "INDEX_OUT_OF_RANGE",
    `${doing}: there is no position ${JSON.stringify(position)} among its ${order.length}; the grid is ${rows} x ${columns}`,
    { position, positions: order.length, grid: [rows, columns] },
  );
}

/**
 * Places of `positions` on an axis.
 * @throws PrismaError INDEX_OUT_OF_RANGE for what does not stand there
 */
export function positionPlaces(positions: readonly EditPosition[], axis: PositionAxis): number[] {
  return positions.flatMap((position) => placesOf(position, axis));
}
