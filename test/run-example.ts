// Runs the TypeScript examples of a README as they stand, with the packages from their sources.
import { readFile } from "node:fs/promises";
import ts from "typescript";

/** What an example may import, by the name it imports from. */
export type Modules = Readonly<Record<string, object>>;

/** Imports become constants of the modules handed in. */
function withModules(code: string): string {
  return code.replace(/^import \{([^}]*)\} from ("[^"]+");$/gm, "const {$1} = modules[$2];");
}

/**
 * Runs the `ts` block number `index` of the file at `readme` and gives the values of the constants it `defines`.
 * `replace`: addresses of the example and where they are here.
 */
export async function runExample(
  readme: URL,
  options: {
    readonly modules: Modules;
    readonly defines: readonly string[];
    readonly index?: number;
    readonly replace?: Readonly<Record<string, string>>;
  },
): Promise<Record<string, unknown>> {
  const { modules, defines, index = 0, replace = {} } = options;
  const blocks = [...(await readFile(readme, "utf8")).matchAll(/```ts\n([^]*?)```/g)];
  let code = blocks[index]?.[1];
  if (code === undefined) throw new Error(`${readme.pathname} has no example ${index}`);
  for (const [from, to] of Object.entries(replace)) code = code.replaceAll(from, to);
  const { ModuleKind, ScriptTarget } = ts;
  const body = `const example = async () => {${withModules(code)}\nreturn { ${defines.join(", ")} };};`;
  const { outputText } = ts.transpileModule(body, {
    compilerOptions: { target: ScriptTarget.ES2022, module: ModuleKind.ESNext },
  });
  const run: unknown = Reflect.construct(Function, [
    "modules",
    `${outputText}
return example();`,
  ]);
  if (typeof run !== "function") throw new Error("the example is no function");
  return run(modules);
}
