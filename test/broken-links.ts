// Relative links of Markdown files that lead nowhere: to no file, or to no heading of one.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { repositoryFile } from "./repository-file.ts";

/** `link` for each relative link of `text`, the Markdown at `path`, that leads nowhere. */
export function brokenLinks(path: string, text: string): string[] {
  return linksOf(text).filter((link) => !leadsSomewhere(path, text, link));
}

/** Links and pictures with an address in this repository; code is no link. */
function linksOf(text: string): string[] {
  const prose = withoutCode(text);
  const inline = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g)].map(([, link = ""]) => link);
  const named = [...prose.matchAll(/^\[[^\]]+\]:\s*(\S+)/gm)].map(([, link = ""]) => link);
  return [...inline, ...named].filter((link) => !/^[a-z][a-z0-9+.-]*:/i.test(link));
}

function withoutCode(text: string): string {
  return text.replace(/^```[^]*?^```$/gm, "").replace(/(`+)[^`][^]*?\1/g, "");
}

function leadsSomewhere(path: string, text: string, link: string): boolean {
  const [file = "", anchor] = link.split("#");
  const target = new URL(decodeURIComponent(file), repositoryFile(path));
  if (file !== "" && !existsSync(fileURLToPath(target))) return false;
  if (anchor === undefined) return true;
  return anchorsOf(file === "" ? text : readFileSync(target, "utf8")).includes(anchor);
}

/** Anchors of headings as GitHub makes them: lower case, punctuation dropped, spaces to hyphens, repeats numbered. */
function anchorsOf(markdown: string): string[] {
  const seen = new Map<string, number>();
  const headings = markdown.replace(/^```[^]*?^```$/gm, "").matchAll(/^#{1,6} +(.+?) *#*$/gm);
  return [...headings].map(([, heading = ""]) => {
    const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const slug = text.replace(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-");
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${times}`;
  });
}
