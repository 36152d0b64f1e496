// The normalizer of a tokenizer file as Rust's tokenizers computes it, where JavaScript's own functions differ.
import { Normalizer, PrecompiledNormalizer } from "@huggingface/tokenizers";
import { invalidTokenizer, isJsonObject, type JsonObject } from "./tokenizer-file.ts";

type Step = (text: string) => string;

const asItIs: Step = (text) => text;

/** One character at a time: `Σ` at the end of a word is `σ`, not `ς`. */
const lowercase: Step = (text) => text.replaceAll("Σ", "σ").toLowerCase();

/** What is replaced by each pattern that `checkTokenizerFile` lets through. */
function patternOf(pattern: unknown): RegExp | string {
  const { Regex: regex, String: text }: JsonObject = isJsonObject(pattern) ? pattern : {};
  if (typeof text === "string") return text;
  if (regex === String.raw`\s+`) return /\p{White_Space}+/gu;
  if (regex === " {2,}") return / {2,}/g;
  const characters = new Set(
    String(regex).slice(1, -1).replaceAll("\\\\", "\0").replaceAll("\\", "").replace("\0", "\\"),
  );
  return new RegExp(`[${[...characters].map((c) => `\\${c}`).join("")}]`, "g");
}

const STEPS: Readonly<Record<string, (part: JsonObject) => Step>> = {
  NFC: () => (text) => text.normalize("NFC"),
  NFD: () => (text) => text.normalize("NFD"),
  NFKC: () => (text) => text.normalize("NFKC"),
  NFKD: () => (text) => text.normalize("NFKD"),
  Lowercase: () => lowercase,
  Replace: ({ pattern, content }) => {
    const [from, to] = [patternOf(pattern), String(content)];
    return (text) => text.replaceAll(from, () => to);
  },
  Strip:
    ({ strip_left: left, strip_right: right }) =>
    (text) => {
      const open = left === false ? text : text.replace(/^\p{White_Space}+/u, "");
      return right === false ? open : open.slice(0, endOf(open));
    },
  Prepend:
    ({ prepend }) =>
    (text) =>
      text === "" ? text : String(prepend) + text,
  Precompiled: (part) => {
    const table = new PrecompiledNormalizer({
      type: "Precompiled",
      precompiled_charsmap: String(part["precompiled_charsmap"]),
    });
    return (text) => table.normalize(text);
  },
};

/** Where the white space at the end begins. */
function endOf(text: string): number {
  let end = text.length;
  while (end > 0 && /\p{White_Space}/u.test(text.charAt(end - 1))) end--;
  return end;
}

function stepOf(part: unknown): Step {
  if (part === null || part === undefined) return asItIs;
  if (!isJsonObject(part)) throw invalidTokenizer("a normalizer is no object");
  if (Array.isArray(part["normalizers"])) {
    const steps = part["normalizers"].map(stepOf);
    return (text) => steps.reduce((done, step) => step(done), text);
  }
  return STEPS[String(part["type"])]?.(part) ?? asItIs;
}

/** Normalizes as the checked `normalizer` of a file says. */
export class ExactNormalizer extends Normalizer {
  readonly #step: Step;
  readonly #guarded: ReadonlySet<string>;

  /** `guarded`: tokens that a text may not turn into: it gets a space, which the split of CLIP ignores. */
  constructor(normalizer: unknown, guarded: Iterable<string>) {
    super({ type: "Sequence", normalizers: [] });
    this.#step = stepOf(normalizer);
    this.#guarded = new Set(guarded);
  }

  override normalize(text: string): string {
    const normalized = this.#step(text);
    return this.#guarded.has(normalized) ? `${normalized} ` : normalized;
  }
}
