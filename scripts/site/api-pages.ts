// The reference: a page per package with an entry per public name, and a page of all names.
import type { PublicName } from "../public-names.ts";
import { renderEntry } from "./api-entry.ts";
import type { Reference } from "./api-links.ts";
import { firstSentence, renderPhrase } from "./comment.ts";
import { html, type Markup } from "./markup.ts";
import type { SitePage } from "./page-frame.ts";
import { apiPage, namesPage, pageOf, relativeLink } from "./site-paths.ts";

const groups = [
  ["Functions", ["function", "value"]],
  ["Classes", ["class"]],
  ["Types", ["type"]],
] as const;

/** One page per package, and one of all names. */
export function apiPages(reference: Reference): SitePage[] {
  const packages = [...reference.names.keys()];
  return [...packages.map((name) => packagePage(name, reference)), allNames(reference)];
}

function packagePage(name: string, reference: Reference): SitePage {
  const page = apiPage(name);
  const exported = (reference.names.get(name) ?? []).filter(isExport).sort(byName);
  const parts = groups.map(([title, kinds]) => {
    const members = exported.filter(({ kind }) => kinds.some((it) => it === kind));
    if (members.length === 0) return null;
    const entries = members.map((it) => renderEntry(it, name, reference));
    return html`<h2 id="${title.toLowerCase()}">${title}</h2>\n${listOf(members)}${entries}`;
  });
  const readme = relativeLink(page, pageOf(`packages/${name}/README.md`));
  const title = `@prisma/${name}: every name`;
  const body = html`<h1>${title}</h1>
<p>What the package is for: <a href="${readme}">its page</a>.</p>
${parts}`;
  return { page, title, body };
}

function listOf(entries: readonly PublicName[]): Markup {
  const links = entries.map(({ name }) => html`<a href="#${name}"><code>${name}</code></a> `);
  return html`<p class="members">${links}</p>\n`;
}

function allNames({ names }: Reference): SitePage {
  const lists = [...names].map(([name, own]) => {
    const page = relativeLink(namesPage, apiPage(name));
    const rows = own.filter(isExport).sort(byName);
    return html`<h2 id="${name}"><a href="${page}">@prisma/${name}</a></h2>
<ul class="names">
${rows.map((it) => nameRow(it, page))}</ul>
`;
  });
  return { page: namesPage, title: "Every name", body: html`<h1>Every name</h1>\n${lists}` };
}

function nameRow({ name, description }: PublicName, page: string): Markup {
  const meaning = renderPhrase(firstSentence(description), () => null);
  return html`<li><a href="${page}#${name}"><code>${name}</code></a> ${meaning}</li>\n`;
}

const isExport = ({ name }: PublicName): boolean => !name.includes(".");
const byName = (a: PublicName, b: PublicName): number => a.name.localeCompare(b.name, "en");
