// What a picture may be given as, and its pixels.
import { readFile } from "../read-file.ts";
import { decodeImage } from "./decode-image.ts";
import { invalidImage } from "./image-error.ts";
import { assertImageBytes, assertImageSize } from "./image-limits.ts";
import type { Pixels } from "./pixels.ts";

/** Pixels of 8 bits a channel, interleaved, row by row: an `ImageData`, or the same by hand. `channels` is worked out when left out. */
export interface RawImage {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  readonly channels?: number;
}

/** A picture: a file as `Blob`, by URL or by path (Node), or pixels. */
export type ImageInput = Blob | RawImage | string | URL;

function checkRaw(image: RawImage): Pixels {
  const { data, width, height } = image;
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw invalidImage(
      "give { data: Uint8Array or Uint8ClampedArray, width, height }, a Blob, a URL or a path",
    );
  }
  assertImageSize(width, height);
  const channels = image.channels ?? data.length / (width * height);
  if (![1, 2, 3, 4].includes(channels) || data.length !== width * height * channels) {
    throw invalidImage(
      `${data.length} bytes are not ${width} x ${height} pixels of 1 to 4 channels`,
      {
        bytes: data.length,
        width,
        height,
        channels,
      },
    );
  }
  return { data, width, height, channels };
}

/**
 * The pixels of `image`, whatever it is given as.
 * @throws PrismaError IMAGE_INVALID, IMAGE_UNSUPPORTED, IMAGE_TOO_LARGE, SOURCE_NOT_FOUND, NETWORK_FAILED, SOURCE_TRUNCATED
 */
export async function readImage(image: ImageInput): Promise<Pixels> {
  const encoded = typeof image === "string" || image instanceof URL || image instanceof Blob;
  return encoded ? decodeImage(await readFile(image, assertImageBytes)) : checkRaw(image);
}
