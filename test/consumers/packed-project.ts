// A project as a user of the packages has it: a folder of its own, with nothing installed but what `pnpm pack` made.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
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

async function fillProject(root: string, packages: readonly string[]): Promise<string> {
  const [tarballs, folder] = [join(root, "tarballs"), join(root, "project")];
  await Promise.all([mkdir(tarballs), mkdir(folder)]);
  const files: string[] = [];
  for (const name of packages) {
    files.push(await packPackage(fileURLToPath(repositoryFile(`packages/${name}`)), tarballs));
  }
  await writeFile(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  const alone = ["--offline", "--no-audit", "--no-fund", "--cache", join(root, "cache")];
  await runProgram(folder, ["npm", "install", ...alone, ...files]);
  return folder;
}
