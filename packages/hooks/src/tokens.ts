// Tokens: what stands at each position of a model's sequence, so that no code has to assume it.

/** Where a model's answer is read from. */
export type Readout = "cls" | "distilled" | "patches" | "all" | "map" | "eot";

/** Positions of a vision transformer's sequence. */
export interface Tokens {
  /** Position of the CLS token, or null. */
  readonly cls: number | null;
  /** Position of DeiT's distillation token, or null. Left out: null. */
  readonly distillation?: number | null;
  /** Positions of register tokens. */
  readonly registers: readonly number[];
  /** Positions of the patches, row by row. */
  readonly patches: readonly number[];
  /** Rows and columns of patches. */
  readonly grid: readonly [rows: number, columns: number];
  readonly readout: Readout;
}

/**
 * Label of every position in order: `CLS`, `DIST`, `R0`, `(row,column)`.
 * @example
 * tokenLabels(model.tokens).slice(0, 3); // ["CLS", "(0,0)", "(0,1)"]
 */
export function tokenLabels(tokens: Tokens): string[] {
  const labels: string[] = [];
  if (tokens.cls !== null) labels[tokens.cls] = "CLS";
  if (typeof tokens.distillation === "number") labels[tokens.distillation] = "DIST";
  tokens.registers.forEach((position, i) => (labels[position] = `R${i}`));
  const columns = tokens.grid[1];
  tokens.patches.forEach(
    (position, i) => (labels[position] = `(${Math.floor(i / columns)},${i % columns})`),
  );
  return labels;
}
