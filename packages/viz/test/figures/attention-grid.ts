// Two layers of three heads over a picture of two by four patches, as seen from CLS.
import { attentionGrid } from "../../src/index.ts";
import type { AttentionGridData, AttentionGridOptions, Figure } from "../../src/index.ts";
import { headPattern, tokens } from "./small-attention.ts";
import { checkerPicture } from "./pixel-image.ts";

/** Six heads that differ in how sharply they look. */
export const attentionGridData: AttentionGridData = {
  shape: [2, 3, 9, 9],
  data: Array.from({ length: 6 }, (_, head) => headPattern(head)).flat(),
  tokens,
  query: 0,
  selected: { layer: 1, head: 2 },
  picture: checkerPicture,
};

/** All heads at once. */
export function attentionGridFigure(options: AttentionGridOptions): Figure<AttentionGridData> {
  return attentionGrid(attentionGridData, options);
}

/** The same heads, weighted by lengths from 0.5 for the first token to 2.5 for the last. */
export function weightedGridFigure(options: AttentionGridOptions): Figure<AttentionGridData> {
  const data = Array.from(attentionGridData.data, (share, at) => share * (0.5 + (at % 9) / 4));
  return attentionGrid(
    { ...attentionGridData, data, measure: { kind: "value-weighted", max: 2.5 } },
    options,
  );
}
