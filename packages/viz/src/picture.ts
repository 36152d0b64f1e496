// A grey or colour picture as plain numbers, checked and turned into a PNG.
import { encodePng, pngDataUrl } from "./encode-png.ts";
import { VizError } from "./viz-error.ts";
import { checkShape } from "./check-array.ts";

/** Pixels row by row from 0 to 255: `[height, width]` grey, or `[height, width, 3]` red green blue. */
export interface Picture {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/**
 * A picture as a `data:` URL, one image pixel per value.
 * @throws VizError VIZ_SHAPE for another shape, VIZ_VALUE for a pixel outside 0 to 255.
 */
export function pictureUrl(figure: string, { shape, data }: Picture): string {
  const color = shape.length === 3;
  checkShape(figure, shape, data.length, color ? ["height", "width", "3"] : ["height", "width"]);
  const [height = 0, width = 0, channels = 1] = shape;
  if (color && channels !== 3) {
    throw new VizError("VIZ_SHAPE", `${figure}: ${channels} colour channels; 3 are expected`, {
      channels,
    });
  }
  return pngDataUrl(encodePng(bytes(figure, data), width, height, color ? 3 : 1));
}

function bytes(figure: string, data: ArrayLike<number>): Uint8Array {
  return Uint8Array.from({ length: data.length }, (_, index) => {
    const value = data[index];
    if (value !== undefined && value >= 0 && value <= 255) return Math.round(value);
    throw new VizError(
      "VIZ_VALUE",
      `${figure}: pixel ${String(value)} at index ${index} is not within 0 to 255`,
      {
        index,
        value: String(value),
      },
    );
  });
}
