// The files of the repository: what git knows or would add, or in a copy without git all but outputs.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const outputs = /^(node_modules|dist|coverage|\.git|\.turbo|\.vite|__pycache__|\.venv)$/;

/** Paths relative to the root, with forward slashes, ignored files left out. */
export function listFiles(): string[] {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
  const result = spawnSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  const paths = result.status === 0 ? result.stdout.split("\0") : walk("");
  return [...new Set(paths)].filter((path) => path !== "" && existsSync(root + path)).sort();
}

function walk(folder: string): string[] {
  return readdirSync(root + folder, { withFileTypes: true }).flatMap((entry) => {
    if (outputs.test(entry.name)) return [];
    return entry.isDirectory() ? walk(`${folder}${entry.name}/`) : [folder + entry.name];
  });
}

/** The text of a file, or undefined where it is binary. */
export function readText(path: string): string | undefined {
  const bytes = readFileSync(root + path);
  return bytes.subarray(0, 8000).includes(0) ? undefined : bytes.toString("utf8");
}
