// Checks that are the exit code of an installed tool.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Report } from "./report.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Output and exit code of a script of an installed tool, run by this Node in the root folder. */
export function runTool(script: string, args: readonly string[]): { code: number; text: string } {
  const result = spawnSync(process.execPath, [script, ...args], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.error !== undefined) throw result.error;
  return { code: result.status ?? 1, text: result.stdout + result.stderr };
}

/** A check that passes when the tool exits with 0; its output is the complaint. */
export function toolCheck(name: string, script: string, args: readonly string[]): Report {
  const { code, text } = runTool(script, args);
  return { name, problems: code === 0 ? [] : [text.trim()] };
}
