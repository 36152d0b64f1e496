// How a name is declared, as text for a reader: without bodies, documentation and words that only the compiler needs.
import ts from "typescript";

/** One text per overload, or one for everything that is not overloaded. */
export function signaturesOf(declarations: readonly ts.Declaration[]): string[] {
  const bodiless = declarations.filter((it) => !hasBody(it));
  const shown = bodiless.length > 0 ? bodiless : declarations;
  return [...new Set(shown.map(signatureOf))];
}

function hasBody(declaration: ts.Declaration): boolean {
  return ts.isFunctionLike(declaration) && "body" in declaration && declaration.body !== undefined;
}

function signatureOf(declaration: ts.Declaration): string {
  const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  const file = declaration.getSourceFile();
  const start = statement.getStart(file);
  const { character } = file.getLineAndCharacterOfPosition(start);
  const text = file.text.slice(start, endOf(declaration, file)).trim();
  const dedented = text.replaceAll(`\n${" ".repeat(character)}`, "\n");
  return dedented
    .replace(/^((export|async|override|declare|public)\s+)+/, "")
    .replace(/\s*(=>|=|;)$/, "");
}

/** Where the declaration ends and what it does begins. */
function endOf(declaration: ts.Declaration, file: ts.SourceFile): number {
  if (ts.isClassLike(declaration)) return file.text.lastIndexOf("{", declaration.members.pos);
  if (ts.isFunctionLike(declaration) && "body" in declaration) {
    return declaration.body?.pos ?? declaration.end;
  }
  if (ts.isVariableDeclaration(declaration) || ts.isPropertyDeclaration(declaration)) {
    const { initializer } = declaration;
    const arrow = initializer !== undefined && ts.isArrowFunction(initializer);
    return (arrow ? initializer.equalsGreaterThanToken : initializer)?.pos ?? declaration.end;
  }
  return declaration.end;
}
