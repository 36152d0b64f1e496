// Runs TypeScript that documentation shows: types are taken out, `using` is lowered, names come from a scope handed in.
import ts from "typescript";

/** Runs `code` as the body of an asynchronous function in which the names of `scope` can be used. */
export async function runCode(
  code: string,
  scope: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const { outputText } = ts.transpileModule(`const shown = async () => {${code}\n};`, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  const names = Object.keys(scope);
  const run: unknown = Reflect.construct(Function, [...names, `${outputText}\nreturn shown();`]);
  if (typeof run !== "function") throw new Error("the code is no function");
  return run(...Object.values(scope));
}
