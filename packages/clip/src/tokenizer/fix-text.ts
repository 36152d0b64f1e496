// What ftfy's `fix_text` does to a text, but for text that was decoded in the wrong encoding, which stays as it is.
import { PrismaError } from "@prisma/tensor";
import { unescapeClearHtml, WINDOWS_1252 } from "./unescape-html.ts";

const LIGATURES: ReadonlyMap<string, string> = new Map([
  ["Ĳ", "IJ"],
  ["ĳ", "ij"],
  ["ŉ", "ʼn"],
  ["Ǳ", "DZ"],
  ["ǲ", "Dz"],
  ["ǳ", "dz"],
  ["Ǆ", "DŽ"],
  ["ǅ", "Dž"],
  ["ǆ", "dž"],
  ["Ǉ", "LJ"],
  ["ǈ", "Lj"],
  ["ǉ", "lj"],
  ["Ǌ", "NJ"],
  ["ǋ", "Nj"],
  ["ǌ", "nj"],
  ["ﬀ", "ff"],
  ["ﬁ", "fi"],
  ["ﬂ", "fl"],
  ["ﬃ", "ffi"],
  ["ﬄ", "ffl"],
  ["ﬅ", "ſt"],
  ["ﬆ", "st"],
]);
const LIGATURE = new RegExp(`[${[...LIGATURES.keys()].join("")}]`, "g");

/** Characters that are seen nowhere and were hardly meant. */
const CONTROLS =
  // oxlint-disable-next-line no-control-regex -- these are the ones to remove
  /[\0-\x08\x0b\x0e-\x1f\x7f\u206a-\u206f\ufeff\ufff9-\ufffc]/g;

/** Steps in ftfy's order. */
const STEPS: readonly ((text: string) => string)[] = [
  (text) => text.replace(/[\x80-\x9f]/g, (c) => WINDOWS_1252[c.charCodeAt(0) - 0x80] ?? c),
  (text) => text.replace(LIGATURE, (c) => LIGATURES.get(c) ?? c),
  (text) => text.replace(/[\u3000\uff01-\uffef]/g, (c) => c.normalize("NFKC")),
  (text) => text.replace(/[\u201c-\u201f]/g, '"').replace(/[\u02bc\u2018-\u201b]/g, "'"),
  (text) => text.replace(/\r\n|[\r\u2028\u2029\x85]/g, "\n"),
  (text) => text.replace(/\p{Cs}/gu, "\ufffd"),
  // oxlint-disable-next-line no-control-regex -- what colors text in a terminal
  (text) => text.replace(/\x1b\[[\p{Nd};]*[a-zA-Z]/gu, ""),
  (text) => text.replace(CONTROLS, ""),
  (text) => text.normalize("NFC"),
];

/** References within references that are followed; each takes a look at the whole line. */
const MOST_ROUNDS = 100;

/** `line` after all steps, again and again until nothing changes. */
function fixLine(line: string, unescape: boolean): string {
  let before = line;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const decoded = unescape ? unescapeClearHtml(before) : before;
    const after = STEPS.reduce((text, step) => step(text), decoded);
    if (after === before) return after;
    before = after;
  }
  throw new PrismaError(
    "ARGUMENT_INVALID",
    `the text holds HTML references within references, more than ${MOST_ROUNDS} deep`,
  );
}

/**
 * `text` with its glitches mended line by line; from the first line with a `<` on, HTML references are left alone.
 * @throws PrismaError ARGUMENT_INVALID for references within references without end
 */
export function fixText(text: string): string {
  let unescape = true;
  return (text.match(/[^\n]*\n|[^\n]+/g) ?? [])
    .map((line) => {
      unescape &&= !line.includes("<");
      return fixLine(line, unescape);
    })
    .join("");
}
