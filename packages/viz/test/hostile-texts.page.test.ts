// Hostile texts in every figure of the package, in a page under Trusted Types: they stay texts, run nothing and fetch nothing.
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium, type Browser, type Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchOptions, testBrowser } from "../../../scripts/test-browser.ts";
import type { Finding } from "./hostile-page.ts";
import { HOSTILE_TEXTS } from "./hostile-texts.ts";

const present = testBrowser().executable !== undefined;
const here = fileURLToPath(new URL(".", import.meta.url));

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src data:",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** A figure: the name of its file, of its function, and the text fields that its data declares. */
interface Subject {
  readonly file: string;
  readonly name: string;
  readonly fields: readonly string[];
}

const surface = readFileSync(`${here}../src/index.ts`, "utf8");

/** The declarations of public types that a figure imports from beside it. */
function sharedTypes(source: string): string[] {
  const imports = [...source.matchAll(/^import type \{([^}]*)\} from "\.\.\/([\w-]+\.ts)";$/gm)];
  return imports.flatMap(([, names = "", file = ""]) => {
    const shared = readFileSync(`${here}../src/${file}`, "utf8");
    const isPublic = (name: string): boolean => new RegExp(`\\b${name.trim()}\\b`).test(surface);
    return names
      .split(",")
      .filter(isPublic)
      .flatMap((name) => {
        const declaration = new RegExp(
          `^export (?:interface|type) ${name.trim()}\\b[^]*?\\n\\n`,
          "m",
        );
        return declaration.exec(`${shared}\n\n`)?.[0] ?? [];
      });
  });
}

/** All figures, from the files of the package: a new one is here without being listed. */
const SUBJECTS: readonly Subject[] = readdirSync(`${here}../src/views`).map((entry) => {
  const file = entry.replace(/\.ts$/, "");
  const source = readFileSync(`${here}../src/views/${entry}`, "utf8");
  // Of exported interfaces only: others are the figure's own. And of types that data shares with other figures.
  const declared = [
    ...source.matchAll(/^export interface [^]*?^\}/gm),
    ...sharedTypes(source),
  ].join("\n");
  const fields = [...declared.matchAll(/(\w+)\??: (?:readonly )*string\b/g)];
  return {
    file,
    name: file.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
    fields: [...new Set(fields.map(([, field]) => field!))].toSorted(),
  };
});

const ATTENTION_TEXTS =
  "(text) => ({ labels: Array.from({ length: 9 }, () => text), measure: { kind: 'contribution', max: 1, target: text } })";

/** Texts that a figure's data may have and those of its example lack. */
const MORE: Readonly<Record<string, string>> = {
  attentionGrid: ATTENTION_TEXTS,
  attentionMap: ATTENTION_TEXTS,
  headMatrix: "(text) => ({ edits: figures.headMatrixData.data.map(() => text) })",
};

function program(): string {
  return [
    `import * as viz from "../src/index.ts";`,
    `import { drawHostile, textKeys } from "./hostile-page.ts";`,
    ...SUBJECTS.map(({ file, name }) => `import * as ${name} from "./figures/${file}.ts";`),
    `const figures = Object.assign({}, ${SUBJECTS.map(({ name }) => name).join(", ")});`,
    `const more = { ${Object.entries(MORE)
      .map(([name, text]) => `${name}: ${text}`)
      .join(", ")} };`,
    `const subject = (name) => ({ draw: viz[name], data: figures[name + "Data"], more: more[name] ?? (() => ({})) });`,
    `const reports = [];`,
    `addEventListener("securitypolicyviolation", (event) => reports.push(event.violatedDirective));`,
    `Object.assign(window, {`,
    `  reports,`,
    `  draw: (name, text) => drawHostile(subject(name), text),`,
    `  keys: (name) => textKeys(subject(name)),`,
    `});`,
  ].join("\n");
}

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: program(), resolveDir: here, loader: "ts" },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    platform: "browser",
  });
  return outputFiles[0]!.text;
}

let server: Server;
let browser: Browser;
let page: Page;
const fetched: string[] = [];
let address: string;

beforeAll(async () => {
  if (!present) return;
  const script = await bundle();
  server = createServer((request, response) => {
    const isScript = request.url === "/figures.js";
    response.writeHead(200, {
      "content-type": isScript ? "text/javascript" : "text/html; charset=utf-8",
      "content-security-policy": POLICY,
    });
    response.end(
      isScript
        ? script
        : "<!doctype html><link rel=icon href=data:,><script type=module src=/figures.js></script><body>",
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  browser = await chromium.launch(launchOptions());
  page = await browser.newPage();
  page.on("request", (request) => {
    if (!request.url().startsWith("data:")) fetched.push(request.url());
  });
  await page.goto(address);
  await page.waitForFunction(() => "draw" in window);
});

afterAll(async () => {
  await browser?.close();
  server?.close();
});

/** Calls a function of the page's program. */
function call<T>(name: "draw" | "keys", ...parts: readonly string[]): Promise<T> {
  return page.evaluate(([fn, given]) => Reflect.get(window, fn)(...given) as T, [
    name,
    parts,
  ] as const);
}

test("there are eighty texts, all different", () => {
  expect(new Set(HOSTILE_TEXTS).size).toBe(HOSTILE_TEXTS.length);
  expect(HOSTILE_TEXTS.length).toBeGreaterThanOrEqual(80);
});

test.skipIf(!present)("the page is one that refuses markup", async () => {
  const attempt = page.evaluate(() => Reflect.set(document.body, "innerHTML", "<b>x</b>"));
  await expect(attempt).rejects.toThrow(/TrustedHTML/);
  expect(await page.evaluate("reports.splice(0)")).toEqual(["require-trusted-types-for"]);
});

test.skipIf(!present).each(SUBJECTS)(
  "$name: every text of its data is hostile here",
  async ({ name, fields }) => {
    expect(await call<string[]>("keys", name), "texts of its example and of MORE").toEqual(fields);
  },
);

test.skipIf(!present).each(SUBJECTS)("$name shows texts as they are", async ({ name }) => {
  const html: string[] = [];
  for (const text of HOSTILE_TEXTS) {
    const finding = await call<Finding>("draw", name, text);
    expect(finding.problems, JSON.stringify(text.slice(0, 80))).toEqual([]);
    if (text.length < 10_000) html.push(finding.html);
  }
  expect(await page.evaluate("reports")).toEqual([]);
  expect(fetched).toEqual([address, `${address}figures.js`]);
  expect(await hits(html.join("\n"))).toBe(false);
});

/** Whether something of `html` runs in a page without a policy. */
async function hits(html: string): Promise<boolean> {
  const open = await browser.newPage();
  await open.setContent(`<!doctype html><meta charset="utf-8"><body>${html}</body>`);
  const hit = await open.evaluate(
    () => new Promise<boolean>((resolve) => setTimeout(() => resolve("hit" in window), 50)),
  );
  await open.close();
  return hit;
}

test.skipIf(!present)("as markup the texts do run, so these tests would see it", async () => {
  for (const text of HOSTILE_TEXTS.slice(4, 8)) expect(await hits(text), text).toBe(true);
});
