// Rules of the house that no linter has: each looks at the text of every file.
import type { Report } from "./report.ts";
import { readText } from "./source-files.ts";

interface Rule {
  readonly name: string;
  readonly applies: (path: string) => boolean;
  readonly forbidden: RegExp;
}

const isTypeScript = (path: string) => /\.tsx?$/.test(path);
const isTest = (path: string) => /(^|\/)test\//.test(path);

const rules: readonly Rule[] = [
  {
    name: "no path of one machine",
    applies: (path) => path !== "pnpm-lock.yaml",
    forbidden: /(?<![\w.~-])(\/(work|root|home|tmp|Users)\/|[A-Z]:\\Users\\)\w*/,
  },
  {
    name: "the lockfile names no host",
    applies: (path) => path === "pnpm-lock.yaml",
    forbidden: /^\s*(resolution: \{.*)?tarball:.*|registry\.[\w.]+/m,
  },
  {
    name: "no cast through unknown",
    applies: (path) => isTypeScript(path) && !isTest(path),
    forbidden: /\bas unknown as\b/,
  },
  {
    name: "no work left as a note",
    applies: (path) => isTypeScript(path),
    forbidden: /\b(TO[D]O|FIX[M]E|XX[X])\b/,
  },
  {
    name: "no test is left out or run alone",
    applies: (path) => isTypeScript(path) && isTest(path),
    forbidden: /\b(test|it|describe)\.(only|todo|skip)\b/,
  },
  {
    name: "each file begins with a comment on what it is",
    applies: (path) => /^(packages|apps|scripts|test)\/.*\.(tsx?|mjs)$/.test(path),
    forbidden: /^(?!\/\/ |\/\*\*?[ \n]|#!)/,
  },
];

/** One report per rule over `paths`. */
export function checkHouseRules(paths: readonly string[]): Report[] {
  return rules.map((rule) => ({
    name: rule.name,
    problems: paths.filter(rule.applies).flatMap((path) => violation(path, rule.forbidden)),
  }));
}

function violation(path: string, forbidden: RegExp): string[] {
  const text = readText(path);
  const match = text === undefined ? null : forbidden.exec(text);
  if (text === undefined || match === null) return [];
  const line = text.slice(0, match.index).split("\n").length;
  return [`${path}:${line} ${match[0].trim()}`];
}

/** Python is the language of the golden-file makers only. */
export function checkPythonStaysInOracle(paths: readonly string[]): Report {
  const problems = paths.filter((path) => path.endsWith(".py") && !path.startsWith("oracle/"));
  return { name: "Python only in oracle", problems };
}
