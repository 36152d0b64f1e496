// What all pages have in common: head, way home, contents. No page has a script, and none would run.
import { html, type Markup } from "./markup.ts";
import { relativeLink, styleSheet } from "./site-paths.ts";

/** A page in the list of contents. */
export interface ContentsLink {
  readonly title: string;
  readonly page: string;
  /** A page that goes with it. */
  readonly beside?: ContentsLink;
}

/** A part of the list of contents. */
export interface ContentsPart {
  readonly title: string;
  readonly links: readonly ContentsLink[];
}

/** A page before it is framed. */
export interface SitePage {
  /** Its path on the site. */
  readonly page: string;
  readonly title: string;
  readonly body: Markup;
}

// Figures carry their geometry in style attributes, and small pictures in their addresses.
const policy =
  "default-src 'none'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:";

/** The whole text of a page. */
export function framePage(site: SitePage, contents: readonly ContentsPart[]): string {
  const link = (to: string): string => relativeLink(site.page, to);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta http-equiv="Content-Security-Policy" content="${policy}" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<title>${site.title === "Prisma" ? "Prisma" : `${site.title} - Prisma`}</title>
<link rel="stylesheet" href="${link(styleSheet)}" />
</head>
<body>
<header><a href="${link("index.html")}">Prisma</a><a class="to-contents" href="#contents">Contents</a></header>
<main>
${site.body}
</main>
<nav id="contents" aria-label="Contents">
${contents.map((part) => partOf(part, site.page))}
</nav>
</body>
</html>
`.text;
}

function partOf({ title, links }: ContentsPart, here: string): Markup {
  const rows = links.map((it) => {
    const beside = it.beside === undefined ? null : contentsLink(it.beside, here);
    return html`<li>${contentsLink(it, here)}${beside}</li>\n`;
  });
  return html`<p>${title}</p>
<ul>
${rows}</ul>
`;
}

function contentsLink({ title, page }: ContentsLink, here: string): Markup {
  const current = page === here ? html` aria-current="page"` : null;
  return html`<a href="${relativeLink(here, page)}"${current}>${title}</a>`;
}
