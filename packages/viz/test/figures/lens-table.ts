// What two by four patches and CLS would answer before the first layer and after each of two.
import { lensTable } from "../../src/index.ts";
import type { Figure, LensTableData, LensTableOptions } from "../../src/index.ts";
import { lensMapData } from "./lens-map.ts";
import { tokens } from "./small-attention.ts";

/** Surer from step to step. */
export const lensTableData: LensTableData = {
  tokens,
  steps: ["in", "L0", "L1"],
  classes: [3, 2, 1].map((doubt) =>
    lensMapData.classes.map((classes) =>
      classes.map(({ probability, ...one }) => ({ ...one, probability: probability / doubt })),
    ),
  ),
  selected: { step: 2, token: 0 },
};

/** The table. */
export function lensTableFigure(options: LensTableOptions): Figure<LensTableData> {
  return lensTable(lensTableData, options);
}
