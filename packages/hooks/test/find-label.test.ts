// Class names: exact first, then a part of exactly one; several matches are listed.
import { expect, test } from "vitest";
import { findLabel } from "../src/find-label.ts";

const LABELS = ["tabby cat", "tiger cat", "Border collie", "collie", "T-shirt/top", "Shirt"];

test.each([
  ["collie", 3],
  ["border", 2],
  ["Shirt", 5],
  ["t-shirt", 4],
  ["tabby", 0],
  [5, 5],
  [0, 0],
])("%s", (label, index) => {
  expect(findLabel(LABELS, label)).toBe(index);
});

test.each([
  ["cat", '"tabby cat"'],
  ["shirt", "is in 2 class names"],
  ["colie", '"collie"'],
  [6, "0 to 5"],
  [-1, "0 to 5"],
  [0.5, "0 to 5"],
])("%s is refused", (label, message) => {
  expect(() => findLabel(LABELS, label)).toThrow(
    expect.objectContaining({
      code: "ARGUMENT_INVALID",
      message: expect.stringContaining(message),
    }),
  );
});
