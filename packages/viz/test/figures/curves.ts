// How likely three classes are after each layer, and a signed number through the layers.
import { curves } from "../../src/index.ts";
import type { CurvesData, Figure, FigureOptions } from "../../src/index.ts";

/** Three classes over five steps. */
export const curvesData: CurvesData = {
  shape: [3, 5],
  data: [0.1, 0.12, 0.3, 0.55, 0.8, 0.1, 0.3, 0.4, 0.3, 0.15, 0.1, 0.08, 0.05, 0.03, 0.02],
  series: ["Bag", "Coat", "Dress"],
  steps: ["in", "L0", "L1", "L2", "L3"],
  title: "probability",
  unit: "percent",
  domain: [0, 1],
  step: 3,
};

/** Probabilities. */
export function curvesFigure(options: FigureOptions): Figure<CurvesData> {
  return curves(curvesData, options);
}

/** Two series of either sign, the second standing back. */
export function signedCurvesFigure(options: FigureOptions): Figure<CurvesData> {
  return curves(
    {
      shape: [2, 3],
      data: [-0.5, 1, 4, 0.2, -1, -1.5],
      series: ["before", "after"],
      steps: ["L0", "L1", "L2"],
      title: "Bag rather than Coat",
      unit: "number",
      domain: [-5, 5],
      highlight: [0],
    },
    options,
  );
}
