// Erasing: the same picture with a region painted out, the plainest counterfactual of what is there.
import { kindOf, PrismaError } from "@prisma/tensor";

/** A picture of 8 bits a channel, interleaved, row by row: grey (1 channel), grey and alpha (2), RGB (3) or RGBA (4). An `ImageData` is one. */
export interface Picture {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  /** Default: as many as `data` holds for each pixel. */
  readonly channels?: number;
}

/** A part of a picture: a box in pixels, or cells of a grid laid over the whole picture, such as a model's patches. */
export type PictureRegion =
  | {
      readonly left: number;
      readonly top: number;
      readonly width: number;
      readonly height: number;
    }
  | {
      readonly patches: readonly (readonly [row: number, column: number])[];
      /** Rows and columns of the grid: `model.tokens.grid`. */
      readonly grid: readonly [rows: number, columns: number];
    };

/** What {@link eraseRegion} may be told. */
export interface EraseRegionOptions {
  /** A value from 0 to 255 for every color channel, or the mean color of the rest of the picture. */
  readonly fill: number | "mean";
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function invalid(problem: string, details = {}): PrismaError {
  return new PrismaError("ARGUMENT_INVALID", `eraseRegion: ${problem}`, details);
}

function channelsOf({ data, width, height, channels }: Picture): number {
  const found = channels ?? data.length / (width * height);
  if ([1, 2, 3, 4].includes(found) && data.length === width * height * found) return found;
  throw new PrismaError(
    "IMAGE_INVALID",
    `eraseRegion: ${data.length} bytes are not ${width} x ${height} pixels of 1 to 4 channels`,
    { bytes: data.length, width, height, channels: found },
  );
}

function assertInside({ left, top, width, height }: Box, picture: Picture): void {
  const whole = [left, top, width, height].every(Number.isInteger) && width > 0 && height > 0;
  const inside =
    left >= 0 && top >= 0 && left + width <= picture.width && top + height <= picture.height;
  if (whole && inside) return;
  throw new PrismaError(
    "INDEX_OUT_OF_RANGE",
    `eraseRegion: the box of ${width} x ${height} at (${left}, ${top}) is not within ${picture.width} x ${picture.height} pixels`,
    { left, top, width, height },
  );
}

function boxesOf(region: PictureRegion, picture: Picture): Box[] {
  if (!("patches" in region)) return [region];
  const [rows, columns] = region.grid;
  const [height, width] = [picture.height / rows, picture.width / columns];
  if (!Number.isInteger(height) || !Number.isInteger(width)) {
    throw invalid(
      `a grid of ${rows} x ${columns} does not divide ${picture.height} rows and ${picture.width} columns of pixels; give the picture as the model sees it`,
    );
  }
  if (region.patches.length === 0) throw invalid("the list of patches is empty");
  return region.patches.map(([row, column]) => {
    if (Number.isInteger(row) && Number.isInteger(column) && row < rows && column < columns)
      return { left: column * width, top: row * height, width, height };
    throw new PrismaError(
      "INDEX_OUT_OF_RANGE",
      `eraseRegion: there is no patch (${row},${column}) in a grid of ${rows} x ${columns}`,
      { patch: [row, column] },
    );
  });
}

/** 1 for every pixel of `boxes`. */
function pixelsOf(boxes: readonly Box[], { width, height }: Picture): Uint8Array {
  const inside = new Uint8Array(width * height);
  for (const box of boxes) {
    for (let y = box.top; y < box.top + box.height; y++)
      inside.fill(1, y * width + box.left, y * width + box.left + box.width);
  }
  return inside;
}

/** Mean of `channel` over the pixels that stay, rounded. */
function meanOutside(picture: Picture, inside: Uint8Array, at: readonly [number, number]): number {
  const [channel, channels] = at;
  let [sum, count] = [0, 0];
  inside.forEach((erased, pixel) => {
    if (erased === 1) return;
    sum += picture.data[pixel * channels + channel] ?? 0;
    count++;
  });
  if (count > 0) return Math.round(sum / count);
  throw invalid("all of the picture is erased, so the rest of it has no mean; give fill a number");
}

function assertFill(fill: unknown): void {
  const byte = typeof fill === "number" && Number.isInteger(fill) && fill >= 0 && fill <= 255;
  if (byte || fill === "mean") return;
  const found = typeof fill === "string" ? JSON.stringify(fill) : kindOf(fill);
  throw invalid(`fill is ${found}; expected a whole number from 0 to 255, or "mean"`);
}

/**
 * `picture` with `region` painted out in one color; alpha stays. The picture given is not changed.
 * @throws PrismaError IMAGE_INVALID; INDEX_OUT_OF_RANGE for a region that is not within the picture; ARGUMENT_INVALID for no
 *   patches, a grid that does not divide the picture, another fill, or the mean of nothing
 * @example
 * const picture = { data: Uint8Array.of(10, 20, 30, 40), width: 2, height: 2 };
 * eraseRegion(picture, { left: 0, top: 0, width: 1, height: 2 }, { fill: 0 }).data; // new Uint8Array([0, 20, 0, 40])
 * eraseRegion(picture, { patches: [[1, 1]], grid: [2, 2] }, { fill: "mean" }).data; // new Uint8Array([10, 20, 30, 20])
 */
export function eraseRegion(
  picture: Picture,
  region: PictureRegion,
  { fill }: EraseRegionOptions,
): Required<Picture> {
  assertFill(fill);
  const channels = channelsOf(picture);
  const boxes = boxesOf(region, picture);
  boxes.forEach((box) => assertInside(box, picture));
  const inside = pixelsOf(boxes, picture);
  const data = picture.data.slice();
  // Grey and alpha, and RGBA, end in alpha.
  const colors = channels % 2 === 0 ? channels - 1 : channels;
  for (let channel = 0; channel < colors; channel++) {
    const value = fill === "mean" ? meanOutside(picture, inside, [channel, channels]) : fill;
    inside.forEach((erased, pixel) => {
      if (erased === 1) data[pixel * channels + channel] = value;
    });
  }
  return { data, width: picture.width, height: picture.height, channels };
}
