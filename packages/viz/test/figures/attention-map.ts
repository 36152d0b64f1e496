// One head over a picture of two by four patches, as seen from the patch in row 1, column 2.
import { attentionMap } from "../../src/index.ts";
import type { AttentionMapData, AttentionMapOptions, Figure } from "../../src/index.ts";
import { checkerPicture } from "./pixel-image.ts";
import { headPattern, tokens } from "./small-attention.ts";

/** A head that looks fairly sharply. */
export const attentionMapData: AttentionMapData = {
  shape: [9, 9],
  data: headPattern(1),
  tokens,
  query: 7,
  name: "L0H1",
  picture: checkerPicture,
};

/** One head large. */
export function attentionMapFigure(options: AttentionMapOptions): Figure<AttentionMapData> {
  return attentionMap(attentionMapData, options);
}

/** What the same head adds to a class difference: shares times signs that alternate over the patches. */
export function contributionMapFigure(options: AttentionMapOptions): Figure<AttentionMapData> {
  const data = headPattern(1).map((share, at) => share * (at % 2 === 0 ? 1.5 : -1));
  const measure = { kind: "contribution", max: 1.5, target: "Coat rather than Bag" } as const;
  return attentionMap({ ...attentionMapData, data, measure }, options);
}
