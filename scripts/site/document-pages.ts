// The pages that are Markdown in the repository, and the pictures they show.
import { posix } from "node:path";
import { renderMarkdown } from "./markdown.ts";
import type { SitePage } from "./page-frame.ts";
import { galleryPage, pageOf, relativeLink } from "./site-paths.ts";

/** A Markdown file. */
export interface SourceText {
  readonly path: string;
  readonly text: string;
}

/** Pages with what has to be copied beside them. */
export interface DocumentPages {
  /** By the path of their source. */
  readonly pages: ReadonlyMap<string, SitePage>;
  /** Paths of pictures, the same on the site. */
  readonly pictures: readonly string[];
}

/** Folders that a page of the site stands for. */
const folders: Readonly<Record<string, string>> = {
  "packages/viz/test/output": galleryPage,
  "packages/viz/test/figures": galleryPage,
};

/** A page for each text. Links to what is no page, such as sources, become text. */
export function documentPages(texts: readonly SourceText[]): DocumentPages {
  const sources = new Set(texts.map(({ path }) => path));
  const pictures = new Set<string>();
  const pages = texts.map(({ path, text }) => {
    const page = pageOf(path);
    const { title, body } = renderMarkdown(text, (link) => {
      const target = targetOf(path, link, sources);
      if (target !== null && /\.(png|svg|jpg)$/.test(target)) pictures.add(target);
      return target === null ? null : relativeLink(page, target);
    });
    return [path, { page, title, body }] as const;
  });
  return { pages: new Map(pages), pictures: [...pictures] };
}

/** Where a link of the file `path` leads on the site. */
function targetOf(path: string, link: string, sources: ReadonlySet<string>): string | null {
  const [file = "", anchor] = link.split("#");
  const relative = posix.join(posix.dirname(path), decodeURIComponent(file));
  const target = file === "" ? path : relative.replace(/\/$/, "");
  const source = [target, `${target}/README.md`].find((it) => sources.has(it));
  if (source !== undefined) return pageOf(source) + (anchor === undefined ? "" : `#${anchor}`);
  return /\.(png|svg|jpg)$/.test(target) ? target : (folders[target] ?? null);
}
