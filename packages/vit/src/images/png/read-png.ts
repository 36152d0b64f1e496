// PNG files as chunks: checked for order, length and checksum before anything is decoded.
import { invalidImage, unsupportedImage } from "../image-error.ts";
import { assertImageSize, assertPixels } from "../image-limits.ts";

/** What the header of a PNG says. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits a sample: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  /** Samples a pixel. */
  readonly samples: number;
  readonly indexed: boolean;
  readonly interlaced: boolean;
}

/** The parts of a PNG that make its picture. */
export interface PngParts {
  readonly header: PngHeader;
  /** Red, green, blue of each index. */
  readonly palette: Uint8Array | null;
  /** The body of the tRNS chunk: opacity of each index, or the one color that is transparent. */
  readonly transparency: Uint8Array | null;
  /** The compressed rows, in order. */
  readonly data: readonly Uint8Array[];
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Samples a pixel and allowed depths by color type (PNG specification, table 11.1). */
const COLOR_TYPES = new Map<number, readonly [samples: number, depths: readonly number[]]>([
  [0, [1, [1, 2, 4, 8, 16]]],
  [2, [3, [8, 16]]],
  [3, [1, [1, 2, 4, 8]]],
  [4, [2, [8, 16]]],
  [6, [4, [8, 16]]],
]);

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (crcTable[(crc ^ byte) & 255] ?? 0);
  return ~crc >>> 0;
}

/** True when `bytes` begin as a PNG does. */
export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

interface Chunk {
  readonly type: string;
  readonly body: Uint8Array;
}

/** The chunk at `from`, its bounds and checksum checked. */
function readChunk(bytes: Uint8Array, view: DataView, from: number): Chunk {
  if (from + 12 > bytes.length)
    throw invalidImage("the PNG ends before its IEND chunk", { bytes: bytes.length });
  const length = view.getUint32(from);
  const end = from + 8 + length;
  if (end + 4 > bytes.length) {
    throw invalidImage(
      `a PNG chunk of ${length} bytes at ${from} reaches past the end at ${bytes.length}`,
      { from, length },
    );
  }
  if (crc32(bytes.subarray(from + 4, end)) !== view.getUint32(end)) {
    throw invalidImage(`the PNG chunk at ${from} does not match its checksum`, { from });
  }
  const type = String.fromCharCode(...bytes.subarray(from + 4, from + 8));
  return { type, body: bytes.subarray(from + 8, end) };
}

function readHeader(body: Uint8Array): PngHeader {
  if (body.length !== 13) throw invalidImage(`the PNG header has ${body.length} bytes, not 13`);
  const view = new DataView(body.buffer, body.byteOffset, 13);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  assertImageSize(width, height);
  const [depth, color, compression, filter, interlace] = [8, 9, 10, 11, 12].map((at) =>
    view.getUint8(at),
  );
  const known = COLOR_TYPES.get(color ?? -1);
  if (
    known === undefined ||
    depth === undefined ||
    !known[1].includes(depth) ||
    compression !== 0 ||
    filter !== 0 ||
    (interlace ?? 2) > 1
  ) {
    throw invalidImage(
      `the PNG header names color type ${color} at ${depth} bits, which does not exist`,
      { color, depth },
    );
  }
  // Pillow cuts such values off at 255, which makes a white picture of them.
  if (depth === 16 && color === 0)
    throw unsupportedImage("a grey PNG of 16 bits a sample; save it with 8", { depth });
  if (depth === 16) assertPixels("twice the pixels, of 16 bits a sample,", 2 * width * height);
  return {
    width,
    height,
    depth,
    samples: known[0],
    indexed: color === 3,
    interlaced: interlace === 1,
  };
}

/**
 * Reads the chunks of a PNG.
 * @throws PrismaError IMAGE_INVALID for a damaged or truncated file, IMAGE_UNSUPPORTED for animations and for grey of 16 bits, IMAGE_TOO_LARGE
 */
export function readPng(bytes: Uint8Array): PngParts {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const first = readChunk(bytes, view, SIGNATURE.length);
  if (first.type !== "IHDR") throw invalidImage("the PNG does not begin with its header");
  const header = readHeader(first.body);
  let palette: Uint8Array | null = null;
  let transparency: Uint8Array | null = null;
  const data: Uint8Array[] = [];
  let from = SIGNATURE.length + 12 + first.body.length;
  for (;;) {
    const { type, body } = readChunk(bytes, view, from);
    if (type === "IEND") break;
    if (type === "PLTE") palette = body;
    if (type === "tRNS") transparency = body;
    if (type === "acTL") throw unsupportedImage("an animated PNG; give one frame of it");
    if (type === "IDAT") data.push(body);
    from += 12 + body.length;
  }
  if (data.length === 0) throw invalidImage("the PNG has no picture data");
  if (header.indexed && palette === null) throw invalidImage("the PNG has indices but no palette");
  return { header, palette, transparency, data };
}
