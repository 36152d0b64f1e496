// A head's pattern between all tokens as a heat map, and effects of either sign with a place that was not reached.
import { attentionScale, heatMap, tokenName } from "../../src/index.ts";
import type { Figure, HeatMapData, HeatMapOptions } from "../../src/index.ts";
import { headPattern, tokens } from "./small-attention.ts";

const labels = Array.from({ length: 9 }, (_, token) => tokenName(tokens, token));

/** Nine queries by nine keys. */
export const heatMapData: HeatMapData = {
  shape: [9, 9],
  data: headPattern(1),
  rows: { title: "query", labels },
  columns: { title: "key", labels },
  title: "attention of L0H1",
  unit: "percent",
  scale: attentionScale,
  selected: { row: 7, column: 3 },
};

/** Two layers by six heads. */
export const signedHeatMapData: HeatMapData = {
  shape: [2, 6],
  data: [0.5, -0.25, 1.5, 0, -2, 0.75, 0.1, Number.NaN, -0.6, 2, -1.2, 0.3],
  rows: { title: "layer", labels: ["L0", "L1"] },
  columns: { title: "head", labels: ["H0", "H1", "H2", "H3", "H4", "H5"] },
  title: "change of the margin when cut, in logits",
  unit: "number",
  scale: { max: 2 },
  selected: { row: 1, column: 1 },
};

/** From dark to light. */
export function heatMapFigure(options: HeatMapOptions): Figure<HeatMapData> {
  return heatMap(heatMapData, options);
}

/** One hue for each sign. */
export function signedHeatMapFigure(options: HeatMapOptions): Figure<HeatMapData> {
  return heatMap(signedHeatMapData, options);
}
