// Parts and sums of a small pattern, counted by hand.
import { expect, test } from "vitest";
import { attentionRow, headPattern, strongestKeys, sumByHalf } from "../src/attention-pattern.ts";
import { softmax, largest } from "../src/predictions.ts";
import { fakeModel } from "./fixtures/fake-engine.ts";

// Two heads of three by three: 0 to 17.
const pattern = Float32Array.from({ length: 18 }, (_, at) => at);

test("a head and a row are where they should be", () => {
  const head = headPattern(pattern, fakeModel, { layer: 0, head: 1 });
  expect([...head]).toEqual([9, 10, 11, 12, 13, 14, 15, 16, 17]);
  expect([...attentionRow(head, fakeModel.tokens, 2)]).toEqual([15, 16, 17]);
});

test("a row splits into left half, right half and CLS", () => {
  expect(sumByHalf(Float32Array.of(1, 2, 4), fakeModel.tokens)).toEqual([2, 4, 1]);
});

test("the strongest of some keys come largest first", () => {
  const row = Float32Array.of(0.2, 0.5, 0.3);
  expect(strongestKeys(row, row.keys(), 2)).toEqual([1, 2]);
  expect(strongestKeys(row, [0, 2], 1)).toEqual([2]);
});

test("softmax sums to one and does not overflow", () => {
  expect(softmax([0, Math.log(3)]).map((share) => share.toFixed(12))).toEqual([
    "0.250000000000",
    "0.750000000000",
  ]);
  expect(softmax([1000, 1000])).toEqual([0.5, 0.5]);
  expect(largest([1, 3, 3])).toBe(1);
});
