// What a page pays for each package stays under its ceiling.
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { ceilings, excess, gzippedSize, isBuilt } from "../scripts/size-ceilings.ts";
import { repositoryFile } from "./repository-file.ts";

test("every package has a ceiling", () => {
  expect(Object.keys(ceilings).sort()).toEqual(readdirSync(repositoryFile("packages")).sort());
});

for (const name of Object.keys(ceilings)) {
  const built = isBuilt(name);
  test.skipIf(!built)(`@prisma/${name}${built ? "" : " (run pnpm build first)"}`, async () => {
    const bytes = await gzippedSize(name);
    expect(bytes).toBeGreaterThan(1000);
    expect(excess(name, bytes)).toBeNull();
  });
}

test("a package over its ceiling is told by how much", () => {
  const ceiling = ceilings["viz"]!;
  expect(excess("viz", ceiling)).toBeNull();
  expect(excess("viz", ceiling + 1500)).toMatch(/^viz: .* kB gzipped, 1\.5 kB over its ceiling of/);
  expect(excess("other", 1)).toContain("no ceiling");
});
