// Every public name of the packages, with what its documentation says: exports of `index.ts`, and members of exported classes.
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { signaturesOf } from "./signature.ts";

/** What a name stands for. */
export type NameKind = "function" | "class" | "type" | "value" | "method" | "property";

/** A name that users of a package see. */
export interface PublicName {
  /** `topK`, or `Tensor.sum` for a member of a class. */
  readonly name: string;
  /** Where it is declared, as `packages/tensor/src/create.ts:80`. */
  readonly place: string;
  readonly kind: NameKind;
  /** A function or a method; accessors are not. */
  readonly callable: boolean;
  /** How it is declared, without bodies: one text per overload. */
  readonly signatures: readonly string[];
  /** Its own documentation, or that of the member it implements; empty where there is none. */
  readonly description: string;
  /** The tags of its documentation but the examples, in order: `throws`, `param`, `returns`. */
  readonly tags: readonly { readonly name: string; readonly text: string }[];
  /** The text of each `@example`. */
  readonly examples: readonly string[];
}

const root = fileURLToPath(new URL("..", import.meta.url));
const entryOf = (name: string) => `${root}packages/${name}/src/index.ts`;

/** The public names of `packages`, by package. One program serves all of them. */
export function publicNames(packages: readonly string[]): Map<string, PublicName[]> {
  const program = ts.createProgram(packages.map(entryOf), {
    // The names and comments of our own files are all that is looked at.
    noLib: true,
    types: [],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    customConditions: ["@prisma/source"],
    allowImportingTsExtensions: true,
    noEmit: true,
  });
  const checker = program.getTypeChecker();
  return new Map(packages.map((name) => [name, namesOf(program, checker, entryOf(name))]));
}

function namesOf(program: ts.Program, checker: ts.TypeChecker, entry: string): PublicName[] {
  const source = program.getSourceFile(entry);
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${entry} exports nothing`);
  return checker.getExportsOfModule(module).flatMap((exported) => {
    const alias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
    const symbol = alias ? checker.getAliasedSymbol(exported) : exported;
    return [describe(symbol, exported.name, checker), ...membersOf(symbol, checker)];
  });
}

/** Members that a class has for everybody, its own and inherited ones of ours; not well-known symbols. */
function membersOf(symbol: ts.Symbol, checker: ts.TypeChecker): PublicName[] {
  if ((symbol.flags & ts.SymbolFlags.Class) === 0) return [];
  const members = checker.getDeclaredTypeOfSymbol(symbol).getProperties();
  return members
    .filter((member) => (member.declarations ?? []).every(isPublic))
    .filter((member) => !member.name.startsWith("__"))
    .map((member) => describe(member, `${symbol.name}.${member.name}`, checker));
}

function isPublic(declaration: ts.Declaration): boolean {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  const name = ts.getNameOfDeclaration(declaration);
  const hashed = name !== undefined && ts.isPrivateIdentifier(name);
  return !hashed && (ts.getCombinedModifierFlags(declaration) & hidden) === 0;
}

function describe(symbol: ts.Symbol, name: string, checker: ts.TypeChecker): PublicName {
  const declarations = symbol.declarations ?? [];
  const [first] = declarations;
  if (first === undefined) throw new Error(`${name} is declared nowhere`);
  const file = first.getSourceFile();
  const line = file.getLineAndCharacterOfPosition(first.getStart(file)).line + 1;
  const callable = declarations.some((it) => ts.isFunctionLike(it) && !ts.isAccessor(it));
  return {
    name,
    place: `${file.fileName.slice(root.length)}:${line}`,
    kind: kindOf(symbol, name.includes("."), callable),
    callable,
    signatures: signaturesOf(declarations),
    description: ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim(),
    tags: tagsOf(symbol, checker),
    examples: declarations.flatMap(examplesOf),
  };
}

function kindOf(symbol: ts.Symbol, member: boolean, callable: boolean): NameKind {
  if (member) return callable ? "method" : "property";
  if ((symbol.flags & ts.SymbolFlags.Class) !== 0) return "class";
  if ((symbol.flags & ts.SymbolFlags.Function) !== 0) return "function";
  return (symbol.flags & ts.SymbolFlags.Variable) === 0 ? "type" : "value";
}

function tagsOf(symbol: ts.Symbol, checker: ts.TypeChecker): PublicName["tags"] {
  return symbol
    .getJsDocTags(checker)
    .filter(({ name }) => name !== "example")
    .map(({ name, text }) => ({ name, text: ts.displayPartsToString(text).trim() }));
}

function examplesOf(declaration: ts.Declaration): string[] {
  return ts
    .getJSDocTags(declaration)
    .filter((tag) => tag.tagName.text === "example")
    .map((tag) => ts.getTextOfJSDocComment(tag.comment) ?? "");
}
