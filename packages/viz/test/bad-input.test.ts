// Bad input to every figure: a coded error that names what was found, and nothing drawn.
import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import {
  VizError,
  attentionGrid,
  attentionMap,
  bars,
  curves,
  headMatrix,
  heatMap,
  lensMap,
  lensTable,
  pixelImage,
} from "../src/index.ts";
import { attentionGridData } from "./figures/attention-grid.ts";
import { attentionMapData } from "./figures/attention-map.ts";
import { barsData } from "./figures/bars.ts";
import { curvesData } from "./figures/curves.ts";
import { headMatrixData } from "./figures/head-matrix.ts";
import { heatMapData, signedHeatMapData } from "./figures/heat-map.ts";
import { lensMapData } from "./figures/lens-map.ts";
import { lensTableData } from "./figures/lens-table.ts";
import { pixelImageData } from "./figures/pixel-image.ts";
import { tokens } from "./figures/small-attention.ts";

const { document } = parseHTML("<!doctype html><html></html>");
const options = { document };

function withValue(data: ArrayLike<number>, index: number, value: number): number[] {
  return Array.from(data, (old, at) => (at === index ? value : old));
}

const cases: Record<string, [() => unknown, string]> = {
  "grid: too few values": [
    () => attentionGrid({ ...attentionGridData, data: [1, 2, 3] }, options),
    "VIZ_SHAPE: attentionGrid: shape [2, 3, 9, 9] needs 486 values, found 3",
  ],
  "grid: a size of zero": [
    () => attentionGrid({ ...attentionGridData, shape: [0, 3, 9, 9], data: [] }, options),
    "VIZ_SHAPE: attentionGrid: shape [0, 3, 9, 9] is not [layers, heads, queries, keys]",
  ],
  "grid: more patches than tokens": [
    () => attentionGrid({ ...attentionGridData, tokens: { ...tokens, grid: [3, 4] } }, options),
    "VIZ_SHAPE: attentionGrid: 8 patches in a grid of 3 x 4 and 1 tokens apart do not make 9 tokens",
  ],
  "grid: a patch that is CLS": [
    () => attentionGrid({ ...attentionGridData, tokens: { ...tokens, cls: 3 } }, options),
    "VIZ_SHAPE: attentionGrid: 8 patches in a grid of 2 x 4 and 1 tokens apart do not make 9 tokens",
  ],
  "grid: tokens in no order that exists": [
    () => attentionGrid({ ...attentionGridData, tokens: { ...tokens, cls: 9 } }, options),
    "VIZ_SHAPE: attentionGrid: 8 patches in a grid of 2 x 4 and 1 tokens apart do not make 9 tokens",
  ],
  "grid: a head that is not there": [
    () => attentionGrid({ ...attentionGridData, selected: { layer: 0, head: 3 } }, options),
    "VIZ_INDEX: attentionGrid: head 3 is not one of 0 to 2",
  ],
  "grid: a weight that is not a number": [
    () =>
      attentionGrid(
        { ...attentionGridData, data: withValue(attentionGridData.data, 84, Number.NaN) },
        options,
      ),
    "VIZ_VALUE: attentionGrid: value NaN at index 84 is not a finite number",
  ],
  "grid: other sizes in an update": [
    () =>
      attentionGrid(attentionGridData, options).update({
        ...attentionGridData,
        shape: [3, 2, 9, 9],
      }),
    "VIZ_SHAPE: attentionGrid: shape [3, 2, 9, 9] is not the figure's [2, 3, 9, 9]; draw a new figure",
  ],
  "matrix: a number beyond the scale": [
    () => headMatrix({ ...headMatrixData, max: 1.5 }, options),
    "VIZ_VALUE: headMatrix: value 2 is outside the colour scale from -1.5 to 1.5; pass a larger max",
  ],
  "matrix: a scale of nothing": [
    () => headMatrix({ ...headMatrixData, max: 0 }, options),
    "VIZ_VALUE: headMatrix: value 0.1 is outside the colour scale from 0 to 0; pass a larger max",
  ],
  "matrix: a column without a name": [
    () => headMatrix({ ...headMatrixData, columns: ["H0"] }, options),
    "VIZ_SHAPE: headMatrix: 1 column names for 5 places",
  ],
  "matrix: a cell that is not there": [
    () => headMatrix({ ...headMatrixData, selected: { layer: 3, column: 0 } }, options),
    "VIZ_INDEX: headMatrix: layer 3 is not one of 0 to 2",
  ],
  "matrix: too few edits": [
    () => headMatrix({ ...headMatrixData, edits: ["cut"] }, options),
    "VIZ_SHAPE: headMatrix: 1 edits for 15 places",
  ],
  "curves: a value off the scale": [
    () => curves({ ...curvesData, domain: [0, 0.5] }, options),
    "VIZ_VALUE: curves: value 0.55 is outside the scale from 0 to 0.5",
  ],
  "curves: a value that is no number": [
    () => curves({ ...curvesData, data: withValue(curvesData.data, 3, Number.NaN) }, options),
    "VIZ_VALUE: curves: value NaN at index 3 is not a finite number",
  ],
  "curves: a series without a name": [
    () => curves({ ...curvesData, series: ["Bag"] }, options),
    "VIZ_SHAPE: curves: 1 series names for 3 places",
  ],
  "lens: a token without a class": [
    () => lensMap({ ...lensMapData, classes: lensMapData.classes.map(() => []) }, options),
    "VIZ_SHAPE: lensMap: token 0 has no class",
  ],
  "lens: more than certain": [
    () =>
      lensMap(
        {
          ...lensMapData,
          classes: lensMapData.classes.map(() => [{ label: "Bag", probability: 2 }]),
        },
        options,
      ),
    "VIZ_VALUE: lensMap: probability 2 at token 0",
  ],
  "lens: tokens of another layout": [
    () => lensMap({ ...lensMapData, classes: lensMapData.classes.slice(1) }, options),
    "VIZ_SHAPE: lensMap: 8 patches in a grid of 2 x 4 and 1 tokens apart do not make 8 tokens",
  ],
  "map: a query that is not there": [
    () => attentionMap({ ...attentionMapData, query: 9 }, options),
    "VIZ_INDEX: attentionMap: query 9 is not one of 0 to 8",
  ],
  "map: a weight above one": [
    () =>
      attentionMap(
        { ...attentionMapData, data: withValue(attentionMapData.data, 63, 1.5) },
        options,
      ),
    "VIZ_VALUE: value 1.5 is outside the colour scale from 0 to 1; pass a scale that holds it",
  ],
  "map: too few labels": [
    () => attentionMap({ ...attentionMapData, labels: ["CLS"] }, options),
    "VIZ_SHAPE: attentionMap: 1 labels for 9 places",
  ],
  "bars: more labels than values": [
    () => bars({ ...barsData, labels: ["a", "b", "c", "d", "e"] }, options),
    "VIZ_SHAPE: bars: 5 labels for 4 places",
  ],
  "bars: an infinite value": [
    () => bars({ ...barsData, data: [0, 0, 0, Infinity] }, options),
    "VIZ_VALUE: bars: value Infinity at index 3 is not a finite number",
  ],
  "map: a measure whose scale ends at zero": [
    () =>
      attentionMap({ ...attentionMapData, measure: { kind: "value-weighted", max: 0 } }, options),
    "VIZ_VALUE: attentionMap: max is 0; expected a number above 0",
  ],
  "grid: a contribution beyond the scale": [
    () =>
      attentionGrid(
        {
          ...attentionGridData,
          measure: { kind: "contribution", max: 0.5, target: "Bag" },
          data: withValue(attentionGridData.data, 3, -0.6),
        },
        options,
      ),
    "VIZ_VALUE: attentionGrid: value -0.6 is outside the colour scale from -0.5 to 0.5; pass a larger max",
  ],
  "heat map: labels for other rows": [
    () => heatMap({ ...heatMapData, rows: { title: "query", labels: ["CLS"] } }, options),
    "VIZ_SHAPE: heatMap: 1 row labels for 9 places",
  ],
  "heat map: a value beyond the scale": [
    () => heatMap({ ...signedHeatMapData, scale: { max: 1 } }, options),
    "VIZ_VALUE: heatMap: value 1.5 is outside the colour scale from -1 to 1; pass a larger max",
  ],
  "heat map: an infinity": [
    () =>
      heatMap(
        { ...signedHeatMapData, data: withValue(signedHeatMapData.data, 3, Infinity) },
        options,
      ),
    "VIZ_VALUE: heatMap: value Infinity is not a finite number",
  ],
  "heat map: a cell outside": [
    () => heatMap({ ...signedHeatMapData, selected: { row: 2, column: 0 } }, options),
    "VIZ_INDEX: heatMap: row 2 is not one of 0 to 1",
  ],
  "lens table: a step without its tokens": [
    () => lensTable({ ...lensTableData, classes: lensTableData.classes.slice(1) }, options),
    "VIZ_SHAPE: lensTable: 2 rows of classes for 3 places",
  ],
  "lens table: a cell outside": [
    () => lensTable({ ...lensTableData, selected: { step: 0, token: 9 } }, options),
    "VIZ_INDEX: lensTable: token 9 is not one of 0 to 8",
  ],
  "bars: a value outside the scale": [
    () => bars({ ...barsData, data: [0, -0.5, 0, 0] }, options),
    "VIZ_VALUE: bars: a bar from 0 to -0.5 does not fit the scale from 0 to 1",
  ],
  "bars: a highlight that is not there": [
    () => bars({ ...barsData, highlight: 4 }, options),
    "VIZ_INDEX: bars: highlight 4 is not one of 0 to 3",
  ],
  "image: two colour channels": [
    () => pixelImage({ shape: [1, 1, 2], data: [0, 0], label: "" }, options),
    "VIZ_SHAPE: pixelImage: 2 colour channels; 3 are expected",
  ],
  "image: a pixel of 256": [
    () => pixelImage({ shape: [1, 2], data: [0, 256], label: "" }, options),
    "VIZ_VALUE: pixelImage: pixel 256 at index 1 is not within 0 to 255",
  ],
  "image: a patch that is not there": [
    () => pixelImage({ ...pixelImageData, marked: [2, 0] }, options),
    "VIZ_INDEX: pixelImage: patch row 2 is not one of 0 to 1",
  ],
  "no document": [
    () => bars(barsData),
    "VIZ_DOCUMENT: no document here; pass { document } from a DOM library",
  ],
};

test.for(Object.entries(cases))("%s", ([, [call, message]]) => {
  let thrown: unknown;
  try {
    call();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(VizError);
  expect(thrown).toMatchObject({ message, kind: "BAD_INPUT", retryable: false });
  expect(message.startsWith((thrown as VizError).code)).toBe(true);
});
