// CLIP's vocabulary files in the form of `tokenizer.json`: `vocab.json` with `merges.txt`, or the merges of the original release.
import { BYTE_CHARACTERS } from "./byte-characters.ts";
import { invalidTokenizer, isJsonObject, type JsonObject } from "./tokenizer-file.ts";

/** Merges that CLIP's vocabulary is made of; the file of the release has more. */
const CLIP_MERGES = 49_152 - 256 - 2;
/** Names of the tokens before and after a text, in transformers and in open_clip. */
const START = ["<|startoftext|>", "<start_of_text>"];
const END = ["<|endoftext|>", "<end_of_text>"];

/** Lines of a file of merges without the first, which says the version. */
function mergeLines(text: string, most: number): string[] {
  const lines = text.split(/\r?\n/);
  const first = lines[0]?.startsWith("#") || lines[0]?.startsWith('"') ? 1 : 0;
  return lines.slice(first, first + most).filter((line) => line !== "");
}

/** Token and id of the first of `names` that `vocab` has. */
function special(vocab: JsonObject, names: readonly string[]): readonly [string, number] {
  const name = names.find((one) => Object.hasOwn(vocab, one));
  const id = name === undefined ? undefined : vocab[name];
  if (name !== undefined && typeof id === "number") return [name, id];
  throw invalidTokenizer(`the vocabulary has none of ${names.join(", ")}`);
}

/** `tokenizer.json` of transformers' CLIP, of a vocabulary and its merges. */
function clipTokenizerJson(vocab: JsonObject, merges: readonly string[]): JsonObject {
  const [start, end] = [special(vocab, START), special(vocab, END)];
  const added = [start, end].map(([content, id]) => ({
    id,
    content,
    special: true,
    normalized: false,
  }));
  const pattern = String.raw`<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`;
  return {
    added_tokens: added,
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "NFC" },
        { type: "Replace", pattern: { Regex: String.raw`\s+` }, content: " " },
        { type: "Lowercase" },
      ],
    },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: pattern }, behavior: "Removed", invert: true },
        { type: "ByteLevel", add_prefix_space: false },
      ],
    },
    post_processor: { type: "RobertaProcessing", sep: end, cls: start },
    decoder: { type: "ByteLevel" },
    model: {
      type: "BPE",
      unk_token: end[0],
      end_of_word_suffix: "</w>",
      vocab,
      merges,
    },
  };
}

/**
 * Of `vocab.json`, as it was parsed, and the text of `merges.txt`.
 * @throws PrismaError TOKENIZER_INVALID
 */
export function fromVocabulary(vocab: unknown, merges: string): JsonObject {
  if (!isJsonObject(vocab)) throw invalidTokenizer("vocab.json holds no object");
  return clipTokenizerJson(vocab, mergeLines(merges, Infinity));
}

/**
 * Of the text of `bpe_simple_vocab_16e6.txt`, the file of CLIP's release.
 * @throws PrismaError TOKENIZER_INVALID
 */
export function fromMerges(text: string): JsonObject {
  const merges = mergeLines(text, CLIP_MERGES);
  const units = [...BYTE_CHARACTERS, ...BYTE_CHARACTERS.map((unit) => `${unit}</w>`)];
  const names = [
    ...units,
    ...merges.map((merge) => merge.replace(" ", "")),
    START[0] ?? "",
    END[0] ?? "",
  ];
  return clipTokenizerJson(Object.fromEntries(names.map((name, id) => [name, id])), merges);
}
