// The checks of `pnpm check` complain where they should: each is shown something wrong.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Package } from "@arethetypeswrong/core";
import { expect, test } from "vitest";
import { measureFile } from "../scripts/checks/file-shape.ts";
import { checkFileNames } from "../scripts/checks/names.ts";
import { typeProblems } from "../scripts/checks/packaging.ts";
import { checkSizes } from "../scripts/size.ts";
import { untar } from "../scripts/untar.ts";

test("functions are measured without the text of their templates", () => {
  const source = "export function shader(): string {\n  return `a\nb\nc`;\n}\n";
  const { lines, functions, exports } = measureFile("a.ts", source);
  expect(lines).toBe(5);
  expect(functions).toEqual([{ name: "shader", line: 1, lines: 3 }]);
  expect(exports).toEqual(["shader"]);
});

test("a file over 500 lines and a function over 80 are complaints", () => {
  const body = "  x;\n".repeat(499);
  const file = measureFile("packages/a/src/b.ts", `function b(): void {\n${body}}\n`);
  const [files, functions] = checkSizes([file]);
  expect(files?.problems).toEqual(["packages/a/src/b.ts: 501 lines"]);
  expect(functions?.problems).toEqual(["packages/a/src/b.ts:1 b: 501 lines"]);
});

test("a file exports something of its name, and the name says something", () => {
  const problems = (path: string, source: string) =>
    checkFileNames([measureFile(`packages/a/src/${path}`, source)]).problems;
  expect(problems("layer-norm.ts", "export const layerNorm = 1;")).toEqual([]);
  expect(problems("errors.ts", "export class PrismaError {}")).toEqual([]);
  expect(problems("layer-norm.ts", "export const softmax = 1;")).toHaveLength(1);
  expect(problems("utils.ts", "export const utils = 1;")).toHaveLength(1);
});

test("declarations that do not fit the code, or are not there, are complaints", async () => {
  const files = { "index.js": "export const a = 1;", "index.d.ts": "export const a: number;" };
  const complaints = (type: string, sources: Record<string, string>) => {
    const entries = { ".": { types: "./index.d.ts", default: "./index.js" }, "./worker": "./w.js" };
    const manifest = { name: "a", version: "1.0.0", type, exports: entries };
    const all = { "package.json": JSON.stringify(manifest), "w.js": "", ...sources };
    const inPlace = Object.entries(all).map(([path, text]) => [`/node_modules/a/${path}`, text]);
    return typeProblems(new Package(Object.fromEntries(inPlace), "a", "1.0.0"));
  };
  expect(await complaints("module", files)).toEqual([]);
  expect(await complaints("module", { "index.js": "" })).toEqual(["a has no declarations"]);
  const other = { "index.js": files["index.js"], "other.d.ts": "" };
  expect(await complaints("module", other)).toEqual([
    ". by node16-esm: Could not find types",
    ". by bundler: Could not find types",
  ]);
  expect(await complaints("commonjs", files)).not.toEqual([]);
});

test("an archive is unpacked with its modes, and cannot write outside of its folder", () => {
  const folder = mkdtempSync(join(tmpdir(), "untar-"));
  try {
    untar(archive("a/b.txt", "text"), folder);
    expect(readFileSync(join(folder, "a/b.txt"), "utf8")).toBe("text");
    expect(() => untar(archive("../b.txt", "text"), folder)).toThrow("outside");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function archive(name: string, content: string): Buffer {
  const blocks = Buffer.alloc(4 * 512);
  blocks.write(name, 0);
  blocks.write("0000644\0", 100);
  blocks.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
  blocks.write("0", 156);
  blocks.write(content, 512);
  return blocks;
}
