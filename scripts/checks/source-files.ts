// The files of the repository that git knows or would add, read once.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Paths relative to the root, with forward slashes, ignored files left out. */
export function listFiles(): string[] {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
  const result = spawnSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  if (result.status !== 0) throw new Error(`git ls-files failed: ${result.stderr}`);
  const paths = result.stdout.split("\0").filter((path) => path !== "");
  return [...new Set(paths)].filter((path) => existsSync(root + path)).sort();
}

/** The text of a file, or undefined where it is binary. */
export function readText(path: string): string | undefined {
  const bytes = readFileSync(root + path);
  return bytes.subarray(0, 8000).includes(0) ? undefined : bytes.toString("utf8");
}
