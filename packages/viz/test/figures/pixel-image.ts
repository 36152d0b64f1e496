// A picture of four by eight grey pixels, and one in colour, with patches of two by two.
import { pixelImage } from "../../src/index.ts";
import type { Figure, Picture, PixelImageData, PixelImageOptions } from "../../src/index.ts";

/** Four by eight pixels from black to white. */
export const checkerPicture: Picture = {
  shape: [4, 8],
  data: Uint8Array.from({ length: 32 }, (_, at) => (at % 2 === 0 ? 8 * at : 255 - 8 * at)),
};

/** The grey picture with the patch in row 1, column 2 framed. */
export const pixelImageData: PixelImageData = {
  ...checkerPicture,
  label: "A grey checker of four by eight pixels",
  grid: [2, 4],
  marked: [1, 2],
};

/** A grey picture with its patches. */
export function pixelImageFigure(options: PixelImageOptions): Figure<PixelImageData> {
  return pixelImage(pixelImageData, options);
}

/** A colour picture without patches. */
export function colorImageFigure(options: PixelImageOptions): Figure<PixelImageData> {
  const data = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255];
  return pixelImage({ shape: [2, 2, 3], data, label: "Red, green, blue and white" }, options);
}
