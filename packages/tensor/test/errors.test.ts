// The error class itself: kinds, one line, safe quotes.
import { expect, test } from "vitest";
import { kindOf, PrismaError, quoteName } from "../src/errors.ts";

test("an error carries its code, kind, facts and cause", () => {
  const cause = new Error("beneath");
  const error = new PrismaError("NETWORK_FAILED", "a server", { status: 503 }, { cause });
  expect(error).toBeInstanceOf(Error);
  expect({ ...error, message: error.message, cause: error.cause }).toEqual({
    name: "PrismaError",
    code: "NETWORK_FAILED",
    kind: "NETWORK",
    details: { status: 503 },
    retryable: true,
    message: "NETWORK_FAILED: a server",
    cause,
  });
});

test("a message is one line of at most 400 characters, whatever it was made of", () => {
  expect(new PrismaError("INTERNAL", "a\r\n  b\u2028c").message).toBe("INTERNAL: a b c");
  const { message } = new PrismaError("INTERNAL", "x".repeat(1e6));
  expect(message).toHaveLength(400);
  expect(message).toMatch(/x \.\.\.$/);
});

test.each([
  ["blocks.0.attn.W_Q", '"blocks.0.attn.W_Q"'],
  ["", '""'],
  ["重み🙂", '"重み🙂"'],
  ["a\nb\u2028c\0", '"a\\u{a}b\\u{2028}c\\u{0}"'],
  ["left\u202eright\u2066\u200b", '"left\\u{202e}right\\u{2066}\\u{200b}"'],
  ["\ud800", '"\\u{d800}"'],
  ['say "it\\', '"say \\u{22}it\\u{5c}"'],
  ["n".repeat(80), `"${"n".repeat(80)}"`],
  ["n".repeat(81), `"${"n".repeat(80)}" ... (81 characters)`],
  // An escape is not cut.
  [`${"n".repeat(78)}\n`, `"${"n".repeat(78)}" ... (79 characters)`],
])("%j is quoted as %s", (name, quoted) => {
  expect(quoteName(name)).toBe(quoted);
});

test("a name of megabytes is quoted by its start", () => {
  // Each of its characters needs an escape; all of them would be 300 MB.
  expect(quoteName("\n".repeat(5e7))).toBe(`"${"\\u{a}".repeat(16)}" ... (50000000 characters)`);
});

test.each([
  [null, "null"],
  [undefined, "undefined"],
  [2.5, "the number 2.5"],
  ["a", "a string"],
  [[1], "an array"],
  [{}, "an object"],
  [Object.create(null), "an object"],
  [new Map(), "a Map"],
  [() => 1, "a function"],
  [1n, "a bigint"],
])("%o is %s", (value, words) => {
  expect(kindOf(value)).toBe(words);
});
