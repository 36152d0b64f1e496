// ARCHITECTURE.md against the sources: the files it names exist, hold the functions it names, and do what it says.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadModel } from "../packages/analysis/src/index.ts";
import { type Device, explain, init, tensor, type Tensor } from "../packages/tensor/src/index.ts";
import { repositoryFile } from "./repository-file.ts";

const text = readFileSync(repositoryFile("ARCHITECTURE.md"), "utf8").replace(
  /^```[^]*?^```$/gm,
  "",
);

/** The file that a path of the text means: from the root, from the packages, or from the tensor package. */
function fileOf(path: string): URL | undefined {
  const folders = ["", "packages/", "packages/tensor/src/"];
  return folders.map((it) => repositoryFile(it + path)).find((it) => existsSync(it));
}

const inCode = (cell: string): string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);

/** Rows of the tables of files and functions. */
const rows = text
  .split("\n")
  .filter((line) => line.startsWith("| ") && /\.ts` \|/.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .map(([, step = "", files = "", names = ""]) => ({
    step,
    files: inCode(files),
    names: inCode(names),
  }));

/** Whether `source` declares a function, method, class or type called `name`. */
function declares(source: string, name: string): boolean {
  const declared = `^\\s*(export )?(abstract )?(async )?(function\\*?|class|interface|type|const) ${name}\\b`;
  const method = `^ {2}(protected |override |async |static |\\*)*${name}(<[^]*?>)?\\(`;
  return new RegExp(`${declared}|${method}`, "m").test(source);
}

function missing(files: readonly string[], names: readonly string[]): string[] {
  const sources = files.map((path) => [path, fileOf(path)] as const);
  const absent = sources.flatMap(([path, url]) => (url === undefined ? [path] : []));
  const all = sources.map(([, url]) => (url === undefined ? "" : readFileSync(url, "utf8")));
  return [...absent, ...names.filter((name) => !all.some((source) => declares(source, name)))];
}

describe("what it names", () => {
  test("both ways are told step by step", () => {
    expect(rows.length).toBeGreaterThan(20);
  });

  test.each(rows)("$step", ({ files, names }) => {
    expect(names.length).toBeGreaterThan(0);
    expect(missing(files, names)).toEqual([]);
  });

  test("every other file and folder exists", () => {
    const paths = inCode(text).filter((it) => /^[\w./-]+\.(ts|md|mjs)$|^[\w-]+\/$/.test(it));
    expect(paths.length).toBeGreaterThan(30);
    expect(paths.filter((path) => fileOf(path) === undefined)).toEqual([]);
  });

  test("what is not there is found", () => {
    expect(missing(["ops/matmul.ts", "ops/none.ts"], ["matmul", "none"])).toEqual([
      "ops/none.ts",
      "none",
    ]);
  });
});

describe("what it claims", () => {
  let device: Device;
  beforeAll(async () => {
    device = await init({ device: "wasm", threads: 1 });
  });
  afterAll(() => device.dispose());

  test("product, bias and gelu are one kernel", () => {
    const zeros = (...shape: [number, number]): Tensor =>
      tensor(new Float32Array(shape[0] * shape[1])).reshape(shape);
    const [x, w, b] = [zeros(33, 96), zeros(96, 384), zeros(1, 384)];
    const { kernels } = explain(x.matmul(w).add(b).gelu());
    expect(kernels.map(({ family, labels }) => [family, ...labels])).toEqual([
      ["contract", "product", "add", "gelu"],
    ]);
    for (const one of [x, w, b]) one.dispose();
  });

  test("a hook on the pattern changes one kernel, the softmax's, and adds none", async () => {
    const folder = fileURLToPath(repositoryFile("apps/demo/public/models/garment-scenes-vit"));
    using model = await loadModel(folder);
    using image = await model.preprocess(`${folder}/scenes/000.png`);
    using plainOutput = model.forward(image);
    using hookedOutput = model.runWithHooks(image, {
      hooks: [["blocks.2.attn.hook_pattern", (pattern) => pattern.set([null, 3], 0)]],
    });
    const plain = explain(plainOutput).kernels;
    const hooked = explain(hookedOutput).kernels;
    expect(hooked).toHaveLength(plain.length);
    const changed = hooked.filter((it, at) => it.flops !== plain[at]!.flops);
    expect(changed.map(({ family, labels }) => [family, labels.includes("exp")])).toEqual([
      ["rows", true],
    ]);
  });

  test("a value inside a kernel is kept without another kernel", () => {
    using x = tensor([[1, 2, 3]]);
    using softmax = x.softmax(-1);
    using doubled = softmax.mul(2);
    expect(explain(doubled).kernels).toHaveLength(1);
    expect(explain(doubled, softmax).kernels).toHaveLength(1);
  });
});
