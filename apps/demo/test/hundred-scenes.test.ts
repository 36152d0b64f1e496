// The hundred scenes of a question, and their mean with a standard error that counts shared garments.
import { describe, expect, test } from "vitest";
import { meanOfScenes, questionScenes, type SceneValues } from "../src/hundred-scenes.ts";

const garments = Array.from({ length: 30 }, (_, at) => ({ file: `${at}.png`, label: at % 3 }));

describe("questionScenes", () => {
  const scenes = questionScenes(
    garments,
    { of: 2, against: 0 },
    { side: "right", brighter: "left" },
  );

  test("has each pair of the two classes once, laid out alike", () => {
    expect(scenes).toHaveLength(100);
    expect(new Set(scenes.map(({ pair }) => pair.join())).size).toBe(100);
    for (const { left, right, brighter, pair } of scenes) {
      expect([garments[right]?.label, garments[left]?.label, brighter]).toEqual([2, 0, "left"]);
      expect(pair).toEqual([right, left]);
    }
  });

  test("uses each garment once in any ten that start at a multiple of ten", () => {
    for (const from of [0, 40]) {
      const ten = scenes.slice(from, from + 10);
      expect(new Set(ten.flatMap(({ pair }) => pair)).size).toBe(20);
    }
  });
});

describe("meanOfScenes", () => {
  const scene = (of: number, against: number, value: number): SceneValues => ({
    pair: [of, against],
    values: Float32Array.of(value),
  });

  test("of scenes that share nothing is the mean with its usual standard error", () => {
    const spread = meanOfScenes([scene(0, 3, 1), scene(1, 4, 2), scene(2, 5, 6)]);
    expect(spread.means[0]).toBe(3);
    // Variance of 1, 2, 6 is 7; over three scenes 7 / 3.
    expect(spread.errors[0]).toBeCloseTo(Math.sqrt(7 / 3), 6);
  });

  test("of scenes whose value is their garment's knows of two garments, not of four scenes", () => {
    const values = [scene(0, 2, 0), scene(0, 3, 0), scene(1, 2, 4), scene(1, 3, 4)];
    const spread = meanOfScenes(values);
    expect(spread.means[0]).toBe(2);
    // Sums by the first garment -4 and 4, by the second 0 and 0, apart 4 x 2²: 2 x 32 + 0 - 4 / 3 x 16, over 16.
    expect(spread.errors[0]).toBeCloseTo(Math.sqrt((64 - 64 / 3) / 16), 6);
  });

  test("of one scene has no standard error", () => {
    expect(meanOfScenes([scene(0, 1, 5)]).errors[0]).toBeNaN();
  });
});
