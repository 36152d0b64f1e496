// Pictures that cannot be prepared: pixels of wrong length, files under other names, resizing to nothing or to far too much.
import { expect, test } from "vitest";
import { readImage, type ImageInput } from "../../src/images/image-input.ts";
import { prepareImage } from "../../src/images/prepare-image.ts";
import type { PreprocessConfig } from "../../src/images/preprocess-config.ts";
import { encodePng } from "./encode-png.ts";

const png = encodePng({ width: 2, height: 1, color: 0, depth: 8, samples: [7, 200] });
const bytes = new Uint8Array(12);
const config: PreprocessConfig = {
  channels: 3,
  size: [8, 8],
  resizeTo: [8, 8],
  fit: "cover",
  interpolation: "bicubic",
  mean: [0, 0, 0],
  std: [1, 1, 1],
};

test.each<[string, ImageInput, string]>([
  ["grey and alpha of the right length", { data: bytes, width: 3, height: 2 }, "decoded"],
  ["bytes of no whole channel", { data: bytes, width: 5, height: 2 }, "IMAGE_INVALID"],
  ["bytes of other channels", { data: bytes, width: 2, height: 2, channels: 4 }, "IMAGE_INVALID"],
  ["five channels", { data: new Uint8Array(20), width: 2, height: 2 }, "IMAGE_INVALID"],
  ["no bytes", { data: new Uint8Array(0), width: 2, height: 2 }, "IMAGE_INVALID"],
  ["no columns", { data: bytes, width: 0, height: 2 }, "IMAGE_INVALID"],
  ["a width that is no number", { data: bytes, width: Number.NaN, height: 2 }, "IMAGE_INVALID"],
  ["a negative height", { data: bytes, width: 2, height: -2 }, "IMAGE_INVALID"],
  ["half a row", { data: bytes, width: 8, height: 1.5 }, "IMAGE_INVALID"],
  ["a bomb of pixels", { data: bytes, width: 2 ** 14, height: 2 ** 13 }, "IMAGE_TOO_LARGE"],
  ["floats", { data: new Float32Array(12) as never, width: 2, height: 2 }, "IMAGE_INVALID"],
  [
    "HTML that says it is a PNG",
    new Blob(["<!doctype html>"], { type: "image/png" }),
    "IMAGE_UNSUPPORTED",
  ],
  ["an empty file", new Blob([]), "IMAGE_INVALID"],
])("%s", async (_what, image, expected) => {
  const found = await readImage(image).then(
    () => "decoded",
    (error: { code: string }) => error.code,
  );
  expect(found).toBe(expected);
});

test("a detached buffer is refused", async () => {
  const data = new Uint8Array(12);
  structuredClone(data.buffer, { transfer: [data.buffer] });
  await expect(readImage({ data, width: 2, height: 2 })).rejects.toMatchObject({
    code: "IMAGE_INVALID",
  });
});

test("a PNG by any other name is a PNG", async () => {
  const { data, width } = await readImage(new File([png], "photo.jpg", { type: "image/jpeg" }));
  expect([width, ...data]).toEqual([2, 7, 200]);
});

const huge = [2 ** 14, 2 ** 14] as const;

test.each<[string, Partial<PreprocessConfig>, string]>([
  ["covering with the shortest side", { resizeTo: [4200, 4200] }, "IMAGE_TOO_LARGE"],
  ["fitting the longest side", { fit: "contain" }, "IMAGE_INVALID"],
  ["stretching beyond all bounds", { fit: "stretch", resizeTo: huge }, "IMAGE_TOO_LARGE"],
  ["padding beyond all bounds", { fit: "none", size: huge }, "IMAGE_TOO_LARGE"],
  ["channels that no picture has", { channels: 5 }, "IMAGE_UNSUPPORTED"],
])("%s is refused", async (_what, change, code) => {
  const thin = { data: new Uint8Array(16_000), width: 16_000, height: 1 };
  await expect(prepareImage(thin, { ...config, ...change })).rejects.toMatchObject({ code });
});

test("the box of a padded picture reaches outside of it, and the padding has its fill", async () => {
  const wide = { data: new Uint8Array(96 * 48).fill(200), width: 96, height: 48 };
  const { box, picture } = await prepareImage(wide, {
    ...config,
    size: [48, 48],
    resizeTo: [48, 48],
    fit: "contain",
    fill: [1, 2, 3],
  });
  expect(box).toEqual({ left: 0, top: -24, width: 96, height: 96 });
  const row = (y: number): number[] => [...picture.data.subarray(y * 144, y * 144 + 3)];
  expect([0, 11, 12, 35, 36].map(row)).toEqual([
    [1, 2, 3],
    [1, 2, 3],
    [200, 200, 200],
    [200, 200, 200],
    [1, 2, 3],
  ]);
});
