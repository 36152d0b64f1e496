// Means over images: by hand, with images and places that have no value, and on bad input.
import { expect, test } from "vitest";
import { overImages, type LabelledValues } from "../src/index.ts";

const range = (size: number): string[] => Array.from({ length: size }, (_, i) => String(i));

/** `rows` as values [image, layer]. */
function valuesOf(rows: readonly (readonly number[])[]): LabelledValues {
  const axes = [
    { name: "image", labels: range(rows.length) },
    { name: "layer", labels: range(rows[0]!.length) },
  ];
  return { axes, values: Float32Array.from(rows.flat()) };
}

const none = Number.NaN;

test("mean and standard error of three images", () => {
  const found = overImages(
    valuesOf([
      [1, 10],
      [2, 10],
      [6, 10],
    ]),
  );
  expect(found.count).toBe(3);
  expect(found.means).toEqual({
    axes: [{ name: "layer", labels: ["0", "1"] }],
    values: Float32Array.of(3, 10),
  });
  // Deviations -2, -1, 3: variance 14 / 2, of the mean a third of that.
  expect(found.standardErrors!.axes).toEqual(found.means.axes);
  expect(found.standardErrors!.values[0]).toBeCloseTo(Math.sqrt(7 / 3), 6);
  expect(found.standardErrors!.values[1]).toBe(0);
});

test("one image is its own mean, without an error", () => {
  const one = overImages(valuesOf([[1, 2]]));
  expect([...one.means.values]).toEqual([1, 2]);
  expect(one).toMatchObject({ standardErrors: null, count: 1 });
});

test("images without any value are left out; a place that an image lacks has no mean", () => {
  const found = overImages(
    valuesOf([
      [1, none],
      [3, 4],
      [none, none],
    ]),
  );
  expect(found.count).toBe(2);
  expect([...found.means.values]).toEqual([2, none]);
  expect([...found.standardErrors!.values]).toEqual([1, none]);
  const nothing = overImages(valuesOf([[none], [none]]));
  expect([...nothing.means.values]).toEqual([none]);
  expect(nothing).toMatchObject({ standardErrors: null, count: 0 });
});

test("numbers with the axis image alone have one mean", () => {
  const axes = [{ name: "image", labels: ["0", "1"] }];
  const found = overImages({ axes, values: Float32Array.of(1, 3) });
  expect(found.means).toEqual({ axes: [], values: Float32Array.of(2) });
  expect([...found.standardErrors!.values]).toEqual([1]);
});

test.each<[what: string, values: LabelledValues]>([
  ["no axes", { axes: [], values: new Float32Array(1) }],
  ["another first axis", { axes: [{ name: "layer", labels: ["0"] }], values: new Float32Array(1) }],
  ["nothing", {} as LabelledValues],
  ["a whole result", { effects: valuesOf([[1]]) } as unknown as LabelledValues],
  ["fewer numbers than places", { ...valuesOf([[1, 2]]), values: new Float32Array(1) }],
])("%s is refused", (_, values) => {
  expect(() => overImages(values)).toThrowError(
    expect.objectContaining({ code: "ARGUMENT_INVALID" }),
  );
});
