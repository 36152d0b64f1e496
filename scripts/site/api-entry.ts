// The entry of one public name in the reference: how it is declared, what it means, its errors and examples, its members.
import type { PublicName } from "../public-names.ts";
import { inheritedFrom, linksFrom, memberName, type Reference } from "./api-links.ts";
import { codeBlock, type NameLink } from "./code-block.ts";
import { renderComment, renderPhrase } from "./comment.ts";
import { html, type Markup } from "./markup.ts";

/** What each documentation tag is called; another one is an error. */
const tagTitles: Readonly<Record<string, string>> = {
  throws: "Errors",
  returns: "Gives",
  param: "Takes",
};

/** The entry of `entry`, a name of the package `home`. */
export function renderEntry(entry: PublicName, home: string, reference: Reference): Markup {
  const documentation = renderDocumentation(entry, linksFrom(home, entry, reference));
  const members = entry.kind === "class" ? renderMembers(entry, home, reference) : null;
  return html`<section class="entry" id="${entry.name}">
<h3><code>${entry.name}</code> ${anchorOf(entry)}</h3>
${documentation}${members}</section>
`;
}

function renderDocumentation(entry: PublicName, linkOf: NameLink): Markup {
  const { signatures, description, tags, examples, place } = entry;
  const shown = examples.map((code) => html`<div class="example">${codeBlock(code)}</div>\n`);
  return html`${codeBlock(signatures.join("\n"), linkOf)}
${renderComment(description, linkOf)}${tags.map((it) => renderTag(it, linkOf))}${shown}<p class="place">${place.replace(/:\d+$/, "")}</p>
`;
}

function renderTag({ name, text }: PublicName["tags"][number], linkOf: NameLink): Markup {
  const title = tagTitles[name];
  if (title === undefined) throw new Error(`the reference knows no documentation tag @${name}`);
  const [parameter = "", ...words] = text.split(" ");
  const phrase = name === "param" ? `\`${parameter}\`: ${words.join(" ")}` : text;
  return html`<p class="tag"><b>${title}</b> ${renderPhrase(phrase, linkOf)}</p>\n`;
}

/** Members of a class: own ones in full, those of another package's class as links to where they are described. */
function renderMembers(entry: PublicName, home: string, reference: Reference): Markup {
  const all = reference.names.get(home) ?? [];
  const members = all.filter((it) => it.name.startsWith(`${entry.name}.`));
  const own = members.filter((it) => it.place.startsWith(`packages/${home}/`));
  const list = own.map((it) => html`<a href="#${it.name}"><code>${memberName(it)}</code></a> `);
  const links = members
    .filter((it) => !own.includes(it))
    .map((it) => {
      const address = inheritedFrom(home, it, reference);
      return html`<a id="${it.name}" href="${address}"><code>${memberName(it)}</code></a> `;
    });
  const inherited =
    links.length === 0 ? null : html`<p class="members">Described elsewhere: ${links}</p>\n`;
  const sections = own.map((it) => renderMember(it, linksFrom(home, it, reference)));
  return html`<p class="members">${list}</p>\n${inherited}${sections}`;
}

function renderMember(member: PublicName, linkOf: NameLink): Markup {
  return html`<section class="member" id="${member.name}">
<h4><code>${member.name}</code> ${anchorOf(member)}</h4>
${renderDocumentation(member, linkOf)}</section>
`;
}

const anchorOf = ({ name }: PublicName): Markup =>
  html`<a class="anchor" href="#${name}" aria-label="Link to ${name}">#</a>`;
