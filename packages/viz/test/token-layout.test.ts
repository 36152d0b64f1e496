// Names of tokens: CLS, registers before or after the patches, and patches by row and column.
import { expect, test } from "vitest";
import { tokenName } from "../src/index.ts";
import type { TokenLayout } from "../src/index.ts";

function names(layout: TokenLayout, count: number): string[] {
  return Array.from({ length: count }, (_, token) => tokenName(layout, token));
}

test("CLS first", () => {
  expect(names({ grid: [1, 2], firstPatch: 1, cls: 0 }, 3)).toEqual(["CLS", "(0,0)", "(0,1)"]);
});

test("CLS, then registers, then patches", () => {
  expect(names({ grid: [2, 1], firstPatch: 3, cls: 0 }, 5)).toEqual([
    "CLS",
    "R0",
    "R1",
    "(0,0)",
    "(1,0)",
  ]);
});

test("patches only, and patches followed by registers and CLS", () => {
  expect(names({ grid: [1, 2], firstPatch: 0, cls: null }, 2)).toEqual(["(0,0)", "(0,1)"]);
  expect(names({ grid: [1, 1], firstPatch: 0, cls: 2 }, 3)).toEqual(["(0,0)", "R0", "CLS"]);
});
