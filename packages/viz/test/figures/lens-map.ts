// What two by four patches and CLS would answer, some surer than others.
import { lensMap } from "../../src/index.ts";
import type { Figure, LensClass, LensMapData, LensMapOptions } from "../../src/index.ts";
import { tokens } from "./small-attention.ts";

const bag = { label: "Bag", sign: "\u{1F45C}" };
const shoe = { label: "Sneaker", sign: "\u{1F45F}" };
const coat = { label: "Coat" };

function answers(token: number): LensClass[] {
  const probability = 0.95 - 0.1 * token;
  const [first, second] = token % 4 === 1 ? [coat, bag] : token < 5 ? [bag, shoe] : [shoe, bag];
  return [
    { ...first, probability },
    { ...second, probability: (1 - probability) / 2 },
  ];
}

/** After the second layer. */
export const lensMapData: LensMapData = {
  tokens,
  classes: Array.from({ length: 9 }, (_, token) => answers(token)),
  title: "after L1",
  selected: 0,
  picture: { shape: [2, 4], data: [0, 60, 120, 180, 240, 180, 120, 60] },
};

/** The lens. */
export function lensMapFigure(options: LensMapOptions): Figure<LensMapData> {
  return lensMap(lensMapData, options);
}
