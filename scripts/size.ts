// Sizes of the source, per package: files, lines, and what is over the limits of CONTRIBUTING.md; and of what a page ships.
import { pathToFileURL } from "node:url";
import { type FileShape, measureFile } from "./checks/file-shape.ts";
import type { Report } from "./checks/report.ts";
import { listFiles, readText } from "./checks/source-files.ts";
import { ceilings, gzippedSize, isBuilt, kilobytes } from "./size-ceilings.ts";

const fileLimit = 500;
const fileWarning = 300;
const functionLimit = 80;

/** Every hand-written TypeScript file of the packages, pages, benchmarks and tools. */
export function measureSources(paths: readonly string[]): FileShape[] {
  const counted = paths.filter(
    (path) => /^(packages|apps|bench|scripts)\/.*\.tsx?$/.test(path) && !/\/labels\//.test(path),
  );
  return counted.map((path) => measureFile(path, readText(path) ?? ""));
}

/** Files over 500 lines and functions over 80 fail; tests may have long functions. */
export function checkSizes(files: readonly FileShape[]): Report[] {
  const long = files.filter((file) => file.lines > fileLimit);
  const functions = files
    .filter((file) => !isTest(file.path))
    .flatMap((file) => file.functions.map((shape) => ({ path: file.path, ...shape })))
    .filter((shape) => shape.lines > functionLimit);
  return [
    {
      name: `no file over ${fileLimit} lines`,
      problems: long.map((file) => `${file.path}: ${file.lines} lines`),
    },
    {
      name: `no function over ${functionLimit} lines`,
      problems: functions.map((it) => `${it.path}:${it.line} ${it.name}: ${it.lines} lines`),
    },
  ];
}

/** One line per package: source files, lines, median and longest file, test lines. */
export function sizeTable(files: readonly FileShape[]): string[] {
  const rows = [...group(files)].map(([name, members]) => sizeRow(name, members));
  return ["package            files  lines  median  longest  median function  tests", ...rows];
}

/** What a page pays for a package and all below it, as far as it is built. */
async function bundleLine([name, ceiling]: readonly [string, number]): Promise<string> {
  if (!isBuilt(name)) return `@prisma/${name} in a page: not built`;
  const size = kilobytes(await gzippedSize(name));
  return `@prisma/${name} in a page: ${size} minified and gzipped, of ${kilobytes(ceiling)}`;
}

function sizeRow(name: string, files: readonly FileShape[]): string {
  const source = files.filter((file) => !isTest(file.path));
  const lengths = source.map((file) => file.lines);
  const functions = source.flatMap((file) => file.functions.map((shape) => shape.lines));
  const tests = files.filter((file) => isTest(file.path)).map((file) => file.lines);
  const cells: [number, number][] = [
    [source.length, 5],
    [sum(lengths), 7],
    [median(lengths), 8],
    [Math.max(0, ...lengths), 9],
    [median(functions), 17],
    [sum(tests), 7],
  ];
  return name.padEnd(19) + cells.map(([value, width]) => String(value).padStart(width)).join("");
}

function group(files: readonly FileShape[]): Map<string, FileShape[]> {
  const groups = new Map<string, FileShape[]>();
  for (const file of files) {
    const name = packageOf(file);
    groups.set(name, [...(groups.get(name) ?? []), file]);
  }
  return groups;
}

const packageOf = (file: FileShape) => /^((packages|apps)\/)?[^/]+/.exec(file.path)?.[0] ?? "";
const isTest = (path: string) => /\/test\//.test(path);
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const files = measureSources(listFiles());
  for (const row of sizeTable(files)) console.log(row);
  for (const line of await Promise.all(Object.entries(ceilings).map(bundleLine))) {
    console.log(line);
  }
  for (const file of files.filter((it) => it.lines > fileWarning)) {
    console.log(`long: ${file.path} has ${file.lines} lines`);
  }
  for (const problem of checkSizes(files).flatMap((report) => report.problems)) {
    console.log(`over the limit: ${problem}`);
    process.exitCode = 1;
  }
}
