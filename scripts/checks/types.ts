// Type checks of every project with the native compiler, type tests (*.test-d.ts) counted one by one.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runTool } from "./command.ts";
import type { Report } from "./report.ts";

const compiler = "node_modules/typescript7/bin/tsc";
const root = fileURLToPath(new URL("../..", import.meta.url));

/** One report per tsconfig.json below `paths`, and one per type test in it. */
export function checkTypes(paths: readonly string[]): Report[] {
  const folders = paths
    .filter((path) => /(^|\/)tsconfig\.json$/.test(path))
    .map((path) => path.replace(/\/?tsconfig\.json$/, ""));
  return folders.flatMap((folder) => checkProject(folder, paths));
}

function checkProject(folder: string, paths: readonly string[]): Report[] {
  const project = folder === "" ? "." : folder;
  if (!existsSync(root + compiler)) throw new Error("the native TypeScript is not installed");
  const { code, text } = runTool(compiler, ["-p", project, "--pretty", "false"]);
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const tests = paths.filter(
    (path) => folder !== "" && path.startsWith(`${folder}/`) && path.endsWith(".test-d.ts"),
  );
  const inTest = (line: string) => tests.some((test) => line.startsWith(`${test}(`));
  const others = lines.filter((line) => !inTest(line));
  const silent = code !== 0 && lines.length === 0 ? [`tsc ended with exit code ${code}`] : [];
  return [
    { name: `types of ${project}`, problems: [...others, ...silent] },
    ...tests.map((test) => ({
      name: `type test ${test}`,
      problems: lines.filter((line) => line.startsWith(`${test}(`)),
    })),
  ];
}
