// The public surface of @prisma/viz.
export { VizError } from "./viz-error.ts";
export type { VizErrorCode } from "./viz-error.ts";
export type { Figure, FigureOptions } from "./figure.ts";
export type { Picture } from "./picture.ts";
export { patchPosition, tokenCount, tokenName } from "./token-layout.ts";
export type { TokenLayout } from "./token-layout.ts";
export { attentionScale } from "./color-scale.ts";
export type { ColorScale } from "./color-scale.ts";
export { formatNumber, formatPercent } from "./format-value.ts";
export { figureStyles } from "./figure-styles.ts";
export { attentionGrid } from "./views/attention-grid.ts";
export type { AttentionGridData, AttentionGridOptions, HeadIndex } from "./views/attention-grid.ts";
export { attentionMap } from "./views/attention-map.ts";
export type { AttentionMapData, AttentionMapOptions } from "./views/attention-map.ts";
export { bars } from "./views/bars.ts";
export type { BarsData } from "./views/bars.ts";
export { pixelImage } from "./views/pixel-image.ts";
export type { PatchPosition, PixelImageData, PixelImageOptions } from "./views/pixel-image.ts";
