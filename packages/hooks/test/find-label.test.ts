// Class names: exact first, then synonyms, then a part of exactly one; several matches are listed.
import { expect, test } from "vitest";
import { findLabel } from "../src/find-label.ts";

const LABELS = ["tabby cat", "tiger cat", "Border collie", "collie", "T-shirt/top", "Shirt"];
const SYNONYMS = [
  "crane",
  "tiger, Panthera tigris",
  "tiger shark",
  "crane",
  "maillot",
  "maillot, tank suit",
];

test.each([
  ["collie", 3],
  ["border", 2],
  ["Shirt", 5],
  ["shirt", 5],
  ["t-shirt", 4],
  ["tabby", 0],
  [5, 5],
  [0, 0],
])("%s", (label, index) => {
  expect(findLabel(LABELS, label)).toBe(index);
});

test.each([
  ["cat", '0 "tabby cat"'],
  ["hirt", "is in 2 class names"],
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

test.each([
  ["tiger", 1],
  ["panthera tigris", 1],
  ["maillot", 4],
  ["tank suit", 5],
  ["shark", 2],
])("%s among synonyms", (label, index) => {
  expect(findLabel(SYNONYMS, label)).toBe(index);
});

test("a name that two classes have is refused", () => {
  expect(() => findLabel(SYNONYMS, "crane")).toThrow('in 2 class names: 0 "crane", 3 "crane"');
});
