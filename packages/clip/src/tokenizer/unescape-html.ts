// HTML character references as Python's `html.unescape` and ftfy decode them.
import { BARE_HTML_NAMES, HTML_NAMES } from "./html-names.ts";

/** Characters of the references that the HTML standard lists: `amp;` and, where it stands without, `amp`. */
const NAMES: ReadonlyMap<string, string> = readNames();

function readNames(): Map<string, string> {
  const names = new Map<string, string>();
  for (const entry of HTML_NAMES.trim().split(/\s+/)) {
    const [name = "", points = ""] = entry.split(":");
    const text = points.split("+").map((point) => String.fromCodePoint(Number.parseInt(point, 16)));
    names.set(`${name};`, text.join(""));
  }
  for (const name of BARE_HTML_NAMES.trim().split(/\s+/))
    names.set(name, names.get(`${name};`) ?? "");
  return names;
}

/** What numbers 128 to 159 mean: Windows-1252, as web browsers read them. */
export const WINDOWS_1252 = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";

/** The character of number `code`; nothing for those that HTML does not allow. */
function numbered(code: number): string {
  if (code === 0 || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) return "\ufffd";
  if (code === 13) return "\r";
  if (code >= 0x80 && code <= 0x9f) return WINDOWS_1252[code - 0x80] ?? "";
  const control = code < 32 && code !== 9 && code !== 10 && code !== 12;
  const none = code === 127 || (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) === 0xfffe;
  return control || none ? "" : String.fromCodePoint(code);
}

/** The number behind `#` or `#x`; more digits than any character has mean none. */
function numberOf(reference: string): number {
  const hex = /^#x/i.test(reference);
  const digits = reference
    .slice(hex ? 2 : 1)
    .replace(";", "")
    .replace(/^0+/, "");
  return digits.length > 8 ? Infinity : Number.parseInt(digits || "0", hex ? 16 : 10);
}

function unescapeReference(whole: string, reference: string): string {
  if (reference.startsWith("#")) return numbered(numberOf(reference));
  const characters = [...reference];
  for (let length = characters.length; length > 1; length--) {
    const name = characters.slice(0, length).join("");
    const found = NAMES.get(name);
    if (found !== undefined) return found + characters.slice(length).join("");
  }
  return whole;
}

/**
 * `text` with HTML's character references decoded, those without a semicolon too: `html.unescape` of Python.
 */
export function unescapeHtml(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(
    /&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)/gu,
    unescapeReference,
  );
}

/** Names in capitals of those written small, where they mean nothing else: `&EACUTE;`. */
const CAPITALS: ReadonlyMap<string, string> = new Map(
  [...NAMES]
    .filter(([name]) => name.endsWith(";") && name === name.toLowerCase())
    .map(([name, text]) => [name.toUpperCase(), text.toUpperCase()] as const)
    .filter(([name]) => unescapeHtml(`&${name}`) === `&${name}`),
);

/** `text` with the references decoded that end in a semicolon, those in capitals too: ftfy's `unescape_html`. */
export function unescapeClearHtml(text: string): string {
  return text.replace(/&(#?[0-9A-Za-z]{1,24};)/g, (whole, reference: string) => {
    const named = NAMES.get(reference) ?? CAPITALS.get(reference);
    if (named !== undefined || !reference.startsWith("#")) return named ?? whole;
    const decoded = unescapeHtml(whole);
    return decoded.includes(";") ? whole : decoded;
  });
}
