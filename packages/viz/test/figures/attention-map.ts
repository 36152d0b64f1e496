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
