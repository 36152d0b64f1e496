// Names of tokens: CLS, registers before or after the patches, and patches by row and column.
import { expect, test } from "vitest";
import { patchPosition, tokenCount, tokenName } from "../src/index.ts";
import type { TokenLayout } from "../src/index.ts";

function names(layout: TokenLayout): string[] {
  return Array.from({ length: tokenCount(layout) }, (_, token) => tokenName(layout, token));
}

test("CLS first", () => {
  expect(names({ cls: 0, registers: [], patches: [1, 2], grid: [1, 2] })).toEqual([
    "CLS",
    "(0,0)",
    "(0,1)",
  ]);
});

test("CLS, then registers, then patches", () => {
  expect(names({ cls: 0, registers: [1, 2], patches: [3, 4], grid: [2, 1] })).toEqual([
    "CLS",
    "R0",
    "R1",
    "(0,0)",
    "(1,0)",
  ]);
});

test("patches only, and patches followed by a register and CLS", () => {
  expect(names({ cls: null, registers: [], patches: [0, 1], grid: [1, 2] })).toEqual([
    "(0,0)",
    "(0,1)",
  ]);
  const last: TokenLayout = { cls: 2, registers: [1], patches: [0], grid: [1, 1] };
  expect(names(last)).toEqual(["(0,0)", "R0", "CLS"]);
  expect([0, 1, 2].map((token) => patchPosition(last, token))).toEqual([[0, 0], null, null]);
});
