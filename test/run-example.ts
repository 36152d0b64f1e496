// Runs the TypeScript examples of a README as they stand, with the packages from their sources.
import { readFile } from "node:fs/promises";
import { runCode } from "./run-code.ts";

/** What an example may import, by the name it imports from. */
export type Modules = Readonly<Record<string, object>>;

/** The `ts` blocks of a Markdown text, in order. */
export function codeBlocks(markdown: string): string[] {
  return [...markdown.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code = ""]) => code);
}

/** Imports become constants of the modules handed in. */
function withModules(code: string): string {
  return code.replace(
    /^import \{([^}]*)\} from ("[^"]+");$/gm,
    (_, names: string, from: string) =>
      `const {${names.replace(/\btype \w+,?/g, "")}} = modules[${from}];`,
  );
}

/**
 * Runs the `ts` block number `index` of the file at `readme` and gives the values of the constants it `defines`.
 * `replace`: addresses of the example and where they are here. `scope`: what it finds as globals.
 */
export async function runExample(
  readme: URL,
  options: {
    readonly modules: Modules;
    readonly defines: readonly string[];
    readonly index?: number;
    readonly replace?: Readonly<Record<string, string>>;
    readonly scope?: Readonly<Record<string, unknown>>;
  },
): Promise<Record<string, unknown>> {
  const { modules, defines, index = 0, replace = {}, scope = {} } = options;
  let code = codeBlocks(await readFile(readme, "utf8"))[index];
  if (code === undefined) throw new Error(`${readme.pathname} has no example ${index}`);
  for (const [from, to] of Object.entries(replace)) code = code.replaceAll(from, to);
  const found: Record<string, unknown> = {};
  const body = `${withModules(code)}\nObject.assign(found, { ${defines.join(", ")} });`;
  await runCode(body, { modules, found, ...scope });
  return found;
}
