// Builds the documentation from the sources into a folder of plain pages: `pnpm site`, or a folder of the caller's choice.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { listFiles } from "../checks/source-files.ts";
import { publicNames } from "../public-names.ts";
import type { Reference } from "./api-links.ts";
import { apiPages } from "./api-pages.ts";
import { documentPages } from "./document-pages.ts";
import { type GalleryEntry, renderGallery } from "./gallery-page.ts";
import { framePage } from "./page-frame.ts";
import { siteContents } from "./site-contents.ts";
import { styleSheet } from "./site-paths.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const readSource = (path: string): string => readFileSync(root + path, "utf8");

/** Packages in the order in which they build on each other. */
const packages = ["tensor", "hooks", "vit", "clip", "analysis", "viz"];

/** Writes the site into `folder`, which is emptied first, and gives the paths of its pages. */
export function buildSite(folder: string): string[] {
  const texts = listFiles()
    .filter((path) => path.endsWith(".md") && !path.startsWith(".changeset/"))
    .map((path) => ({ path, text: readSource(path) }));
  const documents = documentPages(texts);
  const pages = [
    ...documents.pages.values(),
    renderGallery(galleryEntries()),
    ...apiPages(readReference()),
  ];
  const contents = siteContents(documents.pages, packages);
  rmSync(folder, { recursive: true, force: true });
  for (const page of pages) write(folder, page.page, framePage(page, contents));
  const figureStyles = readSource("packages/viz/test/output/figures.css");
  write(folder, styleSheet, `${readSource("scripts/site/site.css")}\n${figureStyles}`);
  for (const picture of documents.pictures) {
    mkdirSync(dirname(join(folder, picture)), { recursive: true });
    copyFileSync(root + picture, join(folder, picture));
  }
  return pages.map(({ page }) => page);
}

function readReference(): Reference {
  const uses = packages.map((name) => {
    const manifest: { dependencies?: Record<string, string> } = JSON.parse(
      readSource(`packages/${name}/package.json`),
    );
    const used = Object.keys(manifest.dependencies ?? {});
    return [name, used.map((it) => it.replace("@prisma/", ""))] as const;
  });
  return { names: publicNames(packages), uses: new Map(uses) };
}

/** The figures of viz's tests; `bars-signed` is drawn by the source `bars.ts`, as the longest name it begins with. */
function galleryEntries(): GalleryEntry[] {
  const folder = "packages/viz/test";
  const sources = readdirSync(`${root}${folder}/figures`).map((file) => file.replace(/\.ts$/, ""));
  const files = readdirSync(`${root}${folder}/output`).filter((file) => file.endsWith(".html"));
  const names = files.map((file) => file.replace(/\.html$/, "")).sort();
  return names.map((name) => {
    const [source] = sources
      .filter((it) => name === it || name.startsWith(`${it}-`))
      .sort((a, b) => b.length - a.length);
    if (source === undefined) throw new Error(`the figure ${name} has no source`);
    return {
      name,
      page: readSource(`${folder}/output/${name}.html`),
      source: readSource(`${folder}/figures/${source}.ts`),
      drawnBy: source.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
    };
  });
}

function write(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const folder = join(root, "dist/site");
  console.log(`${buildSite(folder).length} pages in dist/site; open dist/site/index.html`);
}
