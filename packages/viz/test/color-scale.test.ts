// The colour table against matplotlib's published stops, and the scale's positions and limits.
import { expect, test } from "vitest";
import { attentionScale, scaleColor, scaleInk, scalePosition } from "../src/color-scale.ts";
import { viridis } from "../src/viridis.ts";

/** CIE relative luminance of an sRGB colour. */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

test("the table has matplotlib's stops and grows lighter with every three steps", () => {
  expect(viridis).toHaveLength(256);
  const stops = [0, 64, 128, 192, 255].map((index) => viridis[index]);
  expect(stops).toEqual(["#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"]);
  const lightness = viridis.map(luminance);
  expect(lightness.every((value, at) => at === 0 || value > lightness[Math.max(0, at - 3)]!)).toBe(
    true,
  );
});

test("text on a colour has a contrast of at least 4.4 to 1", () => {
  for (let step = 0; step <= 100; step++) {
    const value = step / 100;
    const behind = luminance(scaleColor(attentionScale, value));
    const text = luminance(scaleInk(attentionScale, value));
    const contrast = (Math.max(behind, text) + 0.05) / (Math.min(behind, text) + 0.05);
    expect(contrast).toBeGreaterThan(4.4);
  }
});

test("attention's scale runs from 0 to 1 by square root, whatever is drawn", () => {
  expect([0, 0.01, 0.25, 1].map((value) => scalePosition(attentionScale, value))).toEqual([
    0, 0.1, 0.5, 1,
  ]);
  expect(scalePosition({ domain: [-2, 2], spacing: "linear" }, 1)).toBe(0.75);
});

test("rounding past the ends is drawn, more is an error", () => {
  expect(scaleColor(attentionScale, 1.000001)).toBe("#fde725");
  expect(() => scaleColor(attentionScale, 1.01)).toThrow("VIZ_VALUE");
  expect(() => scaleColor(attentionScale, Number.NaN)).toThrow("VIZ_VALUE");
});
