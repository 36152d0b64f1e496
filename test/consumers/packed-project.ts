// A project as a user of the packages has it: a folder of its own, with nothing installed but what was packed here: our packages, and what they need.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { packPackage } from "../../scripts/pack-package.ts";
import { repositoryFile } from "../repository-file.ts";

const start = promisify(execFile);
const shell = process.platform === "win32";

/** Runs a program to its end and gives what it prints; its complaints are the error when it fails. */
export async function runProgram(folder: string, command: readonly string[]): Promise<string> {
  const [program = "", ...args] = command;
  try {
    return (await start(program, args, { cwd: folder, shell })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command.join(" ")}\n${stdout ?? ""}${stderr ?? ""}`, { cause: error });
  }
}

/** Whether every one of `packages` has been built. */
export const areBuilt = (packages: readonly string[]): boolean =>
  packages.every((name) => existsSync(repositoryFile(`packages/${name}/dist/index.js`)));

/** A temporary project. */
export interface PackedProject {
  readonly folder: string;
  /** Deletes it. */
  remove(): Promise<void>;
}

/** A project with `packages` installed from their tarballs; no registry and no cache is in reach. */
export async function createProject(packages: readonly string[]): Promise<PackedProject> {
  const root = await mkdtemp(join(tmpdir(), "prisma-consumer-"));
  const remove = (): Promise<void> => rm(root, { recursive: true, force: true });
  try {
    return { folder: await fillProject(root, packages), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Folders of everything that is not ours and that the packages in `folders` need to run, and what that needs. */
async function librariesOf(folders: readonly string[]): Promise<readonly string[]> {
  const found = new Set<string>();
  const search = async (folder: string): Promise<void> => {
    const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as {
      readonly dependencies?: Readonly<Record<string, string>>;
    };
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      if (name.startsWith("@prisma/")) continue;
      const library = await installedFolder(folder, name);
      if (found.has(library)) continue;
      found.add(library);
      await search(library);
    }
  };
  for (const folder of folders) await search(folder);
  return [...found];
}

/** Where the package `name` lies that code in `folder` imports. */
async function installedFolder(folder: string, name: string): Promise<string> {
  const places = createRequire(join(folder, "package.json")).resolve.paths(name) ?? [];
  const place = places.find((one) => existsSync(join(one, name, "package.json")));
  if (place === undefined) throw new Error(`${name} is not installed for ${folder}`);
  return realpath(join(place, name));
}

/** Packs a library as it is installed here; what it would run before packing is its authors' business. */
async function packLibrary(folder: string, into: string): Promise<string> {
  const options = ["--ignore-scripts", "--silent", "--pack-destination", into];
  const name = (await runProgram(folder, ["npm", "pack", ...options])).trim();
  return join(into, name);
}

async function fillProject(root: string, packages: readonly string[]): Promise<string> {
  const [tarballs, folder] = [join(root, "tarballs"), join(root, "project")];
  await Promise.all([mkdir(tarballs), mkdir(folder)]);
  const files: string[] = [];
  const sources = packages.map((name) => fileURLToPath(repositoryFile(`packages/${name}`)));
  for (const source of sources) files.push(await packPackage(source, tarballs));
  for (const library of await librariesOf(sources))
    files.push(await packLibrary(library, tarballs));
  await writeFile(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  const alone = ["--offline", "--no-audit", "--no-fund", "--cache", join(root, "cache")];
  await runProgram(folder, ["npm", "install", ...alone, ...files]);
  return folder;
}
