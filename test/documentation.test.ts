// What the Markdown files say: their TypeScript runs and compiles, their links lead somewhere, their commands exist.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test, vi } from "vitest";
import * as analysis from "../packages/analysis/src/index.ts";
import * as clip from "../packages/clip/src/index.ts";
import * as hooks from "../packages/hooks/src/index.ts";
import * as tensor from "../packages/tensor/src/index.ts";
import * as vit from "../packages/vit/src/index.ts";
import * as viz from "../packages/viz/src/index.ts";
import { listFiles } from "../scripts/checks/source-files.ts";
import { brokenLinks } from "./broken-links.ts";
import { nodeDocument } from "./node-document.ts";
import { repositoryFile } from "./repository-file.ts";
import { codeBlocks, runExample } from "./run-example.ts";
import { typeErrors } from "./type-errors.ts";
import { unknownCommands } from "./unknown-commands.ts";

const pages = listFiles()
  .filter((path) => path.endsWith(".md"))
  .map((path) => [path, readFileSync(repositoryFile(path), "utf8")] as const);
const blocks = pages.flatMap(([path, text]) =>
  codeBlocks(text).map((code, index) => ({ path, index, code })),
);

const modules = {
  "@prisma/tensor": tensor,
  "@prisma/hooks": hooks,
  "@prisma/vit": vit,
  "@prisma/clip": clip,
  "@prisma/analysis": analysis,
  "@prisma/viz": viz,
};
const readmeOf = (name: string): string => `packages/${name.replace("@prisma/", "")}/README.md`;
const smallClip = fileURLToPath(repositoryFile("packages/clip/test/golden/clip"));
const models = fileURLToPath(repositoryFile("apps/demo/public/models/"));

afterEach(() => vi.unstubAllGlobals());

/** Runs a block on a device of its own and gives what it prints. */
async function runBlock(path: string, index = 0): Promise<unknown[][]> {
  const printed: unknown[][] = [];
  if (path.includes("viz")) vi.stubGlobal("document", nodeDocument());
  const device = await tensor.init({ device: "wasm", threads: 1 });
  try {
    await runExample(repositoryFile(path), {
      modules,
      index,
      defines: [],
      replace: {
        '"models/small-clip"': JSON.stringify(smallClip),
        '"apps/demo/public/models/': `"${models}`,
        '"models/': `"${models}`,
      },
      scope: { console: { log: (...values: unknown[]) => printed.push(values) } },
    });
  } finally {
    for (const one of new Set([device, tensor.maybeCurrentDevice()])) await one?.dispose();
  }
  return printed;
}

describe("code", () => {
  // The packages' own tests look at what their pages compute; here none can be left out.
  test.each(blocks)("$path, block $index, runs", async ({ path, index }) => {
    await expect(runBlock(path, index)).resolves.toBeDefined();
  });

  test("every package's page has code", () => {
    const shown = new Set(blocks.map(({ path }) => path));
    const readmes = ["README.md", ...Object.keys(modules).map(readmeOf)];
    expect(readmes.filter((path) => !shown.has(path))).toEqual([]);
  });

  test("all of it compiles", () => {
    const sources = blocks.map(({ path, index, code }) => {
      const name = `${path.replaceAll(/\W/g, "-")}-${index}.ts`;
      return [name, code.replaceAll(/"@prisma\/(\w+)"/g, '"../packages/$1/src/index.ts"')] as const;
    });
    expect(typeErrors(new Map(sources))).toEqual([]);
  });

  test("of the first page answers, shows the shape it says, and answers again without a head", async () => {
    const [answer, shape, cut] = (await runBlock("README.md")).map(([value]) => value);
    expect(answer).toMatchObject([{ rank: 1, label: "Dress" }, { rank: 2, label: "Trouser" }, {}]);
    expect(shape).toEqual([1, 4, 33, 33]);
    expect(cut).toHaveLength(3);
    expect(cut).not.toEqual(answer);
  });

  test("of the tensor package gives a loss and its gradient", async () => {
    const [device, loss, gradient] = (await runBlock("packages/tensor/README.md")).flat();
    expect(device).toMatch(/WebAssembly|WebGPU/);
    // w x = [-1.5, -2.5]; gelu(y) = y P(y), gelu'(y) = P(y) + y p(y), with P and p of the normal distribution from a table.
    const [p1, p2, d1, d2] = [0.0668072, 0.0062097, 0.1295176, 0.0175283];
    const [slope1, slope2] = [p1 - 1.5 * d1, p2 - 2.5 * d2];
    expect(loss).toBeCloseTo(-1.5 * p1 - 2.5 * p2, 6);
    const [first, second] = gradient as [number, number];
    expect(first).toBeCloseTo(slope1 + 3 * slope2, 6);
    expect(second).toBeCloseTo(2 * slope1 + 4 * slope2, 6);
  });
});

describe("links", () => {
  test.each(pages)("of %s lead somewhere", (path, text) => {
    expect(brokenLinks(path, text)).toEqual([]);
  });

  test("that lead nowhere are found", () => {
    const text =
      "# A b\n[1](no.md) [2](#a-b) [3](#b) ![4](docs/none.png) `[5](x)` [6](https://x.y)\n[7]: z";
    expect(brokenLinks("README.md", text)).toEqual(["no.md", "#b", "docs/none.png", "z"]);
  });
});

describe("commands", () => {
  test.each(pages)("of %s exist", (_, text) => {
    expect(unknownCommands(text)).toEqual([]);
  });

  test("that do not exist are found", () => {
    const shown = ["npm tset", "pnpm --filter demo fly", "pnpm --filter none dev", "npx nothing"];
    const spans = [
      ...shown,
      "PORT=1 npm start",
      "pnpm --filter demo dev",
      "npm i pnpm@1.0.0",
      "pnpm",
    ];
    const text = `${spans.map((it) => `\`${it}\``).join(" ")}\n\`\`\`sh\nnpm stop # ends\n\`\`\`\n`;
    expect(unknownCommands(text)).toEqual(["npm stop", ...shown, "npm i pnpm@1.0.0"]);
  });
});
