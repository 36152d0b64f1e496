// What open_clip does to a text before it is split: `basic_clean`, then one of three ways.
import { fixText } from "./fix-text.ts";
import { unescapeHtml } from "./unescape-html.ts";

/** `lower`: white space to single spaces, small letters. `whitespace`: the former alone. `canonicalize`: also no punctuation. */
export type Cleaning = "lower" | "whitespace" | "canonicalize";

/** What Python's `str.split` splits at. */
// oxlint-disable-next-line no-control-regex -- Python counts separators of files and records as white space
const PYTHON_SPACE = /[\p{White_Space}\x1c-\x1f]+/u;
/** Python's `string.punctuation`: all of ASCII that is neither letter, digit, space nor control. */
const PUNCTUATION = /[!-/:-@[-`{-~]/g;

function singleSpaces(text: string): string {
  return text
    .split(PYTHON_SPACE)
    .filter((word) => word !== "")
    .join(" ");
}

const WAYS: Readonly<Record<Cleaning, (text: string) => string>> = {
  lower: (text) => singleSpaces(text).toLowerCase(),
  whitespace: singleSpaces,
  canonicalize: (text) =>
    singleSpaces(text.replaceAll("_", " ").replace(PUNCTUATION, "").toLowerCase()),
};

/** `text` as open_clip cleans it, but for text decoded in the wrong encoding, which ftfy repairs and this leaves. */
export function cleanText(text: string, cleaning: Cleaning): string {
  return WAYS[cleaning](unescapeHtml(unescapeHtml(fixText(text))));
}
