// Somebody takes @prisma/tensor into another tool: nothing comes with it, it computes in Node, and its types hold.
import { copyFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { repositoryFile } from "../repository-file.ts";
import { areBuilt, createProject, runProgram, type PackedProject } from "./packed-project.ts";

const built = areBuilt(["tensor"]);
const SLOW = 120_000;

const TYPES = `
import { grad, init, tensor, type Device, type Tensor } from "@prisma/tensor";
const device: Device = await init({ device: "wasm" });
export const x: Tensor = tensor([1, 2], { device });
export const slope: Tensor = grad((y: Tensor) => y.exp().sum())(x);
// @ts-expect-error there is no such operation
x.expp();
// @ts-expect-error there is no such device
await init({ device: "cuda" });
`;

describe.skipIf(!built)(`@prisma/tensor alone${built ? "" : " (run pnpm build first)"}`, () => {
  let project: PackedProject | null = null;
  let folder = "";
  beforeAll(async () => {
    project = await createProject(["tensor"]);
    ({ folder } = project);
  }, SLOW);
  afterAll(() => project?.remove());

  test("brings nothing with it", async () => {
    const modules = await readdir(join(folder, "node_modules"), { recursive: true });
    const manifests = modules.filter((path) => /(^|[\\/])package\.json$/.test(path));
    expect(manifests).toEqual([join("@prisma", "tensor", "package.json")]);
  });

  test("computes, differentiates, writes and reads in Node", { timeout: SLOW }, async () => {
    const script = fileURLToPath(repositoryFile("test/consumers/compute.mjs"));
    await copyFile(script, join(folder, "compute.mjs"));
    expect(JSON.parse(await runProgram(folder, [process.execPath, "compute.mjs"]))).toEqual({
      product: [
        [7, 10],
        [15, 22],
      ],
      slope: [
        [2, 4],
        [6, 8],
      ],
      read: [
        [1, 2],
        [3, 4],
      ],
    });
  });

  test("compiles, libraries checked", { timeout: SLOW }, async () => {
    await writeFile(join(folder, "source.ts"), `${TYPES}\nexport {};\n`);
    const compilerOptions = {
      target: "es2022",
      lib: ["es2022", "dom", "dom.iterable", "dom.asynciterable", "esnext.disposable"],
      module: "nodenext",
      moduleResolution: "nodenext",
      strict: true,
      skipLibCheck: false,
      noEmit: true,
      types: [],
    };
    const config = { compilerOptions, files: ["source.ts"] };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
    const compiler = fileURLToPath(repositoryFile("node_modules/typescript/bin/tsc"));
    await expect(runProgram(folder, [process.execPath, compiler, "-p", "."])).resolves.toBe("");
  });
});
