// The documentation's site: every link arrives, every public name has its entry, and nothing in it is a script.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { publicNames } from "../scripts/public-names.ts";
import { buildSite } from "../scripts/site/build-site.ts";
import { codeBlock } from "../scripts/site/code-block.ts";
import { html } from "../scripts/site/markup.ts";
import { renderMarkdown } from "../scripts/site/markdown.ts";
import { repositoryFile } from "./repository-file.ts";

let folder = "";
const pages = new Map<string, string>();
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "prisma-site-"));
  for (const page of buildSite(folder)) pages.set(page, readFileSync(join(folder, page), "utf8"));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const attributes = (text: string, name: string): string[] =>
  [...text.matchAll(new RegExp(`\\s${name}="([^"]*)"`, "g"))].map(([, value = ""]) => value);

/** Addresses on a page that lead to no page, file or place of the site. */
function deadLinks(page: string, text: string): string[] {
  const files = new Set(readdirSync(folder, { recursive: true }).map((it) => String(it)));
  return [...attributes(text, "href"), ...attributes(text, "src")].filter((link) => {
    if (/^(https|data):/.test(link)) return false;
    const target = new URL(link, `https://site/${page}`);
    const path = decodeURIComponent(target.pathname).slice(1);
    if (!files.has(path)) return true;
    const anchor = decodeURIComponent(target.hash).slice(1);
    return anchor !== "" && !attributes(pages.get(path) ?? "", "id").includes(anchor);
  });
}

describe("the site", () => {
  test("has every Markdown page, every package and the gallery", () => {
    const guides = readdirSync(repositoryFile("docs/how-to")).map((it) =>
      it.replace(/md$/, "html"),
    );
    const packages = readdirSync(repositoryFile("packages"));
    const expected = [
      "index.html",
      "architecture.html",
      "contributing.html",
      "gallery/index.html",
      ...guides.map((it) => `docs/how-to/${it}`),
      ...packages.flatMap((it) => [`packages/${it}/index.html`, `api/${it}.html`]),
    ];
    expect(expected.filter((it) => !pages.has(it))).toEqual([]);
  });

  test("leads nowhere wrong", () => {
    const dead = [...pages].flatMap(([page, text]) =>
      deadLinks(page, text).map((link) => `${page}: ${link}`),
    );
    expect(dead).toEqual([]);
    const wrong = '<a href="nowhere.html"> <a href="#nowhere"> <a href="index.html#nowhere">';
    expect(deadLinks("index.html", wrong)).toHaveLength(3);
  });

  test("shows all of it from every page, by the list of contents", () => {
    const [, contents = ""] = pages.get("index.html")!.split('<nav id="contents"');
    expect(attributes(contents, "href").sort()).toEqual([...pages.keys()].sort());
  });

  test("has an entry with a meaning for every public name", () => {
    const missing = [...publicNames(readdirSync(repositoryFile("packages")))].flatMap(
      ([name, own]) => {
        const ids = new Set(attributes(pages.get(`api/${name}.html`) ?? "", "id"));
        return own.filter((it) => !ids.has(it.name)).map((it) => `${name} ${it.name}`);
      },
    );
    expect(missing).toEqual([]);
    const [, entry = ""] = pages.get("api/tensor.html")!.split('id="Tensor.matmul"');
    expect(entry.slice(0, 2000)).toContain("Matrix product of the last two axes");
  });

  test("has every figure that the tests draw", () => {
    const drawn = readdirSync(repositoryFile("packages/viz/test/output"));
    const names = drawn.filter((it) => it.endsWith(".html")).map((it) => it.replace(".html", ""));
    const ids = attributes(pages.get("gallery/index.html")!, "id");
    expect(names.filter((name) => !ids.includes(name))).toEqual([]);
  });

  test("names each place once a page", () => {
    for (const [page, text] of pages) {
      const ids = attributes(text, "id");
      expect(ids.length, page).toBe(new Set(ids).size);
    }
  });

  test("has no script and needs none", () => {
    for (const [page, text] of pages) {
      const tags = text.match(/<script|<iframe|<object|\son\w+="/gi) ?? [];
      expect(tags, page).toEqual([]);
      expect(text, page).toContain("default-src &#39;none&#39;");
    }
  });
});

describe("text", () => {
  const payload = '<img src=x onerror="alert(1)">';

  test("in a template is text", () => {
    expect(html`<b title="${'"'}">${payload}</b>`.text).toBe(
      '<b title="&quot;">&lt;img src=x onerror=&quot;alert(1)&quot;&gt;</b>',
    );
  });

  test.each(["", "# ", "- ", "> ", "    ", "| a |\n|---|\n| "])(
    "of Markdown behind %j is text",
    (before) => {
      const { body } = renderMarkdown(before + payload, () => null);
      expect(body.text).not.toContain("<img");
      expect(body.text).toContain("&lt;img");
    },
  );

  test("of links, pictures and code is text, and a script is no address", () => {
    const render = (text: string): string => renderMarkdown(text, (link) => link).body.text;
    expect(render('[a](<b"c>)')).toBe('<p><a href="b&quot;c">a</a></p>\n');
    expect(render('![a"b](c.png)')).toBe('<p><img src="c.png" alt="a&quot;b" /></p>\n');
    expect(render("```ts\na<b>(); // </pre>\n```")).toContain("a&lt;b&gt;();");
    expect(() => render("[a](javascript:alert)")).toThrow("no address");
  });

  test("of code has its comments set apart, and its types linked", () => {
    const { text } = codeBlock('f("// no", A); // A', (name) => (name === "A" ? "#A" : null));
    expect(text).toBe(
      '<pre><code>f(&quot;// no&quot;, <a href="#A">A</a>); <span class="comment">// A</span></code></pre>',
    );
  });
});
