// A PNG encoder for tests: every color type, depth, filter and Adam7, written from the specification and not from the decoder.
import { crc32, deflateSync } from "node:zlib";

/** What to encode, and how. `samples` are whole numbers, row by row. */
export interface PngCase {
  readonly width: number;
  readonly height: number;
  readonly color: 0 | 2 | 3 | 4 | 6;
  readonly depth: number;
  readonly samples: readonly number[];
  /** Filter of row y. */
  readonly filter?: (y: number) => number;
  readonly interlace?: boolean;
  readonly palette?: readonly number[];
  /** IDAT chunks the data is cut into. */
  readonly parts?: number;
}

const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 } as const;
const bigEndian = (value: number): number[] => [
  value >>> 24,
  (value >>> 16) & 255,
  (value >>> 8) & 255,
  value & 255,
];

/** A chunk with its length and checksum. */
export function chunk(type: string, body: Uint8Array | readonly number[]): number[] {
  const content = [...new TextEncoder().encode(type), ...body];
  return [...bigEndian(body.length), ...content, ...bigEndian(crc32(Uint8Array.from(content)))];
}

/** Rows of one pass as bytes, filtered. */
function scanlines(
  rows: readonly (readonly number[])[],
  depth: number,
  step: number,
  filter: (y: number) => number,
): number[] {
  const out: number[] = [];
  let before: number[] = [];
  rows.forEach((row, y) => {
    const bits = row.map((value) => value.toString(2).padStart(depth, "0")).join("");
    const bytes = (bits.match(/.{1,8}/g) ?? []).map((byte) =>
      Number.parseInt(byte.padEnd(8, "0"), 2),
    );
    const kind = filter(y);
    out.push(kind);
    bytes.forEach((byte, x) =>
      out.push(
        (byte - guess(kind, bytes[x - step] ?? 0, before[x] ?? 0, before[x - step] ?? 0)) & 255,
      ),
    );
    before = bytes;
  });
  return out;
}

function guess(kind: number, a: number, b: number, c: number): number {
  if (kind === 1) return a;
  if (kind === 2) return b;
  if (kind === 3) return Math.floor((a + b) / 2);
  if (kind !== 4) return 0;
  const p = a + b - c;
  const order = [a, b, c].map((value, i) => ({ value, off: Math.abs(p - value), i }));
  return order.sort((left, right) => left.off - right.off || left.i - right.i)[0]!.value;
}

const PASSES = ["00", "40", "04", "20", "02", "10", "01"];
const STEPS = [
  [8, 8],
  [8, 8],
  [4, 8],
  [4, 4],
  [2, 4],
  [2, 2],
  [1, 2],
] as const;

function passRows(png: PngCase): (readonly number[])[][] {
  const channels = CHANNELS[png.color];
  const pixel = (x: number, y: number): readonly number[] => {
    const at = (y * png.width + x) * channels;
    return png.samples.slice(at, at + channels);
  };
  const grids = png.interlace
    ? PASSES.map((start, i) => [Number(start[0]), Number(start[1]), ...STEPS[i]!] as const)
    : [[0, 0, 1, 1] as const];
  return grids.map(([x0, y0, dx, dy]) => {
    const rows: number[][] = [];
    for (let y = y0; y < png.height; y += dy) {
      const row: number[] = [];
      for (let x = x0; x < png.width; x += dx) row.push(...pixel(x, y));
      if (row.length > 0) rows.push(row);
    }
    return rows;
  });
}

/** The chunks of a PNG without its signature: header, palette, data, end. */
export function pngChunks(png: PngCase, lines = scanlinesOf(png)): number[][] {
  const header = [
    ...bigEndian(png.width),
    ...bigEndian(png.height),
    png.depth,
    png.color,
    0,
    0,
    png.interlace ? 1 : 0,
  ];
  const data = deflateSync(Uint8Array.from(lines));
  const size = Math.ceil(data.length / (png.parts ?? 1));
  const parts = Array.from({ length: png.parts ?? 1 }, (_, i) =>
    chunk("IDAT", data.subarray(i * size, (i + 1) * size)),
  );
  return [
    chunk("IHDR", header),
    ...(png.palette ? [chunk("PLTE", png.palette)] : []),
    ...parts,
    chunk("IEND", []),
  ];
}

/** All rows of all passes, filtered. */
export function scanlinesOf(png: PngCase): number[] {
  const step = Math.max(1, (CHANNELS[png.color] * png.depth) / 8);
  return passRows(png).flatMap((rows) => scanlines(rows, png.depth, step, png.filter ?? (() => 0)));
}

/** A PNG file of these chunks. */
export function pngFile(chunks: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, ...chunks.flat()]);
}

/** A whole PNG. */
export const encodePng = (png: PngCase): Uint8Array<ArrayBuffer> => pngFile(pngChunks(png));
