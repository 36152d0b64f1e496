// JPEG, WebP and GIF: size and completeness from their bytes, before anything is decoded; Node says that it does not decode them.
import { PrismaError } from "@prisma/tensor";
import { expect, test } from "vitest";
import { decodeImage } from "../../src/images/decode-image.ts";
import { readPhotoHeader } from "../../src/images/photo-header.ts";

const text = (value: string): number[] => [...new TextEncoder().encode(value)];

/** A JPEG as far as a header needs: SOI, APP0, a table, SOF0 of this size, SOS, end. */
function jpeg(
  width: number,
  height: number,
  end: readonly number[] = [0xff, 0xd9],
  components = 1,
): Uint8Array {
  const size = [height >> 8, height & 255, width >> 8, width & 255];
  const app = [0xff, 0xe0, 0, 4, 0xff, 0xd9];
  const table = [0xff, 0xc4, 0, 3, 0];
  const frame = [0xff, 0xff, 0xc2, 0, 11, 8, ...size, components, 1, 0x11, 0];
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

/** A frame: its place, no colors of its own, code size, one block of data, none. */
const frame = [0x2c, 0, 0, 0, 0, 44, 1, 20, 0, 0, 2, 2, 0x4c, 0x01, 0];
const looped = [0x21, 0xff, 11, ...text("NETSCAPE2.0"), 3, 1, 0, 0, 0];
/** Two colors for all, then `blocks`. */
const gif = (blocks: readonly number[] = [...looped, ...frame, 0x3b]): Uint8Array =>
  Uint8Array.from([...text("GIF89a"), 44, 1, 20, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255, ...blocks]);

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
  ["a GIF without end", gif([...frame])],
  ["a GIF cut in a frame", gif([...frame.slice(0, 12), 0x3b])],
  ["a WebP shorter than it says", webp("VP8X", extended, 500)],
  ["a WebP of a kind that does not exist", webp("VP9 ", extended)],
])("%s is refused", (_what, bytes) => {
  expect(() => readPhotoHeader(bytes)).toThrow(expect.objectContaining({ code: "IMAGE_INVALID" }));
});

test.each([
  ["an animated GIF", gif([...looped, ...frame, ...frame, 0x3b])],
  ["a GIF of 10,000 frames", gif([...Array.from({ length: 10_000 }, () => frame).flat(), 0x3b])],
  ["an animated WebP", webp("VP8X", extended.with(0, 2))],
  ["a JPEG of inks", jpeg(300, 20, [0xff, 0xd9], 4)],
])("%s is not read", (_what, bytes) => {
  expect(() => readPhotoHeader(bytes)).toThrow(
    expect.objectContaining({ code: "IMAGE_UNSUPPORTED" }),
  );
});

test.each([
  ["JPEG", jpeg(0, 20)],
  ["WebP", webp("VP8 ", [0, 0, 0, 0x9d, 0x01, 0x2a, 0, 0, 20, 0])],
])("a %s of no columns is refused", async (_format, bytes) => {
  await expect(decodeImage(bytes)).rejects.toMatchObject({ code: "IMAGE_INVALID" });
});

test("a photo cut at any byte is refused, or is not read", async () => {
  for (const bytes of [jpeg(300, 20), gif(), webp("VP8X", extended)]) {
    for (let size = 4; size < bytes.length; size++) {
      const code = await decodeImage(bytes.subarray(0, size)).catch(
        (error: unknown) => (error as PrismaError).code,
      );
      expect(code).toMatch(/^IMAGE_(INVALID|UNSUPPORTED)$/);
    }
  }
});

test("20,000 headers with bytes changed at random: a size, or a coded error", () => {
  let state = 7;
  const random = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % limit;
  };
  const whole = [jpeg(300, 20), gif(), webp("VP8X", extended), webp("VP8L", lossless)];
  const outcomes = new Set<string>();
  for (let i = 0; i < 20_000; i++) {
    const bytes = Uint8Array.from(whole[i % whole.length]!);
    for (let n = random(3); n >= 0; n--) bytes[random(bytes.length)] = random(256);
    try {
      outcomes.add(readPhotoHeader(bytes)?.format ?? "none");
    } catch (error) {
      outcomes.add(error instanceof PrismaError ? error.code : String(error));
    }
  }
  expect([...outcomes].toSorted()).toEqual(
    ["GIF", "IMAGE_INVALID", "IMAGE_UNSUPPORTED", "JPEG", "WebP", "none"].toSorted(),
  );
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
