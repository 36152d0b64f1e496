// Erasing regions of pictures: every channel, boxes and patches, and regions that are not there.
import { expect, test } from "vitest";
import { eraseRegion, type Picture, type PictureRegion } from "../src/index.ts";

/** 4 x 2 pixels whose bytes count up from 1. */
function picture(channels: number, Kind: typeof Uint8Array | typeof Uint8ClampedArray): Picture {
  const data = Kind.from(Array.from({ length: 8 * channels }, (_, i) => i + 1));
  return { data, width: 4, height: 2, channels };
}

/** The pixels of a picture, each a list of channels. */
function pixels({ data, channels }: Required<Picture>): number[][] {
  return Array.from({ length: data.length / channels }, (_, i) => [
    ...data.subarray(i * channels, (i + 1) * channels),
  ]);
}

test.each([
  [1, [9]],
  [2, [9, "alpha"]],
  [3, [9, 9, 9]],
  [4, [9, 9, 9, "alpha"]],
] as const)("a box of %i channels is filled, alpha and all else stay", (channels, filled) => {
  const before = picture(channels, Uint8ClampedArray);
  const copy = before.data.slice();
  const after = eraseRegion(before, { left: 1, top: 0, width: 2, height: 1 }, { fill: 9 });
  const wanted = pixels({ ...before, channels });
  for (const at of [1, 2])
    wanted[at] = filled.map((value, i) => (value === "alpha" ? wanted[at]![i]! : value));
  expect(pixels(after)).toEqual(wanted);
  expect(after).toMatchObject({ width: 4, height: 2, channels });
  expect(after.data).toBeInstanceOf(Uint8ClampedArray);
  expect(before.data).toEqual(copy);
});

test("patches are cells of a grid over the whole picture", () => {
  const before = picture(1, Uint8Array);
  const region = {
    patches: [
      [0, 1],
      [1, 0],
    ] as const,
    grid: [2, 2] as const,
  };
  const after = eraseRegion(before, region, { fill: 0 });
  expect([...after.data]).toEqual([1, 2, 0, 0, 0, 0, 7, 8]);
  const twice = { ...region, patches: [...region.patches, ...region.patches] };
  expect(eraseRegion(before, twice, { fill: 0 })).toEqual(after);
});

test("the mean is that of each channel outside of the region, rounded", () => {
  const data = Uint8Array.from([10, 200, 1, 0, 0, 0, 20, 100, 2, 31, 0, 4]);
  const before = { data, width: 2, height: 2 };
  const box = { left: 1, top: 0, width: 1, height: 1 };
  const after = eraseRegion(before, box, { fill: "mean" });
  // (10 + 20 + 31) / 3, (200 + 100 + 0) / 3, (1 + 2 + 4) / 3
  expect([...after.data.subarray(3, 6)]).toEqual([20, 100, 2]);
  expect(after.channels).toBe(3);
});

const box = { left: 0, top: 0, width: 1, height: 1 };

test.each<[what: string, picture: Picture, region: PictureRegion, fill: unknown, code: string]>([
  ["a box beside", picture(1, Uint8Array), { ...box, left: 4 }, 0, "INDEX_OUT_OF_RANGE"],
  ["a box that sticks out", picture(1, Uint8Array), { ...box, height: 3 }, 0, "INDEX_OUT_OF_RANGE"],
  ["a box of nothing", picture(1, Uint8Array), { ...box, width: 0 }, 0, "INDEX_OUT_OF_RANGE"],
  ["half a pixel", picture(1, Uint8Array), { ...box, left: 0.5 }, 0, "INDEX_OUT_OF_RANGE"],
  ["a box above", picture(1, Uint8Array), { ...box, top: -1 }, 0, "INDEX_OUT_OF_RANGE"],
  [
    "a patch below",
    picture(1, Uint8Array),
    { patches: [[2, 0]], grid: [2, 2] },
    0,
    "INDEX_OUT_OF_RANGE",
  ],
  [
    "a patch before",
    picture(1, Uint8Array),
    { patches: [[0, -1]], grid: [2, 2] },
    0,
    "INDEX_OUT_OF_RANGE",
  ],
  [
    "half a patch",
    picture(1, Uint8Array),
    { patches: [[0, 0.5]], grid: [1, 2] },
    0,
    "INDEX_OUT_OF_RANGE",
  ],
  ["no patches", picture(1, Uint8Array), { patches: [], grid: [2, 2] }, 0, "ARGUMENT_INVALID"],
  [
    "a grid that does not fit",
    picture(1, Uint8Array),
    { patches: [[0, 0]], grid: [2, 3] },
    0,
    "ARGUMENT_INVALID",
  ],
  ["a fill of 256", picture(1, Uint8Array), box, 256, "ARGUMENT_INVALID"],
  ["a fill of 0.5", picture(1, Uint8Array), box, 0.5, "ARGUMENT_INVALID"],
  ["a blurred fill", picture(1, Uint8Array), box, "blur", "ARGUMENT_INVALID"],
  ["no fill", picture(1, Uint8Array), box, undefined, "ARGUMENT_INVALID"],
  [
    "the mean of nothing",
    picture(1, Uint8Array),
    { ...box, width: 4, height: 2 },
    "mean",
    "ARGUMENT_INVALID",
  ],
  ["bytes that are missing", { ...picture(1, Uint8Array), height: 3 }, box, 0, "IMAGE_INVALID"],
  ["five channels", picture(5, Uint8Array), box, 0, "IMAGE_INVALID"],
])("%s is refused", (_, before, region, fill, code) => {
  expect(() => eraseRegion(before, region, { fill: fill as number })).toThrow(
    expect.objectContaining({ code }),
  );
});
