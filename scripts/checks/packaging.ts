// What a user gets who installs a package: its tarball, looked at by publint and by are-the-types-wrong.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkPackage, createPackageFromTarballData, type Package } from "@arethetypeswrong/core";
import {
  problemAffectsEntrypointResolution,
  problemKindInfo,
} from "@arethetypeswrong/core/problems";
import { packPackage } from "../pack-package.ts";
import { toolCheck } from "./command.ts";
import type { Report } from "./report.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** How a package of ES modules is found. `require` and resolution without `exports` are not supported. */
const resolutions = ["node16-esm", "bundler"] as const;

/** Entries that are run and never imported from: they export nothing, so there is nothing to type. */
const programs: readonly string[] = ["./worker"];

/** Packs the built package in `folder`, as `packages/tensor`: one report of its manifest and files, one of its types. */
export async function checkPackaging(folder: string): Promise<Report[]> {
  const tarballs = await mkdtemp(join(tmpdir(), "prisma-packaging-"));
  try {
    const tarball = await packPackage(root + folder, tarballs);
    const publint = "node_modules/publint/src/cli.js";
    const packed = createPackageFromTarballData(await readFile(tarball));
    return [
      toolCheck(`packaging of ${folder}`, publint, ["run", tarball, "--strict"]),
      { name: `types of the packed ${folder}`, problems: await typeProblems(packed) },
    ];
  } finally {
    await rm(tarballs, { recursive: true, force: true });
  }
}

/** What is wrong with the declarations of a package, one line per entry and way of resolving it. */
export async function typeProblems(packed: Package): Promise<string[]> {
  const analysis = await checkPackage(packed);
  if (analysis.types === false) return [`${packed.packageName} has no declarations`];
  const entries = Object.keys(analysis.entrypoints).filter((entry) => !programs.includes(entry));
  if (entries.length === 0) return [`${packed.packageName} has no entry`];
  return entries.flatMap((entry) =>
    resolutions.flatMap((resolution) =>
      analysis.problems
        .filter((it) => problemAffectsEntrypointResolution(it, entry, resolution, analysis))
        .map(({ kind }) => `${entry} by ${resolution}: ${problemKindInfo[kind].title}`),
    ),
  );
}
