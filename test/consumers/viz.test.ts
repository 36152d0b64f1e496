// Somebody takes @prisma/viz into another tool: nothing comes with it, and it draws in Node.
import { copyFile, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { repositoryFile } from "../repository-file.ts";
import { areBuilt, createProject, runProgram, type PackedProject } from "./packed-project.ts";

const built = areBuilt(["viz"]);

describe.skipIf(!built)(`@prisma/viz alone${built ? "" : " (run pnpm build first)"}`, () => {
  let project: PackedProject | null = null;
  let folder = "";
  beforeAll(async () => {
    project = await createProject(["viz"]);
    ({ folder } = project);
  }, 60_000);
  afterAll(() => project?.remove());

  test("brings nothing with it", async () => {
    const modules = await readdir(join(folder, "node_modules"), { recursive: true });
    const manifests = modules.filter((path) => /(^|[\\/])package\.json$/.test(path));
    expect(manifests).toEqual([join("@prisma", "viz", "package.json")]);
  });

  test("draws a figure as SVG in Node", async () => {
    const { resolve } = createRequire(repositoryFile("packages/viz/package.json"));
    await copyFile(
      fileURLToPath(repositoryFile("test/consumers/draw.mjs")),
      join(folder, "draw.mjs"),
    );
    const library = pathToFileURL(resolve("linkedom")).href;
    const page = await runProgram(folder, [process.execPath, "draw.mjs", library]);
    const svg = /<svg[^]*?<\/svg>/.exec(page)?.[0];
    expect(svg).toContain('d="M0 1h2M1 0v2"');
    expect(svg).toMatch(/<rect y="0" x="1"/);
    expect(page).toMatch(/^<style>[^]*--prisma-ink[^]*<\/style>\n<figure aria-label="Four greys"/);
  });
});
