// The list of contents: what a reader looks for, from the first page to the inside.
import type { ContentsLink, ContentsPart, SitePage } from "./page-frame.ts";
import { apiPage, galleryPage, namesPage } from "./site-paths.ts";

/** The contents of a site whose Markdown pages are `pages`, by source; every one of them is listed once. */
export function siteContents(
  pages: ReadonlyMap<string, SitePage>,
  packages: readonly string[],
): ContentsPart[] {
  const start = ["README.md"];
  const guides = [...pages.keys()].filter((path) => path.startsWith("docs/how-to/"));
  const readmes = packages.map(readmeOf);
  const listed = [...start, ...guides, ...readmes];
  const rest = [...pages.keys()].filter((path) => !listed.includes(path));
  const links = (paths: readonly string[]): ContentsLink[] =>
    paths.flatMap((path) => pages.get(path) ?? []);
  const overviews = [
    { title: "Gallery", page: galleryPage },
    { title: "Every name", page: namesPage },
  ];
  return [
    { title: "Start", links: [...links(start), ...overviews] },
    { title: "How to", links: links(guides) },
    { title: "Packages", links: packages.map((name) => packageLink(name, pages)) },
    { title: "Inside", links: links(rest) },
  ];
}

function packageLink(name: string, pages: ReadonlyMap<string, SitePage>): ContentsLink {
  const readme = pages.get(readmeOf(name));
  if (readme === undefined) throw new Error(`the package ${name} has no README`);
  const { title, page } = readme;
  return { title, page, beside: { title: "names", page: apiPage(name) } };
}

const readmeOf = (name: string): string => `packages/${name}/README.md`;
