// Position slices: the part of the sequence that a run keeps of each activation.
import { PrismaError, type Tensor } from "@prisma/tensor";
import type { Tokens } from "./tokens.ts";

/** Positions by what stands there, one index (negatives count from the end), one patch, or a range `[from, to)`. */
export type PositionSlice =
  | "cls"
  | "patches"
  | "registers"
  | number
  | readonly [row: number, column: number]
  | { readonly from: number; readonly to: number };

type Range = readonly [from: number, to: number];

/** Whether rows or columns of the activation are queries, by the last part of its name. */
const OF_PAIRS: ReadonlySet<string> = new Set(["hook_attn_scores", "hook_pattern"]);

function nothingThere(slice: unknown, doing: string, { grid }: Tokens): PrismaError {
  return new PrismaError(
    "INDEX_OUT_OF_RANGE",
    `${doing}: posSlice ${JSON.stringify(slice) ?? String(slice)} means no position of this model; the grid is ${grid[0]} x ${grid[1]}`,
    { posSlice: slice, grid: [...grid] },
  );
}

const lengthOf = ({ cls, distillation, registers, patches }: Tokens): number =>
  1 + Math.max(cls ?? -1, distillation ?? -1, ...registers, ...patches);

/** First and last of positions that stand side by side. */
const spanOf = (positions: readonly number[]): Range => [
  Math.min(...positions),
  Math.max(...positions) + 1,
];

function patchAt([row, column]: readonly [number, number], { grid, patches }: Tokens): number[] {
  const [rows, columns] = grid;
  const inside = row >= 0 && row < rows && column >= 0 && column < columns;
  return inside ? patches.slice(row * columns + column).slice(0, 1) : [];
}

function isRange(slice: PositionSlice): slice is { readonly from: number; readonly to: number } {
  return typeof slice === "object" && slice !== null && "from" in slice;
}

function rangeOf(slice: PositionSlice, tokens: Tokens): Range {
  const end = lengthOf(tokens);
  const fromEnd = (at: number): number => (at < 0 ? at + end : at);
  if (typeof slice === "number") return [fromEnd(slice), fromEnd(slice) + 1];
  if (slice === "cls") return tokens.cls === null ? [0, 0] : spanOf([tokens.cls]);
  if (slice === "patches" || slice === "registers") return spanOf(tokens[slice]);
  if (isRange(slice)) return [fromEnd(slice.from), fromEnd(slice.to)];
  return Array.isArray(slice) ? spanOf(patchAt(slice, tokens)) : [0, 0];
}

/**
 * First and last position of `slice`, and how many the model has.
 * @throws PrismaError INDEX_OUT_OF_RANGE where the model has no such position
 */
export function positionRange(
  slice: PositionSlice,
  tokens: Tokens,
  doing: string,
): readonly [range: Range, end: number] {
  const [from, to] = rangeOf(slice, tokens);
  const end = lengthOf(tokens);
  const whole = [from, to].every(Number.isInteger);
  if (!whole || from < 0 || from >= to || to > end) throw nothingThere(slice, doing, tokens);
  return [[from, to], end];
}

/**
 * What cuts an activation to the positions of `slice`: along axis -3 for `q`, `k`, `v`, `z`, `result` and the split
 * inputs, the queries of `attn_scores` and `pattern`, and axis -2 of all else, which stays as an axis. What does not have
 * the whole sequence on that axis (`hook_embed`, the output of the head) is left whole.
 * @throws PrismaError INDEX_OUT_OF_RANGE where the model has no such position
 */
export function positionCut(
  slice: PositionSlice,
  tokens: Tokens,
  doing: string,
): (name: string, activation: Tensor) => Tensor {
  const [range, end] = positionRange(slice, tokens, doing);
  return (name, activation) => {
    // Images come first, then positions; between them stand the heads where there are pairs of positions.
    const axis = OF_PAIRS.has(name.slice(name.lastIndexOf(".") + 1)) ? 2 : 1;
    if (activation.rank < 3 || activation.shape[axis] !== end) return activation;
    return activation.get([...Array<null>(axis).fill(null), range]);
  };
}
