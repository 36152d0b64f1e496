// PNG pictures decoded to 8 bits a channel, the same bytes on every platform and as Pillow gives them.
import { invalidImage } from "../image-error.ts";
import type { Pixels } from "../pixels.ts";
import { inflate } from "./inflate.ts";
import { readPng, type PngHeader, type PngParts } from "./read-png.ts";
import { unfilter } from "./unfilter.ts";

/** A grid of the picture's pixels that are stored together: every `dx`-th from `x`, every `dy`-th from `y`. */
interface Pass {
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly dy: number;
}

const WHOLE: readonly Pass[] = [{ x: 0, y: 0, dx: 1, dy: 1 }];

/** Adam7 (PNG specification, 8.2). */
const ADAM7: readonly Pass[] = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
];

interface StoredPass extends Pass {
  readonly columns: number;
  readonly rows: number;
  /** Bytes of a row, without its filter's number. */
  readonly stride: number;
}

function passesOf({ width, height, depth, samples, interlaced }: PngHeader): StoredPass[] {
  const stored = (interlaced ? ADAM7 : WHOLE).map((pass) => {
    const columns = Math.ceil((width - pass.x) / pass.dx);
    const rows = Math.ceil((height - pass.y) / pass.dy);
    return { ...pass, columns, rows, stride: Math.ceil((columns * samples * depth) / 8) };
  });
  return stored.filter((pass) => pass.columns > 0 && pass.rows > 0);
}

/** Sample `index` of a row of packed samples. */
function sampleAt(row: Uint8Array, index: number, depth: number): number {
  if (depth === 8) return row[index] ?? 0;
  // The higher byte, as Pillow takes it.
  if (depth === 16) return row[index * 2] ?? 0;
  const bit = index * depth;
  return ((row[bit >> 3] ?? 0) >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
}

/** Samples as stored, one a byte, in the order of the picture. */
function unpack(bytes: Uint8Array, header: PngHeader): Uint8Array {
  const { width, height, depth, samples } = header;
  const out = new Uint8Array(width * height * samples);
  const step = Math.max(1, (samples * depth) >> 3);
  let offset = 0;
  for (const pass of passesOf(header)) {
    const rows = unfilter(bytes, offset, { rows: pass.rows, stride: pass.stride, step });
    offset += pass.rows * (pass.stride + 1);
    for (let r = 0; r < pass.rows; r++) {
      const row = rows.subarray(r * pass.stride, (r + 1) * pass.stride);
      for (let i = 0; i < pass.columns * samples; i++) {
        const x = pass.x + Math.floor(i / samples) * pass.dx;
        out[((pass.y + r * pass.dy) * width + x) * samples + (i % samples)] = sampleAt(
          row,
          i,
          depth,
        );
      }
    }
  }
  return out;
}

/** Colors of `indices`. */
function applyPalette(indices: Uint8Array, palette: Uint8Array): Uint8Array {
  const out = new Uint8Array(indices.length * 3);
  indices.forEach((index, i) => {
    if (index * 3 + 3 > palette.length)
      throw invalidImage(
        `a pixel of the PNG has color ${index} of a palette of ${palette.length / 3}`,
      );
    out.set(palette.subarray(index * 3, index * 3 + 3), i * 3);
  });
  return out;
}

/** Opacity of each pixel by what the tRNS chunk says: of its index, or of the one color it names. */
function opacityOf(
  stored: Uint8Array,
  { header, transparency }: PngParts,
): { opacity?: Uint8Array } {
  const { indexed, samples, depth } = header;
  if (transparency === null || samples % 2 === 0 || depth === 16) return {};
  if (indexed) return { opacity: stored.map((index) => transparency[index] ?? 255) };
  const isKey = (pixel: number): boolean =>
    Array.from({ length: samples }).every(
      (_, c) => stored[pixel * samples + c] === transparency[c * 2 + 1],
    );
  const pixels = stored.length / samples;
  return { opacity: Uint8Array.from({ length: pixels }, (_, i) => (isKey(i) ? 0 : 255)) };
}

function finish(stored: Uint8Array, parts: PngParts): Pixels {
  const { header, palette } = parts;
  const { width, height, depth, samples } = header;
  const opacity = opacityOf(stored, parts);
  if (header.indexed && palette !== null)
    return {
      data: applyPalette(stored, palette),
      width,
      height,
      channels: 3,
      indexed: true,
      ...opacity,
    };
  const scale = 255 / ((1 << depth) - 1);
  const data = depth >= 8 ? stored : stored.map((value) => value * scale);
  const bits = depth === 1 ? { indexed: true } : {};
  return { data, width, height, channels: samples, ...bits, ...opacity };
}

/**
 * Decodes a PNG. Palettes become RGB, 16 bits their higher byte; gamma and color profiles are not applied.
 * @throws PrismaError IMAGE_INVALID, IMAGE_UNSUPPORTED, IMAGE_TOO_LARGE
 */
export async function decodePng(bytes: Uint8Array): Promise<Pixels> {
  const parts = readPng(bytes);
  const size = passesOf(parts.header).reduce((sum, pass) => sum + pass.rows * (pass.stride + 1), 0);
  return finish(unpack(await inflate(parts.data, size), parts.header), parts);
}
