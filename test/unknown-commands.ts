// Commands of npm, pnpm and npx that Markdown shows and that this repository does not have.
import { existsSync, readFileSync } from "node:fs";
import { listFiles } from "../scripts/checks/source-files.ts";
import { repositoryFile } from "./repository-file.ts";

interface Manifest {
  readonly name?: string;
  readonly packageManager?: string;
  readonly scripts?: Readonly<Record<string, string>>;
}

/** What the tools themselves can do, as far as our pages speak of it. */
const builtIn: Readonly<Record<string, readonly string[]>> = {
  npm: ["install", "i"],
  pnpm: ["install", "pack", "exec"],
};

const readManifest = (path: string): Manifest =>
  JSON.parse(readFileSync(repositoryFile(path), "utf8"));

/** Every command of `markdown`, in code, that cannot be run here. */
export function unknownCommands(markdown: string): string[] {
  return commandsOf(markdown).filter((command) => !isKnown(command.split(/\s+/)));
}

/** Commands in code spans and shell blocks, without variables set before them and comments behind. */
function commandsOf(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```(?:sh|bash|shell)\n([^]*?)^```$/gm)];
  const lines = blocks.flatMap(([, block = ""]) => block.split("\n"));
  const prose = markdown.replace(/^```[^]*?^```$/gm, "");
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span = ""]) => span);
  return [...lines, ...spans]
    .map((line) =>
      line
        .replace(/^(\s*\w+=\S+)+\s+/, "")
        .replace(/\s+#.*$/, "")
        .trim(),
    )
    .filter((line) => /^(npm|pnpm|npx)\s/.test(line));
}

function isKnown([tool = "", ...rest]: readonly string[]): boolean {
  if (rest.some((word) => word.startsWith("pnpm@") && word !== pinnedPnpm())) return false;
  if (tool === "npx") return isExecutable(rest.find((word) => !word.startsWith("-")) ?? "");
  const filter = rest[0] === "--filter" ? rest[1] : undefined;
  const words = filter === undefined ? rest : rest.slice(2);
  const name = words[0] === "run" ? words[1] : words[0];
  const scripts = scriptsOf(filter);
  if (name === undefined || scripts === undefined) return false;
  if (name in scripts || (builtIn[tool] ?? []).includes(name)) return true;
  return tool === "pnpm" && isExecutable(name);
}

/** Scripts of the root, or of the package called `name`; undefined when there is none. */
function scriptsOf(name: string | undefined): Readonly<Record<string, string>> | undefined {
  const paths = listFiles().filter((path) => /(^|\/)package\.json$/.test(path));
  const manifests = name === undefined ? ["package.json"] : paths;
  const found = manifests.map(readManifest).find((it) => name === undefined || it.name === name);
  return found === undefined ? undefined : (found.scripts ?? {});
}

function isExecutable(name: string): boolean {
  return name === pinnedPnpm() || existsSync(repositoryFile(`node_modules/.bin/${name}`));
}

const pinnedPnpm = (): string =>
  readManifest("package.json").packageManager?.split("+")[0] ?? "pnpm";
