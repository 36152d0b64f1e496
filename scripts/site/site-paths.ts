// Where everything of the site lies: which source becomes which page, and how one page names another.
import { posix } from "node:path";

/** The page of a Markdown file: `packages/viz/README.md` becomes `packages/viz/index.html`. */
export function pageOf(source: string): string {
  const name = posix.basename(source, ".md").toLowerCase();
  return posix.join(posix.dirname(source), `${name === "readme" ? "index" : name}.html`);
}

/** The page of a package's public names. */
export const apiPage = (name: string): string => `api/${name}.html`;

/** The page of all public names. */
export const namesPage = "api/index.html";

/** The page of all figures. */
export const galleryPage = "gallery/index.html";

/** The style sheet of all pages. */
export const styleSheet = "site.css";

/** How the page `from` names `to`, which may end in an anchor. */
export function relativeLink(from: string, to: string): string {
  const [file = "", anchor] = to.split("#");
  if (anchor === undefined) return posix.relative(posix.dirname(from), file);
  return file === from ? `#${anchor}` : `${posix.relative(posix.dirname(from), file)}#${anchor}`;
}
