// What each head of a small model writes, one of them cut and one pointed out.
import { headMatrix } from "../../src/index.ts";
import type { Figure, HeadMatrixData, HeadMatrixOptions } from "../../src/index.ts";

/** Three layers of four heads and an MLP. */
export const headMatrixData: HeadMatrixData = {
  shape: [3, 5],
  data: [0.1, -0.4, 2, 0, 0.6, -1.9, 0.25, 0.8, -0.05, 1.2, 0.3, -2, 1.5, 0.7, -0.9],
  columns: ["H0", "H1", "H2", "H3", "MLP"],
  title: "writes toward Bag rather than Coat",
  max: 2,
  selected: { layer: 1, column: 2 },
  edits: Array.from({ length: 15 }, (_, at) => (at === 5 ? "cut" : "")),
  flagged: {
    cells: Array.from({ length: 15 }, (_, at) => at === 12),
    meaning: "cutting it does the opposite",
  },
};

/** The matrix. */
export function headMatrixFigure(options: HeadMatrixOptions): Figure<HeadMatrixData> {
  return headMatrix(headMatrixData, options);
}

/** Means with standard errors; of the last value there is none. */
export function headMatrixErrorsFigure(options: HeadMatrixOptions): Figure<HeadMatrixData> {
  const { edits: _, flagged: __, ...data } = headMatrixData;
  const errors = Array.from(data.data, (_value, at) => (at === 14 ? Number.NaN : 0.02 * (at + 1)));
  return headMatrix({ ...data, errors }, options);
}

/** Twelve layers of twelve heads and an MLP: colours without numbers. */
export function headMatrixWideFigure(options: HeadMatrixOptions): Figure<HeadMatrixData> {
  const shape = [12, 13] as const;
  const data = Array.from({ length: 12 * 13 }, (_, at) => 2 * Math.sin(at * at));
  const heads = Array.from({ length: 12 }, (_, head) => `H${head}`);
  const title = "writes toward tabby rather than crane";
  const selected = { layer: 9, column: 4 };
  return headMatrix({ shape, data, columns: [...heads, "MLP"], title, max: 2, selected }, options);
}
