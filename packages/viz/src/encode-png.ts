// Encodes pixels as a PNG without a canvas, so that a picture is the same in Node and in a page.

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** Colour types of the PNG specification by samples per pixel. */
const COLOR_TYPES = { 1: 0, 3: 2, 4: 6 } as const;

/**
 * A PNG file of `width` x `height` pixels with 8-bit samples, uncompressed.
 * `samples`: row by row, `channels` per pixel (1 grey, 3 red green blue, 4 with opacity).
 */
export function encodePng(
  samples: Uint8Array,
  width: number,
  height: number,
  channels: 1 | 3 | 4,
): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, COLOR_TYPES[channels], 0, 0, 0], 8);
  return join([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", header),
    chunk("IDAT", storeDeflate(scanlines(samples, width * channels, height))),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

/** Bytes as a `data:` URL of a PNG. */
export function pngDataUrl(png: Uint8Array): string {
  let binary = "";
  for (const byte of png) binary += String.fromCharCode(byte);
  return `data:image/png;base64,${btoa(binary)}`;
}

/** Each row preceded by filter type 0. */
function scanlines(samples: Uint8Array, stride: number, height: number): Uint8Array {
  const lines = new Uint8Array(height * (stride + 1));
  for (let row = 0; row < height; row++) {
    lines.set(samples.subarray(row * stride, (row + 1) * stride), row * (stride + 1) + 1);
  }
  return lines;
}

/** A zlib stream of stored blocks (RFC 1950, 1951): at most 65,535 bytes each. */
function storeDeflate(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x78, 0x01)];
  for (let from = 0; from < bytes.length; from += 65_535) {
    const block = bytes.subarray(from, from + 65_535);
    const size = block.length;
    const last = from + size === bytes.length ? 1 : 0;
    parts.push(Uint8Array.of(last, size & 255, size >> 8, ~size & 255, (~size >> 8) & 255), block);
  }
  parts.push(bigEndian(adler32(bytes)));
  return join(parts);
}

function chunk(type: string, body: Uint8Array): Uint8Array {
  const named = join([Uint8Array.from(type, (letter) => letter.charCodeAt(0)), body]);
  return join([bigEndian(body.length), named, bigEndian(crc32(named))]);
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crcTable[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}

function adler32(bytes: Uint8Array): number {
  let low = 1;
  let high = 0;
  for (const byte of bytes) {
    low = (low + byte) % 65_521;
    high = (high + low) % 65_521;
  }
  return ((high << 16) | low) >>> 0;
}

function bigEndian(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
