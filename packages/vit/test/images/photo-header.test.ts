// JPEG, WebP and GIF: size and completeness from their bytes, before anything is decoded; Node says that it does not decode them.
import { PrismaError } from "@prisma/tensor";
import { expect, test } from "vitest";
import { decodeImage } from "../../src/images/decode-image.ts";
import { readPhotoHeader } from "../../src/images/photo-header.ts";

const text = (value: string): number[] => [...new TextEncoder().encode(value)];

/** A JPEG as far as a header needs: SOI, APP0, a table, SOF0 of this size, SOS, end. */
function jpeg(width: number, height: number, end: readonly number[] = [0xff, 0xd9]): Uint8Array {
  const size = [height >> 8, height & 255, width >> 8, width & 255];
  const app = [0xff, 0xe0, 0, 4, 0xff, 0xd9];
  const table = [0xff, 0xc4, 0, 3, 0];
  const frame = [0xff, 0xff, 0xc2, 0, 11, 8, ...size, 1, 1, 0x11, 0];
  return Uint8Array.from([
    0xff,
    0xd8,
    ...app,
    ...table,
    ...frame,
    0xff,
    0xda,
    0,
    2,
    1,
    2,
    3,
    ...end,
  ]);
}

const gif = (end: readonly number[] = [0x3b]): Uint8Array =>
  Uint8Array.from([...text("GIF89a"), 44, 1, 20, 0, 0, 0, 0, 0x2c, ...end]);

function webp(kind: string, body: readonly number[], claimed = body.length + 12): Uint8Array {
  const length = [claimed & 255, claimed >> 8, 0, 0];
  return Uint8Array.from([
    ...text("RIFF"),
    ...length,
    ...text("WEBP"),
    ...text(kind),
    body.length,
    0,
    0,
    0,
    ...body,
  ]);
}

const extended = [0, 0, 0, 0, 43, 1, 0, 19, 0, 0, 0, 0, 0, 0];
const lossless = [0x2f, 43 | 0x00, 0x01 | ((19 << 6) & 255), 19 >> 2, 0, 0, 0, 0, 0, 0];
const lossy = [0, 0, 0, 0x9d, 0x01, 0x2a, 44, 1, 20, 0];

test.each([
  ["JPEG", jpeg(300, 20)],
  ["GIF", gif()],
  ["WebP", webp("VP8X", extended)],
  ["WebP", webp("VP8L", lossless)],
  ["WebP", webp("VP8 ", lossy)],
])("%s of 300 x 20", (format, bytes) => {
  expect(readPhotoHeader(bytes)).toMatchObject({ format, width: 300, height: 20 });
});

test.each([
  ["a JPEG without end", jpeg(300, 20, [])],
  ["a JPEG cut in its header", jpeg(300, 20).subarray(0, 20)],
  ["a JPEG without marker", Uint8Array.from([0xff, 0xd8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])],
  ["a GIF without end", gif([])],
  ["a WebP shorter than it says", webp("VP8X", extended, 500)],
  ["a WebP of a kind that does not exist", webp("VP9 ", extended)],
])("%s is refused", (_what, bytes) => {
  expect(() => readPhotoHeader(bytes)).toThrow(expect.objectContaining({ code: "IMAGE_INVALID" }));
});

test("other bytes are none of them", () => {
  expect(readPhotoHeader(Uint8Array.from([1, 2, 3]))).toBeNull();
});

test("a photo of 65,535 pixels a side is refused by its header", async () => {
  await expect(decodeImage(jpeg(65_535, 1))).rejects.toMatchObject({ code: "IMAGE_TOO_LARGE" });
});

test("Node says which pictures it reads", async () => {
  const error = await decodeImage(jpeg(300, 20)).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(PrismaError);
  expect(error).toMatchObject({
    code: "IMAGE_UNSUPPORTED",
    message: expect.stringContaining("PNG"),
  });
});
