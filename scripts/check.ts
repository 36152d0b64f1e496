// Every check that needs no test runner: format, lint, types, walls, cycles, names, sizes, rules of
// the house, packaging. Prints a line per check and the totals.
import { toolCheck } from "./checks/command.ts";
import { checkHouseRules, checkPythonStaysInOracle } from "./checks/house-rules.ts";
import { checkImports } from "./checks/imports.ts";
import { checkFileNames } from "./checks/names.ts";
import { checkPackaging } from "./checks/packaging.ts";
import type { Report } from "./checks/report.ts";
import { listFiles } from "./checks/source-files.ts";
import { checkTypes } from "./checks/types.ts";
import { checkSizes, measureSources } from "./size.ts";

const paths = listFiles();
const sources = measureSources(paths);
const packages = paths.flatMap((path) => /^packages\/[^/]+(?=\/package\.json$)/.exec(path) ?? []);

const groups: readonly (() => Report[] | Promise<Report[]>)[] = [
  () => [toolCheck("format", "node_modules/oxfmt/bin/oxfmt", ["--check"])],
  () => [toolCheck("lint", "node_modules/oxlint/bin/oxlint", [])],
  () => checkTypes(paths),
  () => checkImports(),
  () => [checkFileNames(sources), ...checkSizes(sources)],
  () => [...checkHouseRules(paths), checkPythonStaysInOracle(paths)],
  ...packages.map((folder) => () => checkPackaging(folder)),
];

let failed = 0;
let passed = 0;
for (const group of groups) {
  for (const { name, problems } of await group()) {
    if (problems.length === 0) passed++;
    else failed++;
    console.log(`${problems.length === 0 ? "  ok  " : " FAIL "} ${name}`);
    for (const problem of problems) console.log(problem.replace(/^/gm, "        "));
  }
}
console.log(`${passed} passed, ${failed} failed, 0 skipped`);
process.exitCode = failed > 0 ? 1 : 0;
