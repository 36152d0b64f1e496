// Somebody installs @prisma/analysis and nothing else: it runs in Node, its types hold, and a page can bundle it.
import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ClassRow } from "../../packages/analysis/src/index.ts";
import { init } from "../../packages/tensor/src/index.ts";
import { goldenFolder, readExpected } from "../../packages/vit/test/golden-set.ts";
import { bundleForPages } from "../../scripts/bundle-for-pages.ts";
import { repositoryFile } from "../repository-file.ts";
import { codeBlocks } from "../run-example.ts";
import { areBuilt, createProject, runProgram, type PackedProject } from "./packed-project.ts";

const SLOW = 120_000;
const MODEL = "apps/demo/public/models/garment-scenes-vit";
const packages = ["tensor", "hooks", "vit", "clip", "analysis"];
const built = areBuilt(packages);
const pathOf = (path: string): string => fileURLToPath(repositoryFile(path));

/** A misspelt hook name must not compile, which it would if the declarations had come out as `any`. */
const TYPES = `
import { attributeLogits, topK, type ClassRow, type LogitAttribution } from "@prisma/analysis";
import { createViT } from "@prisma/vit";
import { tensor } from "@prisma/tensor";
const model = await createViT({ nLayers: 2, dModel: 32, patchSize: 7, imageSize: 28 });
const hook = model.hookPoint("blocks.1.attn.hook_z");
// @ts-expect-error there is no such hook
model.hookPoint("blocks.1.attn.hook_zz");
// @ts-expect-error there is no such layer
model.hookPoint("blocks.2.attn.hook_z");
const [best]: ClassRow[] = await topK(tensor([1, 2]), null, 1);
// @ts-expect-error there may be no class
export const label: string = best.label + hook.name;
declare const images: import("@prisma/tensor").Tensor;
export const shares: LogitAttribution = await attributeLogits(model, images, { target: [0, 1], by: "head" });
// @ts-expect-error there is no such way to split
await attributeLogits(model, images, { target: 0, by: "neuron" });
`;

describe.skipIf(!built)(`@prisma/analysis alone${built ? "" : " (run pnpm build first)"}`, () => {
  let project: PackedProject | null = null;
  let folder = "";
  beforeAll(async () => {
    project = await createProject(packages);
    ({ folder } = project);
  }, SLOW);
  afterAll(() => project?.remove());

  test("brings our own packages, the library of tokenizers, and nothing else", async () => {
    const modules = await readdir(join(folder, "node_modules"));
    expect(modules.filter((name) => !name.startsWith("."))).toEqual(["@huggingface", "@prisma"]);
    expect(await readdir(join(folder, "node_modules/@huggingface"))).toEqual(["tokenizers"]);
    expect((await readdir(join(folder, "node_modules/@prisma"))).sort()).toEqual(
      [...packages].sort(),
    );
  });

  test("answers in Node as PyTorch does", { timeout: SLOW }, async () => {
    const device = await init({ device: "wasm", threads: 1 });
    const golden = goldenFolder("garment-scenes-vit");
    const { values, tolerance, shape } = (
      await readExpected(golden, ["fingerprints.safetensors"])
    ).get("output")!;
    const attribution = await readExpected(repositoryFile("packages/analysis/test/golden/"), [
      "attribution-garment-scenes-vit.safetensors",
    ]);
    await device.dispose();
    const scenes = Array.from({ length: shape[0]! }, (_, i) => `${String(i).padStart(3, "0")}.png`);
    await copyFile(pathOf("test/consumers/answer.mjs"), join(folder, "answer.mjs"));
    const pictures = scenes.map((scene) => pathOf(`${MODEL}/scenes/${scene}`));
    const command = [process.execPath, "answer.mjs", pathOf(MODEL), ...pictures];
    const { answers, heads } = JSON.parse(await runProgram(folder, command)) as {
      answers: ClassRow[][];
      heads: number[];
    };
    expect(answers).toHaveLength(16);
    const errors = answers.flatMap((rows, scene) =>
      rows.map(({ index, logit }) => Math.abs(logit - values[scene * 10 + index]!)),
    );
    expect(errors).toHaveLength(160);
    expect(Math.max(...errors)).toBeLessThanOrEqual(tolerance);
    expect(answers[0]![0]).toMatchObject({ rank: 1, label: "Dress" });
    const shares = attribution.get("pair.head")!;
    const off = Array.from(shares.values, (share, i) => Math.abs(heads[i]! - share));
    expect(Math.max(...off)).toBeLessThanOrEqual(shares.tolerance);
  });

  test.each([
    ["bundler", "esnext"],
    ["nodenext", "nodenext"],
  ])(
    "compiles with module resolution %s, libraries checked",
    { timeout: SLOW },
    async (moduleResolution, module) => {
      const readmes = ["README.md", ...packages.map((name) => `packages/${name}/README.md`)];
      const blocks = await Promise.all(
        readmes.map((path) => readFile(repositoryFile(path), "utf8")),
      );
      const sources = [TYPES, ...blocks.flatMap(codeBlocks)];
      const files = sources.map((_, at) => `source-${at}.ts`);
      await Promise.all(
        files.map((file, at) => writeFile(join(folder, file), `${sources[at]}\nexport {};\n`)),
      );
      const lib = ["es2022", "dom", "dom.iterable", "dom.asynciterable", "esnext.disposable"];
      const compilerOptions = {
        target: "es2022",
        lib,
        module,
        moduleResolution,
        strict: true,
        skipLibCheck: false,
        noEmit: true,
        noUncheckedIndexedAccess: true,
        types: [],
      };
      await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
      const compiler = pathOf("node_modules/typescript/bin/tsc");
      await expect(runProgram(folder, [process.execPath, compiler, "-p", "."])).resolves.toBe("");
    },
  );

  test("can be bundled for a page: nothing of Node is in it", async () => {
    const source = 'export { loadModel, testImage, topK } from "@prisma/analysis";';
    const { code, imports } = await bundleForPages(folder, source);
    expect(imports.length).toBeGreaterThan(3);
    expect(imports.filter((path) => /^node:|^#|\.node\.js$/.test(path))).toEqual([]);
    // The bundle itself, too: a dynamic import in the program of its workers is text to the bundler.
    expect(code.match(/\b(import|from|require)\b[\s(]*["'`](node:|#)[^"'`]*/g) ?? []).toEqual([]);
  });
});
