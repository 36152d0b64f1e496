// Runs an `@example`. The comment behind a statement is the value of that statement; there are no other comments.
import ts from "typescript";
import { runCode } from "./run-code.ts";

/** A statement with the value its comment claims, and the value it has. */
export interface Claim {
  readonly statement: string;
  readonly expected: unknown;
  readonly found: unknown;
}

/**
 * Runs `code` with the names of `scope` and gives its claims.
 * @throws Error when a comment is not the value of an expression, and what the code throws
 */
export async function checkExample(
  code: string,
  scope: Readonly<Record<string, unknown>>,
): Promise<Claim[]> {
  const file = ts.createSourceFile("example.ts", code, ts.ScriptTarget.ES2022, true);
  const found: unknown[] = [];
  const claims: { statement: string; expected: unknown }[] = [];
  let body = "";
  for (const statement of file.statements) {
    const text = statement.getText(file);
    const [comment] = ts.getTrailingCommentRanges(code, statement.end) ?? [];
    if (comment === undefined || !ts.isExpressionStatement(statement)) {
      body += `${text}\n`;
      continue;
    }
    claims.push({ statement: text, expected: valueOf(code.slice(comment.pos + 2, comment.end)) });
    body += `claimedValues.push(await (${statement.expression.getText(file)}));\n`;
  }
  const comments = countComments(code);
  if (comments !== claims.length) {
    throw new Error(`${comments} comments, of which ${claims.length} are behind an expression`);
  }
  await runCode(body, { ...scope, claimedValues: found });
  return claims.map((claim, at) => ({ ...claim, found: found[at] }));
}

function countComments(code: string): number {
  const scanner = ts.createScanner(
    ts.ScriptTarget.ES2022,
    false,
    ts.LanguageVariant.Standard,
    code,
  );
  let comments = 0;
  for (let kind = scanner.scan(); kind !== ts.SyntaxKind.EndOfFileToken; kind = scanner.scan()) {
    if (kind === ts.SyntaxKind.SingleLineCommentTrivia) comments++;
    if (kind === ts.SyntaxKind.MultiLineCommentTrivia) comments++;
  }
  return comments;
}

const typedArrays = { Float32Array, Int32Array, Uint32Array, Uint8Array };
const constants = { undefined, NaN: Number.NaN, Infinity: Number.POSITIVE_INFINITY };

/** The value that a comment writes as a literal. */
function valueOf(comment: string): unknown {
  const file = ts.createSourceFile("value.ts", `(${comment})`, ts.ScriptTarget.ES2022, true);
  const [statement] = file.statements;
  if (
    file.statements.length === 1 &&
    statement !== undefined &&
    ts.isExpressionStatement(statement)
  )
    return literal(statement.expression, comment);
  throw new Error(`the comment "${comment.trim()}" is no value`);
}

function literal(node: ts.Expression, comment: string): unknown {
  if (ts.isParenthesizedExpression(node)) return literal(node.expression, comment);
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (ts.isStringLiteral(node)) return node.text;
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (node.kind === ts.SyntaxKind.FalseKeyword) return false;
  if (node.kind === ts.SyntaxKind.NullKeyword) return null;
  if (ts.isIdentifier(node) && node.text in constants) return Reflect.get(constants, node.text);
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.MinusToken)
    return -Number(literal(node.operand, comment));
  if (ts.isArrayLiteralExpression(node)) return node.elements.map((it) => literal(it, comment));
  if (ts.isNewExpression(node)) return typedArray(node, comment);
  if (ts.isObjectLiteralExpression(node)) return object(node, comment);
  throw new Error(`the comment "${comment.trim()}" is no value`);
}

function typedArray(node: ts.NewExpression, comment: string): unknown {
  const type: unknown = Reflect.get(typedArrays, node.expression.getText());
  const values = (node.arguments ?? []).map((it) => literal(it, comment));
  if (typeof type === "function") return Reflect.construct(type, values);
  throw new Error(`the comment "${comment.trim()}" is no value`);
}

function object(node: ts.ObjectLiteralExpression, comment: string): unknown {
  const entries = node.properties.map((it) => {
    if (ts.isPropertyAssignment(it) && (ts.isIdentifier(it.name) || ts.isStringLiteral(it.name)))
      return [it.name.text, literal(it.initializer, comment)] as const;
    throw new Error(`the comment "${comment.trim()}" is no value`);
  });
  return Object.fromEntries(entries);
}
