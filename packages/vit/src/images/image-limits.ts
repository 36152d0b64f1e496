// Limits of pictures, checked before anything is decoded: a few kilobytes can claim gigabytes of pixels.
import { PrismaError } from "@prisma/tensor";
import { invalidImage } from "./image-error.ts";

/** Bytes of a file, 64 MiB. */
export const MAX_IMAGE_BYTES = 64 * 1024 * 1024;
/** Pixels of a picture. */
const MAX_PIXELS = 67_108_864;
/** Pixels of one side. */
const MAX_SIDE = 16_384;

function tooLarge(what: string, found: number, limit: number): PrismaError {
  return new PrismaError("IMAGE_TOO_LARGE", `image: ${what} is ${found}; the limit is ${limit}`, {
    what,
    found,
    limit,
  });
}

/** @throws PrismaError IMAGE_TOO_LARGE for a file of more than 64 MiB */
export function assertImageBytes(bytes: number): void {
  if (bytes > MAX_IMAGE_BYTES) throw tooLarge("the size in bytes", bytes, MAX_IMAGE_BYTES);
}

/** @throws PrismaError IMAGE_INVALID for sizes that are no sizes, IMAGE_TOO_LARGE for more than 67,108,864 pixels or 16,384 a side */
export function assertImageSize(width: number, height: number): void {
  const whole = Number.isInteger(width) && Number.isInteger(height) && width >= 1 && height >= 1;
  if (!whole) throw invalidImage(`its size is ${width} x ${height}`, { width, height });
  if (Math.max(width, height) > MAX_SIDE)
    throw tooLarge("a side in pixels", Math.max(width, height), MAX_SIDE);
  assertPixels("the number of pixels", width * height);
}

/** @throws PrismaError IMAGE_TOO_LARGE for more than 67,108,864 pixels */
export function assertPixels(what: string, pixels: number): void {
  if (pixels > MAX_PIXELS) throw tooLarge(what, pixels, MAX_PIXELS);
}
