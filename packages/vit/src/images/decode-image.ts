// Encoded pictures to pixels: recognized by their bytes, bounded before decoding, PNG by our own decoder, photos by the browser's.
import { PrismaError } from "@prisma/tensor";
import { invalidImage, unsupportedImage } from "./image-error.ts";
import { assertImageBytes, assertImageSize } from "./image-limits.ts";
import { readPhotoHeader, type PhotoHeader } from "./photo-header.ts";
import type { Pixels } from "./pixels.ts";
import { decodePng } from "./png/decode-png.ts";
import { isPng } from "./png/read-png.ts";
import { withoutExif } from "./without-exif.ts";

function withoutAlpha(rgba: Uint8ClampedArray): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let i = 0; i < rgb.length; i++) rgb[i] = rgba[i + Math.trunc(i / 3)] ?? 0;
  return rgb;
}

/** RGB of a decoded bitmap, refused where it is translucent: canvases hold such colors multiplied with alpha, which loses bits. */
function readBitmap(bitmap: ImageBitmap, format: string): Pixels {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (context === null) throw unsupportedImage("this browser has no canvas to decode with");
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const translucent = data.some((value, i) => i % 4 === 3 && value !== 255);
  if (translucent) throw unsupportedImage(`a ${format} with transparent parts; save it as PNG`);
  // Pillow keeps the palette of a GIF.
  const indexed = format === "GIF" ? { indexed: true } : {};
  return { data: withoutAlpha(data), width, height, channels: 3, ...indexed };
}

/** Decodes as Pillow does: stored colors as they are, no rotation. */
async function decodePhoto(bytes: Uint8Array, header: PhotoHeader): Promise<Pixels> {
  if (typeof createImageBitmap !== "function") {
    throw unsupportedImage(
      `a ${header.format}; outside browsers give a PNG, or { data, width, height }`,
      { format: header.format },
    );
  }
  const blob = new Blob([withoutExif(bytes, header.format)], { type: header.mimeType });
  const bitmap = await createImageBitmap(blob, {
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
  }).catch((cause: unknown) => {
    throw new PrismaError(
      "IMAGE_INVALID",
      `image: the ${header.format} could not be decoded`,
      {},
      { cause },
    );
  });
  try {
    return readBitmap(bitmap, header.format);
  } finally {
    bitmap.close();
  }
}

/**
 * Decodes a PNG anywhere, and a JPEG, WebP or GIF in browsers, to the pixels Pillow would give. What a file is, its first
 * bytes say, not its name.
 * @throws PrismaError IMAGE_UNSUPPORTED for any other kind of file, IMAGE_INVALID for a damaged or truncated one, IMAGE_TOO_LARGE
 */
export async function decodeImage(bytes: Uint8Array): Promise<Pixels> {
  assertImageBytes(bytes.length);
  if (bytes.length === 0) throw invalidImage("the file is empty");
  if (isPng(bytes)) return decodePng(bytes);
  const header = readPhotoHeader(bytes);
  if (header === null) throw unsupportedImage("not a PNG, JPEG, WebP or GIF, by its first bytes");
  assertImageSize(header.width, header.height);
  return decodePhoto(bytes, header);
}
