// PNG: every color type, depth, filter and interlacing decodes to what was encoded; damage is named, bombs are refused.
import { PrismaError } from "@prisma/tensor";
import { expect, test } from "vitest";
import { decodeImage } from "../../src/images/decode-image.ts";
import { chunk, encodePng, pngChunks, pngFile, scanlinesOf, type PngCase } from "./encode-png.ts";

/** Whole numbers below `limit` without a pattern. */
function numbers(count: number, limit: number): number[] {
  let state = 12345;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % limit;
  });
}

async function codeOf(bytes: Uint8Array): Promise<string> {
  try {
    await decodeImage(bytes);
    return "decoded";
  } catch (error) {
    return error instanceof PrismaError ? error.code : String(error);
  }
}

const KINDS = [
  { color: 0, channels: 1, depths: [1, 2, 4, 8] },
  { color: 2, channels: 3, depths: [8] },
  { color: 4, channels: 2, depths: [8] },
  { color: 6, channels: 4, depths: [8] },
] as const;
const CASES = KINDS.flatMap(({ color, channels, depths }) =>
  depths.flatMap((depth) =>
    [false, true].map((interlace) => ({ color, channels, depth, interlace })),
  ),
);

test.each(CASES)(
  "color type $color at $depth bits, interlaced: $interlace",
  async ({ color, channels, depth, interlace }) => {
    for (const [width, height] of [
      [1, 1],
      [5, 3],
      [9, 17],
      [16, 8],
    ] as const) {
      const samples = numbers(width * height * channels, 2 ** depth);
      const picture = await decodeImage(
        encodePng({ width, height, color, depth, samples, interlace, filter: (y) => y % 5 }),
      );
      expect(picture).toMatchObject({ width, height, channels });
      expect([...picture.data]).toEqual(samples.map((value) => (value * 255) / (2 ** depth - 1)));
    }
  },
);

test.each([1, 2, 4, 8])("a palette of %i bits becomes RGB", async (depth) => {
  const palette = numbers(3 * 2 ** depth, 256);
  const samples = numbers(7 * 5, 2 ** depth);
  const picture = await decodeImage(
    encodePng({ width: 7, height: 5, color: 3, depth, samples, palette, parts: 3 }),
  );
  expect(picture.channels).toBe(3);
  expect([...picture.data]).toEqual(
    samples.flatMap((index) => palette.slice(index * 3, index * 3 + 3)),
  );
});

test.each([0, 1, 2, 3, 4])("filter %i on every row", async (filter) => {
  const samples = numbers(6 * 6 * 3, 256);
  const picture = await decodeImage(
    encodePng({ width: 6, height: 6, color: 2, depth: 8, samples, filter: () => filter }),
  );
  expect([...picture.data]).toEqual(samples);
});

const PLAIN: PngCase = { width: 8, height: 8, color: 0, depth: 8, samples: numbers(64, 256) };
const [header, data, end] = pngChunks(PLAIN) as [number[], number[], number[]];

function headerOf(width: number, height: number, depth = 8, color = 0): number[] {
  const sizes = [width, height].flatMap((size) => [
    size >>> 24,
    (size >>> 16) & 255,
    (size >>> 8) & 255,
    size & 255,
  ]);
  return chunk("IHDR", [...sizes, depth, color, 0, 0, 0]);
}

const flip = (bytes: Uint8Array<ArrayBuffer>, at: number): Uint8Array =>
  bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

test.each<[string, Uint8Array, string]>([
  ["30,000 x 30,000 pixels", pngFile([headerOf(30_000, 30_000), data, end]), "IMAGE_TOO_LARGE"],
  ["a side of 16,385", pngFile([headerOf(16_385, 1), data, end]), "IMAGE_TOO_LARGE"],
  ["9,000 x 9,000 pixels", pngFile([headerOf(9_000, 9_000), data, end]), "IMAGE_TOO_LARGE"],
  ["2^32 - 1 columns", pngFile([headerOf(2 ** 32 - 1, 1), data, end]), "IMAGE_TOO_LARGE"],
  ["no columns", pngFile([headerOf(0, 8), data, end]), "IMAGE_INVALID"],
  ["no rows", pngFile([headerOf(8, 0), data, end]), "IMAGE_INVALID"],
  [
    "7,000 x 7,000 pixels of 16 bits",
    pngFile([headerOf(7_000, 7_000, 16, 6), data, end]),
    "IMAGE_TOO_LARGE",
  ],
  ["grey of 16 bits", pngFile([headerOf(8, 8, 16), data, end]), "IMAGE_UNSUPPORTED"],
  [
    "an animation",
    pngFile([header, chunk("acTL", [0, 0, 0, 2, 0, 0, 0, 0]), data, end]),
    "IMAGE_UNSUPPORTED",
  ],
  ["3 bits a sample", pngFile([headerOf(8, 8, 3), data, end]), "IMAGE_INVALID"],
  ["color type 5", pngFile([headerOf(8, 8, 8, 5), data, end]), "IMAGE_INVALID"],
  ["fewer rows than the header says", pngFile([headerOf(8, 9), data, end]), "IMAGE_INVALID"],
  [
    "more rows than the header says (a bomb)",
    pngFile([headerOf(8, 7), data, end]),
    "IMAGE_INVALID",
  ],
  ["no data", pngFile([header, end]), "IMAGE_INVALID"],
  ["no end", pngFile([header, data]), "IMAGE_INVALID"],
  ["data before the header", pngFile([data, header, end]), "IMAGE_INVALID"],
  ["indices without a palette", pngFile([headerOf(8, 8, 8, 3), data, end]), "IMAGE_INVALID"],
  [
    "an index past the palette",
    pngFile([headerOf(8, 8, 8, 3), chunk("PLTE", [1, 2, 3]), data, end]),
    "IMAGE_INVALID",
  ],
  [
    "a filter that does not exist",
    pngFile(
      pngChunks(
        PLAIN,
        scanlinesOf(PLAIN).map((byte, i) => (i === 0 ? 9 : byte)),
      ),
    ),
    "IMAGE_INVALID",
  ],
  [
    "compressed data that are none",
    pngFile([header, chunk("IDAT", [1, 2, 3, 4, 5]), end]),
    "IMAGE_INVALID",
  ],
  ["a wrong checksum", flip(pngFile([header, data, end]), 20), "IMAGE_INVALID"],
  ["only the signature", pngFile([]), "IMAGE_INVALID"],
  ["nothing", new Uint8Array(0), "IMAGE_INVALID"],
  ["HTML", new TextEncoder().encode("<!doctype html>"), "IMAGE_UNSUPPORTED"],
  [
    "SVG",
    new TextEncoder().encode("<svg xmlns='http://www.w3.org/2000/svg'/>"),
    "IMAGE_UNSUPPORTED",
  ],
  ["more than 64 MiB", new Uint8Array(64 * 1024 * 1024 + 1), "IMAGE_TOO_LARGE"],
])("%s is refused", async (_what, bytes, code) => {
  expect(await codeOf(bytes)).toBe(code);
});

test("a file cut anywhere is refused", async () => {
  const whole = pngFile([header, data, end]);
  const codes = new Set<string>();
  for (let size = 8; size < whole.length; size++) codes.add(await codeOf(whole.subarray(0, size)));
  expect([...codes]).toEqual(["IMAGE_INVALID"]);
  expect(await codeOf(whole)).toBe("decoded");
});

test("a file with any one byte changed is refused, or is another picture: never a fault of our own", async () => {
  const whole = pngFile([header, data, end]);
  const codes = new Set<string>();
  for (let at = 0; at < whole.length; at++) codes.add(await codeOf(flip(whole, at)));
  expect([...codes].every((code) => code.startsWith("IMAGE_"))).toBe(true);
});
