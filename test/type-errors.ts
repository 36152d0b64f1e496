// What the compiler says of code that documentation shows, as if it stood in this folder under the project's own options.
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { repositoryFile } from "./repository-file.ts";

const root = fileURLToPath(repositoryFile(""));
const configFile = `${root}tsconfig.base.json`;

/** Type errors of `sources`, file names to texts; each is a module of its own. */
export function typeErrors(sources: ReadonlyMap<string, string>): string[] {
  const { config }: { config?: unknown } = ts.readConfigFile(configFile, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const texts = new Map([...sources].map(([name, text]) => [`${root}test/${name}`, text]));
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (path) => texts.has(path) || fileExists(path);
  host.readFile = (path) => texts.get(path) ?? readFile(path);
  const program = ts.createProgram([...texts.keys()], options, host);
  return [...texts.keys()].flatMap((path) => {
    const file = program.getSourceFile(path);
    const found = [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ];
    return found.map((it) => `${path.slice(root.length)} ${errorText(it)}`);
  });
}

function errorText({ file, start = 0, messageText }: ts.Diagnostic): string {
  const line = file?.getLineAndCharacterOfPosition(start).line ?? 0;
  const source = file?.text.split("\n")[line]?.trim() ?? "";
  return `${source}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
}
