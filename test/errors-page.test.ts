// The page of errors: a row for each code that can be thrown and for no other, right about it; and a test for each code.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PrismaError, type ErrorCode } from "../packages/tensor/src/errors.ts";
import { VizError, type VizErrorCode } from "../packages/viz/src/viz-error.ts";
import { listFiles } from "../scripts/checks/source-files.ts";
import { repositoryFile } from "./repository-file.ts";

const read = (path: string): string => readFileSync(repositoryFile(path), "utf8");

/** What stands between `start` and `end` in the source `path`. */
function between(path: string, start: string, end: string): string {
  const [, rest] = read(path).split(start);
  const [found] = rest?.split(end) ?? [];
  if (rest === undefined || found === undefined) throw new Error(`${path} has no ${start}`);
  return found;
}

const tensorCodes = [
  ...between("packages/tensor/src/errors.ts", "const KINDS = {", "} as const").matchAll(
    /^ {2}([A-Z][A-Z0-9_]*):/gm,
  ),
].map(([, code]) => code as ErrorCode);
const vizCodes = [
  ...between("packages/viz/src/viz-error.ts", "type VizErrorCode =", ";").matchAll(/"([A-Z_]+)"/g),
].map(([, code]) => code as VizErrorCode);

/** The tables of codes: each row by its cells. */
const rows = read("docs/errors.md")
  .split(/^\| code \| kind \|.*$/m)
  .slice(1)
  .flatMap((table) => table.split("\n\n")[0]!.trim().split("\n").slice(1))
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .map(([, code = "", kind = "", meaning = "", advice = "", retryable = ""]) => ({
    code,
    kind,
    meaning,
    advice,
    retryable,
  }));

/** Code of the repository, path and text; this file and the tables of codes left out. */
const sources = listFiles()
  .filter((path) => /\.tsx?$/.test(path) && !/errors-page\.test|\/(viz-)?errors?\.ts$/.test(path))
  .map((path) => [path, read(path)] as const);

/** The codes that no file whose path matches `where` has outside of its comments. */
function absent(codes: readonly string[], where: RegExp): string[] {
  const texts = sources.filter(([path]) => where.test(path)).map(([, text]) => text);
  const words = texts.flatMap(
    (text) => text.replace(/\/\*[^]*?\*\/|\/\/.*/g, "").match(/\b[A-Z][A-Z0-9_]+\b/g) ?? [],
  );
  const found = new Set(words);
  return codes.filter((code) => !found.has(code));
}

test("each code has one row, and each row a code", () => {
  expect(tensorCodes.length).toBeGreaterThan(50);
  expect(vizCodes.length).toBeGreaterThan(3);
  const documented = rows.map(({ code }) => code);
  expect(documented.toSorted()).toEqual([...tensorCodes, ...vizCodes].toSorted());
});

test.each(rows)("the row of $code", ({ code, kind, meaning, advice, retryable }) => {
  const error = code.startsWith("VIZ_")
    ? new VizError(code as VizErrorCode, "")
    : new PrismaError(code as ErrorCode, "");
  expect(kind).toBe(error.kind);
  expect(retryable).toBe(error.retryable ? "yes" : "no");
  expect(meaning).toMatch(/\.$/);
  expect(advice).toMatch(/\.$/);
});

test("each kind is explained once", () => {
  const kinds = between("packages/tensor/src/errors.ts", "type ErrorKind =", ";").match(
    /[A-Z_]{3,}/g,
  );
  const explained = between("docs/errors.md", "## Kinds", "\n## ").matchAll(/^\| ([A-Z_]+) \|/gm);
  expect([...explained].map(([, kind]) => kind)).toEqual(kinds);
});

test("each code is thrown somewhere", () => {
  expect(absent([...tensorCodes, ...vizCodes], /^packages\/[^/]+\/src\//)).toEqual([]);
});

test("each code is in a test", () => {
  expect(absent([...tensorCodes, ...vizCodes], /(^|\/)test\//)).toEqual([]);
});
