// `tokenizer.json`: only parts that are known to be safe are let through, and ids that a vocabulary can have.
import { PrismaError, quoteName } from "@prisma/tensor";

/** An object of a JSON file. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Most entries of a vocabulary, merges and added tokens each. */
const MOST_ENTRIES = 1_000_000;
/** UTF-16 units of a piece. */
const LONGEST_PIECE = 256;
/** Parts within parts. */
const DEEPEST = 4;

/** How CLIP's text is split: contractions, words, single digits, runs of anything else. */
const CLIP_SPLIT = String.raw`'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`;
const SPECIALS = String.raw`<\|startoftext\|>|<\|endoftext\|>|`;
/** Patterns that are known to take time in proportion to the text. */
const PATTERNS: ReadonlySet<string> = new Set([
  CLIP_SPLIT,
  SPECIALS + CLIP_SPLIT,
  String.raw`\s+`,
  " {2,}",
]);

const TYPES: Readonly<Record<string, readonly string[]>> = {
  normalizer: [
    "Sequence",
    "NFC",
    "NFKC",
    "NFD",
    "NFKD",
    "Lowercase",
    "Replace",
    "Strip",
    "Prepend",
    "Precompiled",
  ],
  pre_tokenizer: ["Sequence", "Split", "ByteLevel", "Metaspace", "WhitespaceSplit"],
  post_processor: ["Sequence", "RobertaProcessing", "TemplateProcessing", "ByteLevel"],
  decoder: ["Sequence", "ByteLevel", "Metaspace", "Replace", "ByteFallback", "Fuse", "Strip"],
};
const PARTS_OF_SEQUENCE = ["normalizers", "pretokenizers", "processors", "decoders"];

/** The error for a tokenizer file. */
export function invalidTokenizer(problem: string, details: JsonObject = {}): PrismaError {
  return new PrismaError("TOKENIZER_INVALID", `tokenizer: ${problem}`, details);
}

/** True for a plain object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unsupported(what: string, found: unknown): PrismaError {
  const shown = quoteName(typeof found === "string" ? found : (JSON.stringify(found) ?? "nothing"));
  return new PrismaError("TOKENIZER_UNSUPPORTED", `tokenizer: ${what} ${shown} is not supported`, {
    what,
  });
}

/** A class of ASCII punctuation: one character at a time, whatever it holds. */
const isPunctuationClass = (pattern: string): boolean => /^\[[!-/:-@[-`{-~]{1,80}\]$/.test(pattern);

/** A regular expression from a file is run only when it is one of those known, or a set of punctuation. */
function checkPattern(pattern: unknown): void {
  if (!isJsonObject(pattern)) throw unsupported("the pattern", pattern);
  const { Regex: regex, String: text } = pattern;
  if (typeof text === "string" && regex === undefined) return;
  if (typeof regex === "string" && (PATTERNS.has(regex) || isPunctuationClass(regex))) return;
  throw unsupported("the regular expression", regex ?? pattern);
}

function checkPart(slot: string, part: unknown, depth = 0): void {
  if (part === null || part === undefined) return;
  if (!isJsonObject(part) || depth > DEEPEST)
    throw invalidTokenizer(`${slot} is no part that can be read`);
  const { type, pattern } = part;
  if (!TYPES[slot]?.some((known) => known === type)) throw unsupported(`the ${slot}`, type);
  if (pattern !== undefined) checkPattern(pattern);
  for (const name of PARTS_OF_SEQUENCE) {
    const parts = part[name];
    if (parts === undefined) continue;
    if (!Array.isArray(parts) || parts.length > 20)
      throw invalidTokenizer(`${slot}.${name} is no list of parts`);
    parts.forEach((one) => checkPart(slot, one, depth + 1));
  }
}

function assertCount(what: string, count: number): void {
  if (count <= MOST_ENTRIES) return;
  throw new PrismaError("SIZE_LIMIT", `tokenizer: ${count} ${what}; the limit is ${MOST_ENTRIES}`, {
    count,
  });
}

/** Ids of a vocabulary by token, each a whole number that no other token has. */
function checkVocabulary(vocab: unknown): ReadonlyMap<string, number> {
  if (!isJsonObject(vocab)) throw invalidTokenizer("model.vocab is no object of ids");
  const entries = Object.entries(vocab);
  assertCount("tokens", entries.length);
  const seen = new Set<unknown>();
  for (const [token, id] of entries) {
    const whole = typeof id === "number" && Number.isInteger(id) && id >= 0 && id < MOST_ENTRIES;
    if (!whole) throw invalidTokenizer(`the id of ${quoteName(token)} is ${quoteName(String(id))}`);
    if (seen.has(id))
      throw invalidTokenizer(`${quoteName(token)} has id ${id}, as another token has`);
    seen.add(id);
  }
  return new Map(entries as [string, number][]);
}

/** Merges as pairs, each of tokens whose union is a token. */
function checkMerges(merges: unknown, vocab: ReadonlyMap<string, number>): [string, string][] {
  if (!Array.isArray(merges)) throw invalidTokenizer("model.merges is no list");
  assertCount("merges", merges.length);
  return merges.map((merge: unknown, i) => {
    const parts: unknown[] =
      typeof merge === "string" ? merge.split(" ") : Array.isArray(merge) ? merge : [];
    const [left, right] = parts;
    if (parts.length !== 2 || typeof left !== "string" || typeof right !== "string")
      throw invalidTokenizer(`merge ${i} is no pair of tokens`);
    const unknown = [left, right, left + right].find((token) => !vocab.has(token));
    if (unknown === undefined) return [left, right];
    throw invalidTokenizer(`merge ${i} names ${quoteName(unknown)}, which is no token`);
  });
}

/** Pieces of a Unigram model with their scores, as a map to ids. */
function checkPieces(vocab: unknown, unknownId: unknown): ReadonlyMap<string, number> {
  if (!Array.isArray(vocab) || vocab.length === 0)
    throw invalidTokenizer("model.vocab is no list of pieces");
  assertCount("pieces", vocab.length);
  const ids = new Map<string, number>();
  vocab.forEach((entry: unknown, i) => {
    const [piece, score]: unknown[] = Array.isArray(entry) ? entry : [];
    if (typeof piece !== "string" || piece.length > LONGEST_PIECE || !Number.isFinite(score))
      throw invalidTokenizer(
        `piece ${i} is no text of up to ${LONGEST_PIECE} characters with a score`,
      );
    ids.set(piece, i);
  });
  const known =
    Number.isInteger(unknownId) && Number(unknownId) >= 0 && Number(unknownId) < vocab.length;
  if (!known) throw invalidTokenizer("model.unk_id is the number of no piece");
  return ids;
}

function checkAddedTokens(added: unknown): ReadonlyMap<string, number> {
  if (!Array.isArray(added)) throw invalidTokenizer("added_tokens is no list");
  assertCount("added tokens", added.length);
  return new Map(
    added.map((token: unknown, i) => {
      const { id, content }: JsonObject = isJsonObject(token) ? token : {};
      const named = typeof content === "string" && content !== "" && content.length <= 1024;
      if (named && Number.isInteger(id) && Number(id) >= 0 && Number(id) < MOST_ENTRIES)
        return [content, Number(id)] as const;
      throw invalidTokenizer(`added token ${i} has no text or no id`);
    }),
  );
}

/** A checked file. */
export interface TokenizerFile {
  /** As the library reads it. */
  readonly json: JsonObject;
  /** Ids by token, added tokens among them. */
  readonly ids: ReadonlyMap<string, number>;
  /** Tokens that are looked for before the text is normalized. */
  readonly added: readonly string[];
  /** Merges of a byte-pair model; null of a Unigram model. */
  readonly merges: readonly (readonly [string, string])[] | null;
}

/**
 * CLIP's split in one step. The second one of Rust's tokenizers takes apart only a special token in capitals, which
 * this pattern does itself; the library's would take U+FEFF for white space.
 */
const ONE_SPLIT = String.raw`<\|(?=(?:start|end)oftext\|>)|(?<=(?<![^\s\p{L}\p{N}])<\|(?:start|end)oftext)\|>|${CLIP_SPLIT}`;

function splitOnce(part: unknown): unknown {
  if (!isJsonObject(part) || !Array.isArray(part["pretokenizers"])) return part;
  const parts = part["pretokenizers"].filter(isJsonObject);
  const split = parts.find((one) => one["type"] === "Split");
  if (split === undefined) return part;
  const special =
    isJsonObject(split["pattern"]) && split["pattern"]["Regex"] === SPECIALS + CLIP_SPLIT;
  const once = (one: JsonObject): JsonObject => {
    if (one["type"] === "ByteLevel") return { ...one, use_regex: false };
    return one === split && special ? { ...one, pattern: { Regex: ONE_SPLIT } } : one;
  };
  return { ...part, pretokenizers: parts.map(once) };
}

function checkModel(model: unknown): Pick<TokenizerFile, "ids" | "merges"> {
  if (!isJsonObject(model)) throw invalidTokenizer("it has no model");
  const { type, vocab } = model;
  const inferred = type ?? (Array.isArray(vocab) ? "Unigram" : "BPE");
  if (inferred === "Unigram") return { ids: checkPieces(vocab, model["unk_id"]), merges: null };
  if (inferred !== "BPE") throw unsupported("the model", type);
  const ids = checkVocabulary(vocab);
  return { ids, merges: checkMerges(model["merges"], ids) };
}

/**
 * Checks a `tokenizer.json` as it was parsed.
 * @throws PrismaError TOKENIZER_INVALID, TOKENIZER_UNSUPPORTED naming the part, SIZE_LIMIT
 */
export function checkTokenizerFile(file: unknown): TokenizerFile {
  if (!isJsonObject(file)) throw invalidTokenizer("the file holds no object");
  for (const slot of Object.keys(TYPES)) checkPart(slot, file[slot]);
  const { ids, merges } = checkModel(file["model"]);
  const added = checkAddedTokens(file["added_tokens"] ?? []);
  const parts = Object.fromEntries(Object.keys(TYPES).map((slot) => [slot, file[slot] ?? null]));
  return {
    json: { added_tokens: [], ...file, ...parts, pre_tokenizer: splitOnce(parts["pre_tokenizer"]) },
    ids: new Map([...ids, ...added]),
    added: [...added.keys()],
    merges,
  };
}
