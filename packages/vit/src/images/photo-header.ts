// Size, completeness and kind of JPEG, WebP and GIF files, read from their bytes before anything is decoded.
import { countGifFrames } from "./count-gif-frames.ts";
import { invalidImage, unsupportedImage } from "./image-error.ts";

/** What a file's own bytes say of its picture. */
export interface PhotoHeader {
  /** For people. */
  readonly format: "JPEG" | "WebP" | "GIF";
  readonly mimeType: string;
  readonly width: number;
  readonly height: number;
}

const ascii = (bytes: Uint8Array, from: number, to: number): string =>
  String.fromCharCode(...bytes.subarray(from, to));

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function truncated(format: string, bytes: Uint8Array): Error {
  return invalidImage(`the ${format} ends too early`, { bytes: bytes.length });
}

function animated(format: string): Error {
  return unsupportedImage(`an animated ${format}; give one frame of it`, { format });
}

/** Frame headers: SOF0 to SOF15 but DHT, JPG and DAC (ITU T.81, table B.1). */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

function jpegHeader(bytes: Uint8Array): PhotoHeader {
  const view = viewOf(bytes);
  let from = 2;
  while (from + 9 <= bytes.length) {
    if (bytes[from] !== 0xff) throw invalidImage(`the JPEG has no marker at ${from}`, { from });
    const marker = bytes[from + 1] ?? 0;
    if (marker === 0xff) from++;
    else if (isFrame(marker)) {
      const ended = bytes.some((byte, i) => i > from && byte === 0xff && bytes[i + 1] === 0xd9);
      if (!ended || from + 10 > bytes.length) throw truncated("JPEG", bytes);
      // Browsers and Pillow make different colors of inks.
      if (bytes[from + 9] === 4) throw unsupportedImage("a JPEG of inks (CMYK); save it in RGB");
      return {
        format: "JPEG",
        mimeType: "image/jpeg",
        width: view.getUint16(from + 7),
        height: view.getUint16(from + 5),
      };
    } else from += 2 + view.getUint16(from + 2);
  }
  throw truncated("JPEG", bytes);
}

function gifHeader(bytes: Uint8Array): PhotoHeader {
  if (bytes.length < 14 || bytes[bytes.length - 1] !== 0x3b) throw truncated("GIF", bytes);
  const frames = countGifFrames(bytes);
  if (frames === null) throw truncated("GIF", bytes);
  if (frames > 1) throw animated("GIF");
  const view = viewOf(bytes);
  return {
    format: "GIF",
    mimeType: "image/gif",
    width: view.getUint16(6, true),
    height: view.getUint16(8, true),
  };
}

function webpSize(bytes: Uint8Array, view: DataView): readonly [width: number, height: number] {
  switch (ascii(bytes, 12, 16)) {
    case "VP8X":
      return [1 + (view.getUint32(24, true) & 0xffffff), 1 + (view.getUint32(26, true) >>> 8)];
    case "VP8L": {
      const bits = view.getUint32(21, true);
      return [1 + (bits & 0x3fff), 1 + ((bits >>> 14) & 0x3fff)];
    }
    case "VP8 ":
      return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
    default:
      throw invalidImage("the WebP begins with a chunk that does not exist");
  }
}

function webpHeader(bytes: Uint8Array): PhotoHeader {
  const view = viewOf(bytes);
  if (bytes.length < 30 || view.getUint32(4, true) + 8 > bytes.length)
    throw truncated("WebP", bytes);
  if (ascii(bytes, 12, 16) === "VP8X" && ((bytes[20] ?? 0) & 2) !== 0) throw animated("WebP");
  const [width, height] = webpSize(bytes, view);
  return { format: "WebP", mimeType: "image/webp", width, height };
}

/**
 * Recognizes a JPEG, WebP or GIF by its first bytes; null for anything else.
 * @throws PrismaError IMAGE_INVALID for a truncated file, IMAGE_UNSUPPORTED for animations and for JPEGs of inks
 */
export function readPhotoHeader(bytes: Uint8Array): PhotoHeader | null {
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return jpegHeader(bytes);
  if (/^GIF8[79]a/.test(ascii(bytes, 0, 6))) return gifHeader(bytes);
  if (ascii(bytes, 0, 4) === "RIFF" && ascii(bytes, 8, 12) === "WEBP") return webpHeader(bytes);
  return null;
}
