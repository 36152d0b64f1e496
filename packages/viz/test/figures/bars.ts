// Predictions as probabilities with their logits, and the same logits as signed bars.
import { bars } from "../../src/index.ts";
import type { BarsData, Figure, FigureOptions } from "../../src/index.ts";

const labels = ["Trouser", "Dress", "Bag", "Ankle boot"];

/** Four classes; shares sum to one. */
export const barsData: BarsData = {
  shape: [4],
  data: [0.21, 0.004, 0.016, 0.77],
  labels,
  title: "probability",
  unit: "percent",
  also: { title: "logit", data: [6.05, 2.09, 3.48, 7.35] },
};

/** Probabilities. */
export function barsFigure(options: FigureOptions): Figure<BarsData> {
  return bars(barsData, options);
}

/** Numbers of either sign on one scale from -4 to 8. */
export function signedBarsFigure(options: FigureOptions): Figure<BarsData> {
  return bars(
    {
      shape: [4],
      data: [6.05, -2.4, 0, 7.35],
      labels,
      title: "logit",
      unit: "number",
      domain: [-4, 8],
    },
    options,
  );
}
