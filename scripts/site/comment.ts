// A documentation comment as markup: paragraphs, code in backquotes, and links to names. Everything else is text.
import type { NameLink } from "./code-block.ts";
import { html, type Markup } from "./markup.ts";

/** The paragraphs of `text`. */
export function renderComment(text: string, linkOf: NameLink): Markup {
  const paragraphs = text.split(/\n\s*\n/).filter((it) => it.trim() !== "");
  return html`${paragraphs.map((it) => html`<p>${renderPhrase(it, linkOf)}</p>\n`)}`;
}

/** One run of text. */
export function renderPhrase(text: string, linkOf: NameLink): Markup {
  return html`${text.split(/(`[^`]+`|\{@link [^}]+\})/).map((piece) => renderPiece(piece, linkOf))}`;
}

function renderPiece(piece: string, linkOf: NameLink): Markup {
  const name = /^\{@link ([^}\s|]+)/.exec(piece)?.[1];
  if (name !== undefined) {
    const address = linkOf(name);
    const code = html`<code>${name}</code>`;
    return address === null ? code : html`<a href="${address}">${code}</a>`;
  }
  const code = /^`([^]+)`$/.exec(piece)?.[1];
  return code === undefined ? html`${piece}` : html`<code>${code}</code>`;
}

/** The first sentence, for lists. */
export function firstSentence(text: string): string {
  const [paragraph = ""] = text.split(/\n\s*\n/);
  return /^[^]*?[.:;](?=\s|$)/.exec(paragraph)?.[0].replace(/[:;]$/, ".") ?? paragraph;
}
