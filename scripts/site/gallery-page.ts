// The gallery: every figure as its test draws it, with the code that draws it.
import { codeBlock } from "./code-block.ts";
import { html, Markup } from "./markup.ts";
import type { SitePage } from "./page-frame.ts";
import { apiPage, galleryPage, relativeLink } from "./site-paths.ts";

/** A figure: its page as the tests wrote it, and the source of its data. */
export interface GalleryEntry {
  /** `attention-grid`; figures of one kind begin alike. */
  readonly name: string;
  readonly page: string;
  readonly source: string;
  /** The function that draws it. */
  readonly drawnBy: string;
}

/** The gallery of `entries`. */
export function renderGallery(entries: readonly GalleryEntry[]): SitePage {
  const body = html`<h1>Gallery</h1>
<p>Each figure as <a href="${relativeLink(galleryPage, apiPage("viz"))}"><code>@prisma/viz</code></a> draws it in Node: what a test compares, and the code it compares. In a page they answer to pointer and keyboard.</p>
${entries.map(renderEntry)}`;
  return { page: galleryPage, title: "Gallery", body };
}

function renderEntry({ name, page, source, drawnBy }: GalleryEntry): Markup {
  const figure = /<body>\n([^]*?)\n<\/body>/.exec(page)?.[1];
  if (figure === undefined) throw new Error(`the page of the figure ${name} has no body`);
  const title = name.replaceAll("-", " ").replace(/^./, (letter) => letter.toUpperCase());
  const api = relativeLink(galleryPage, `${apiPage("viz")}#${drawnBy}`);
  return html`<section id="${name}">
<h2>${title} <a class="anchor" href="#${name}" aria-label="Link to this figure">#</a></h2>
<div class="figure">
${new Markup(figure)}
</div>
<p class="quiet">Drawn by <a href="${api}"><code>${drawnBy}</code></a>.</p>
<details><summary>The code</summary>
${codeBlock(source)}
</details>
</section>
`;
}
