// Which class is asked about, and against which.
import { expect, test } from "vitest";
import { marginOf, questionOf } from "../src/question.ts";

test.each([
  ["the answer against the other garment", [3, 1, 2], [0, 1], { of: 0, against: 1 }],
  [
    "an answer that is neither garment, against the first",
    [3, 1, 2],
    [2, 1],
    { of: 0, against: 2 },
  ],
  ["two garments of the answer's class: the runner-up", [3, 1, 2], [0, 0], { of: 0, against: 2 }],
  ["no garments: the runner-up", [3, 1, 2], [], { of: 0, against: 2 }],
])("%s", (_what, logits, garments, question) => {
  expect(questionOf(logits, garments)).toEqual(question);
});

test("the margin is the difference of the two logits", () => {
  expect(marginOf([3, 1, 2.5], { of: 0, against: 2 })).toBe(0.5);
});
