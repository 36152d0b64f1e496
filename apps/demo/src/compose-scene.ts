// Puts two garments side by side, one at full brightness and one dimmed, as the model was trained on.
import { eraseRegion } from "@prisma/analysis";

/** The half of a scene that keeps its full brightness. */
export type Side = "left" | "right";

/** A grey picture, pixels 0 to 255 row by row. */
export interface GreyPicture {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** What the dimmer garment's pixels are multiplied with. */
export const dimming = 0.55;

/**
 * Two garments of one size side by side; the pixels of the one that is not `brighter` are dimmed.
 * @throws RangeError when the two differ in size.
 */
export function composeScene(left: GreyPicture, right: GreyPicture, brighter: Side): GreyPicture {
  if (left.width !== right.width || left.height !== right.height) {
    throw new RangeError(
      `a scene needs garments of one size, not ${left.width} x ${left.height} and ${right.width} x ${right.height}`,
    );
  }
  const { width, height } = left;
  const data = new Uint8Array(2 * width * height);
  for (let row = 0; row < height; row++) {
    const from = row * width;
    data.set(shade(left.data.subarray(from, from + width), brighter === "left"), 2 * from);
    data.set(
      shade(right.data.subarray(from, from + width), brighter === "right"),
      2 * from + width,
    );
  }
  return { data, width: 2 * width, height };
}

/** A scene with one of its halves painted black: the same picture without that garment. */
export function paintOut(scene: GreyPicture, side: Side): GreyPicture {
  const { height, width } = scene;
  const half = { left: side === "left" ? 0 : width / 2, top: 0, width: width / 2, height };
  const { data } = eraseRegion(scene, half, { fill: 0 });
  return { data: Uint8Array.from(data), width, height };
}

function shade(pixels: Uint8Array, bright: boolean): Uint8Array {
  return bright ? pixels : pixels.map((pixel) => roundHalfToEven(dimming * pixel));
}

/** Rounds as NumPy does, which made the training scenes: 5.5 to 6, 16.5 to 16. */
function roundHalfToEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}
