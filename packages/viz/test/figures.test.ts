// Every figure drawn in Node: compared with its snapshot, which is also its page in the gallery.
import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { figureStyles } from "../src/index.ts";
import type { FigureOptions } from "../src/index.ts";
import { attentionGridFigure, weightedGridFigure } from "./figures/attention-grid.ts";
import { attentionMapFigure, contributionMapFigure } from "./figures/attention-map.ts";
import { barsFigure, signedBarsFigure } from "./figures/bars.ts";
import { curvesFigure, signedCurvesFigure } from "./figures/curves.ts";
import {
  headMatrixErrorsFigure,
  headMatrixFigure,
  headMatrixWideFigure,
} from "./figures/head-matrix.ts";
import { heatMapFigure, signedHeatMapFigure } from "./figures/heat-map.ts";
import { lensMapFigure } from "./figures/lens-map.ts";
import { lensTableFigure } from "./figures/lens-table.ts";
import { colorImageFigure, pixelImageFigure } from "./figures/pixel-image.ts";

const figures: Record<string, (options: FigureOptions) => { element: HTMLElement }> = {
  "attention-grid": attentionGridFigure,
  "attention-grid-weighted": weightedGridFigure,
  "attention-map": attentionMapFigure,
  "attention-map-contribution": contributionMapFigure,
  bars: barsFigure,
  "bars-signed": signedBarsFigure,
  curves: curvesFigure,
  "curves-signed": signedCurvesFigure,
  "head-matrix": headMatrixFigure,
  "head-matrix-errors": headMatrixErrorsFigure,
  "head-matrix-wide": headMatrixWideFigure,
  "heat-map": heatMapFigure,
  "heat-map-signed": signedHeatMapFigure,
  "lens-map": lensMapFigure,
  "lens-table": lensTableFigure,
  "pixel-image": pixelImageFigure,
  "pixel-image-color": colorImageFigure,
};

test.for(Object.entries(figures))("%s looks as in the gallery", async ([name, draw]) => {
  const { document } = parseHTML("<!doctype html><html><head></head><body></body></html>");
  const figure = draw({ document }).element.toString().replaceAll("><", ">\n<");
  const page = [
    "<!doctype html>",
    '<html lang="en" style="color-scheme: light dark">',
    `<head><meta charset="utf-8"><title>${name}</title>`,
    "<style>body { max-width: 400px; margin: 32px; font: 15px/24px system-ui; }</style>",
    '<link rel="stylesheet" href="figures.css"></head>',
    `<body>\n${figure}\n</body>\n</html>\n`,
  ].join("\n");
  await expect(page).toMatchFileSnapshot(`output/${name}.html`);
});

test("the gallery has the figures' style sheet", async () => {
  await expect(figureStyles).toMatchFileSnapshot("output/figures.css");
});

test.for(Object.entries(figures))("%s says what it shows", ([, draw]) => {
  const { document } = parseHTML("<!doctype html><html></html>");
  const { element } = draw({ document });
  const speaking = element.matches("[aria-label]")
    ? element
    : element.querySelector("[aria-label]")!;
  expect(speaking.getAttribute("aria-label")).toMatch(/\w{3}/);
  expect(speaking.getAttribute("role")).toMatch(/^(img|group|radiogroup|grid)$/);
});
