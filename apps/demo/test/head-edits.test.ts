// Edits as data: what stands in a link comes back, what cannot be is refused, and a head is not cut and patched at once.
import { expect, test } from "vitest";
import { editKey, editWords, parseEdits, toggleEdit } from "../src/head-edits.ts";
import type { HeadEdit } from "../src/head-edits.ts";

const model = { layers: 4, heads: 4, grid: [4, 8] as const };
const head = { layer: 3, head: 2 };
const cut: HeadEdit = { kind: "cut", head };
const patch: HeadEdit = { kind: "patch", head };
const blind: HeadEdit = { kind: "blind", head, hidden: "left" };
const hidden: HeadEdit = { kind: "blind", head, hidden: [2, 7] };

test("an edit is made, and taken back by the same", () => {
  expect(toggleEdit([], cut)).toEqual([cut]);
  expect(toggleEdit([cut, blind], cut)).toEqual([blind]);
});

test("a head is cut or patched, not both; what it may look at is apart from that", () => {
  expect(toggleEdit([cut, blind], patch)).toEqual([blind, patch]);
  expect(toggleEdit([cut], blind)).toEqual([cut, blind]);
  expect(toggleEdit([blind], { ...blind, hidden: "right" })).toHaveLength(2);
});

test("what is written in a link is read", () => {
  const edits = [cut, blind, hidden, { ...patch, head: { layer: 0, head: 3 } }];
  const text = edits.map(editKey).join(",");
  expect(text).toBe("L3H2-cut,L3H2-blind-left,L3H2-blind-2.7,L0H3-patch");
  expect(parseEdits(text, model)).toEqual(edits);
});

test.each([
  "",
  "L3H2",
  "L4H0-cut",
  "L0H4-cut",
  "L0H0-zero",
  "L0H0-blind",
  "L0H0-blind-up",
  "L0H0-blind-4.0",
  "L0H0-blind-0.8",
  "L0H0-blind-0,1",
  "L0H0-cut,",
  "L0H0-cut,L0H0-cut",
  "L-1H0-cut",
  "<b>",
])("%j is no edit", (text) => {
  expect(parseEdits(text, model)).toBeUndefined();
});

test("edits in words", () => {
  expect([cut, patch, blind, hidden].map(editWords)).toEqual([
    "L3H2 is cut: it writes its mean",
    "L3H2 writes what it writes for the second picture",
    "L3H2 may not look at the left half",
    "L3H2 may not look at (2,7)",
  ]);
});
