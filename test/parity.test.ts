// PARITY.md: it has every golden set, nothing in it is beyond what is allowed, and what it points to is there.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { repositoryFile } from "./repository-file.ts";

const text = readFileSync(repositoryFile("PARITY.md"), "utf8");
const rowsAfter = (heading: string): readonly string[][] =>
  (text.split(heading)[1] ?? "")
    .split("\n## ")[0]!
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .slice(1)
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

function goldenSets(): string[] {
  const folder = repositoryFile("packages/vit/test/golden/");
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .filter((name) => existsSync(new URL(`${name}/golden.json`, folder)));
}

test("every golden set was measured on both devices; `pnpm parity` measures", () => {
  const measured = rowsAfter("## Golden sets").map(([set, device]) => `${set} ${device}`);
  const wanted = goldenSets().flatMap((set) => [`\`${set}\` WASM`, `\`${set}\` WebGPU`]);
  expect(measured.sort()).toEqual(wanted.sort());
});

test("no error is beyond what is allowed", () => {
  const shares = rowsAfter("## Golden sets").flatMap((row) =>
    row.slice(3).map((cell) => Number(/\((\d+) %\)/.exec(cell)?.[1])),
  );
  expect(shares.length).toBeGreaterThan(40);
  expect(shares.filter((share) => !(share <= 100))).toEqual([]);
});

test("a feature that is here is shown by something that exists", () => {
  const rows = rowsAfter("## Features");
  expect(rows.length).toBeGreaterThan(10);
  for (const [feature, , , here = "", shown = ""] of rows) {
    const path = /^`(.+)`$/.exec(shown)?.[1];
    expect([feature, here.startsWith("no"), path !== undefined]).toEqual([
      feature,
      path === undefined,
      path !== undefined,
    ]);
    const exists = path === undefined || existsSync(repositoryFile(path));
    expect([path, exists]).toEqual([path, true]);
  }
});
