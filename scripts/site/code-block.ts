// Code as a page shows it: comments quieter than the rest, names of types as links where somebody knows where they lead.
import ts from "typescript";
import { html, type Markup } from "./markup.ts";

/** The address of what a name stands for, or null. */
export type NameLink = (name: string) => string | null;

/** A block of TypeScript. */
export function codeBlock(code: string, linkOf: NameLink = () => null): Markup {
  const parts: Markup[] = [];
  let at = 0;
  for (const { pos, end } of commentRanges(code)) {
    parts.push(linkNames(code.slice(at, pos), linkOf));
    parts.push(html`<span class="comment">${code.slice(pos, end)}</span>`);
    at = end;
  }
  parts.push(linkNames(code.slice(at), linkOf));
  return plainBlock(parts);
}

/** A block of anything else. */
export function plainBlock(content: string | readonly Markup[]): Markup {
  return html`<pre><code>${content}</code></pre>`;
}

/** Every capitalised name that has an address becomes a link; text in quotes is left alone. */
function linkNames(code: string, linkOf: NameLink): Markup {
  const pieces = code.split(/("[^"\n]*"|\b[A-Z]\w*\b)/);
  return html`${pieces.map((piece) => {
    const address = /^[A-Z]/.test(piece) ? linkOf(piece) : null;
    return address === null ? piece : html`<a href="${address}">${piece}</a>`;
  })}`;
}

/** Where the comments of `code` are, in order. */
function commentRanges(code: string): ts.TextRange[] {
  const file = ts.createSourceFile("code.ts", code, ts.ScriptTarget.ES2022, true);
  const ends = new Map<number, number>();
  const visit = (node: ts.Node): void => {
    if (ts.isJSDoc(node)) return;
    const before = ts.getLeadingCommentRanges(code, node.pos) ?? [];
    const behind = ts.getTrailingCommentRanges(code, node.end) ?? [];
    for (const { pos, end } of [...before, ...behind]) ends.set(pos, end);
    for (const child of node.getChildren(file)) visit(child);
  };
  visit(file);
  return [...ends].map(([pos, end]) => ({ pos, end })).sort((a, b) => a.pos - b.pos);
}
