// Our Markdown as markup. Tags in it are text, and its links lead where the caller says.
import { Lexer, Parser, Renderer, type Tokens } from "marked";
import { codeBlock, plainBlock } from "./code-block.ts";
import { html, Markup } from "./markup.ts";

/** Where a link of the text leads on the site; null for what the site does not hold. */
export type LinkResolver = (link: string) => string | null;

/** A text made ready. */
export interface RenderedMarkdown {
  /** Its first heading, without markup. */
  readonly title: string;
  readonly body: Markup;
}

/**
 * Renders GitHub's Markdown. Headings bear the anchors that GitHub gives them; what a link cannot reach becomes plain text.
 * @throws Error for an address of another kind than https
 */
export function renderMarkdown(text: string, linkOf: LinkResolver): RenderedMarkdown {
  const renderer = new SiteRenderer(linkOf);
  const body = Parser.parse(Lexer.lex(text), { renderer });
  return { title: renderer.title, body: new Markup(body) };
}

class SiteRenderer extends Renderer {
  title = "";
  readonly #linkOf: LinkResolver;
  readonly #anchors = new Map<string, number>();

  constructor(linkOf: LinkResolver) {
    super();
    this.#linkOf = linkOf;
  }

  override html({ text }: Tokens.HTML | Tokens.Tag): string {
    return html`${text}`.text;
  }

  override heading({ tokens, depth, text }: Tokens.Heading): string {
    const plain = plainText(text);
    if (this.title === "") this.title = plain;
    const anchor = this.#anchor(plain);
    const content = new Markup(this.parser.parseInline(tokens));
    const link = html`<a class="anchor" href="#${anchor}" aria-label="Link to this section">#</a>`;
    return html`<h${depth} id="${anchor}">${content} ${link}</h${depth}>\n`.text;
  }

  override code({ text, lang }: Tokens.Code): string {
    const block = lang === "ts" ? codeBlock(text) : plainBlock(text);
    return `${block.text}\n`;
  }

  override link({ href, tokens }: Tokens.Link): string {
    const content = new Markup(this.parser.parseInline(tokens));
    const address = this.#resolve(href);
    return (address === null ? content : html`<a href="${address}">${content}</a>`).text;
  }

  override image({ href, text }: Tokens.Image): string {
    const address = this.#resolve(href);
    return (address === null ? html`${text}` : html`<img src="${address}" alt="${text}" />`).text;
  }

  /** Wide tables scroll by themselves, so that a narrow page does not. */
  override table(token: Tokens.Table): string {
    return `<div class="wide">${super.table(token)}</div>\n`;
  }

  #resolve(href: string): string | null {
    if (!/^[a-z][a-z0-9+.-]*:/i.test(href)) return this.#linkOf(href);
    if (!href.startsWith("https://")) throw new Error(`${href} is no address of a page`);
    return href;
  }

  /** As GitHub makes them: lower case, punctuation dropped, spaces to hyphens, repeats numbered. */
  #anchor(heading: string): string {
    const kept = heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "");
    const slug = kept.replaceAll(" ", "-");
    const times = this.#anchors.get(slug) ?? 0;
    this.#anchors.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${times}`;
  }
}

const plainText = (heading: string): string =>
  heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll(/[`*]/g, "");
