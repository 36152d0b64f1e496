// What the compiler's parser sees in a source file: its length, its functions, its exported names.
import ts from "typescript";

/** A function and its length in lines, template text left out. */
export interface FunctionShape {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

/** The measured shape of one file. */
export interface FileShape {
  readonly path: string;
  readonly lines: number;
  readonly functions: readonly FunctionShape[];
  readonly exports: readonly string[];
}

/** Measures the file `path` with content `text`. */
export function measureFile(path: string, text: string): FileShape {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  const functions: FunctionShape[] = [];
  const visit = (node: ts.Node): void => {
    if (isNamedFunction(node)) functions.push(measureFunction(node, file));
    ts.forEachChild(node, visit);
  };
  visit(file);
  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  return { path, lines, functions, exports: file.statements.flatMap(exportedNames) };
}

type NamedFunction =
  | ts.FunctionDeclaration
  | ts.MethodDeclaration
  | ts.ConstructorDeclaration
  | ts.AccessorDeclaration
  | ts.ArrowFunction
  | ts.FunctionExpression;

function isNamedFunction(node: ts.Node): node is NamedFunction {
  if (ts.isArrowFunction(node) || ts.isFunctionExpression(node)) {
    return ts.isVariableDeclaration(node.parent) || ts.isPropertyDeclaration(node.parent);
  }
  return (
    ts.isFunctionDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isConstructorDeclaration(node) ||
    ts.isAccessor(node)
  );
}

function measureFunction(node: NamedFunction, file: ts.SourceFile): FunctionShape {
  const named = node.name ?? (ts.isVariableDeclaration(node.parent) ? node.parent.name : undefined);
  const start = lineOf(file, node.getStart(file));
  const templates = templateLines(node, file);
  return {
    name: named?.getText(file) ?? "constructor",
    line: start + 1,
    lines: lineOf(file, node.end) - start + 1 - templates,
  };
}

/** Lines that a template literal spans beyond its first: the text of shaders and the like. */
function templateLines(node: ts.Node, file: ts.SourceFile): number {
  if (ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateExpression(node)) {
    return lineOf(file, node.end) - lineOf(file, node.getStart(file));
  }
  let lines = 0;
  ts.forEachChild(node, (child) => {
    lines += templateLines(child, file);
  });
  return lines;
}

function lineOf(file: ts.SourceFile, position: number): number {
  return file.getLineAndCharacterOfPosition(position).line;
}

function exportedNames(statement: ts.Statement): string[] {
  if (ts.isExportDeclaration(statement)) {
    const clause = statement.exportClause;
    return clause !== undefined && ts.isNamedExports(clause)
      ? clause.elements.map((element) => element.name.text)
      : [];
  }
  if (!ts.canHaveModifiers(statement)) return [];
  const modifiers = ts.getModifiers(statement) ?? [];
  if (!modifiers.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword)) return [];
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map((declaration) => declaration.name.getText());
  }
  return "name" in statement && isIdentifier(statement.name) ? [statement.name.text] : [];
}

function isIdentifier(value: unknown): value is ts.Identifier {
  return typeof value === "object" && value !== null && "text" in value;
}
