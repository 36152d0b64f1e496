// Packs a package as publishing it would: the tarball that a user installs.
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const start = promisify(execFile);

/** Packs the package in `folder` into the folder `destination`, and gives the path of the tarball. */
export async function packPackage(folder: string, destination: string): Promise<string> {
  const [program = "", ...args] = [...(await pnpmCommand()), "pack", "--json"];
  const { stdout } = await start(program, [...args, "--pack-destination", destination], {
    cwd: folder,
    shell: process.platform === "win32",
  });
  const { filename }: { filename: string } = JSON.parse(stdout);
  return filename;
}

/** The pinned pnpm, found as `npm test` finds it: that script is plain JavaScript and has no types. */
async function pnpmCommand(): Promise<readonly string[]> {
  const url = new URL("pnpm.mjs", import.meta.url).href;
  const script: { pnpmCommand(): string[] } = await import(url);
  return script.pnpmCommand();
}
