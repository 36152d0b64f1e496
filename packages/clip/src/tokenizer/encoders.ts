// From a text to ids, as the library does it that a checkpoint was made with.
import { BPE, Tokenizer as Library, Unigram } from "@huggingface/tokenizers";
import { PrismaError } from "@prisma/tensor";
import { bestPieces } from "./best-pieces.ts";
import { toByteCharacters } from "./byte-characters.ts";
import { cleanText, type Cleaning } from "./clean-text.ts";
import { ExactNormalizer } from "./exact-normalizer.ts";
import {
  invalidTokenizer,
  isJsonObject,
  type JsonObject,
  type TokenizerFile,
} from "./tokenizer-file.ts";

/** Ids of a text with those before and after it, of any length. */
export type Encoder = (text: string) => number[];

/** Where one word ends and the next begins: Rust's tokenizers scores each by itself. */
function wordStart(part: unknown): RegExp {
  const { replacement, split }: JsonObject = isJsonObject(part) ? part : {};
  return split === false
    ? /(?!)/
    : new RegExp(`(?=\\u{${(String(replacement ?? "▁").codePointAt(0) ?? 0).toString(16)}})`, "u");
}

/**
 * The library's tokenizer of `file`, with the two parts replaced in which it differs from Rust's tokenizers.
 * @throws PrismaError TOKENIZER_INVALID
 */
export function openLibrary({ json, ids, merges, added }: TokenizerFile): Library {
  try {
    const library = new Library(json, ids.has("</s>") ? { eos_token: "</s>" } : {});
    if (library.normalizer !== null)
      library.normalizer = new ExactNormalizer(json["normalizer"], merges === null ? [] : added);
    const { model } = library;
    const words = wordStart(json["pre_tokenizer"]);
    if (model instanceof Unigram)
      model.encode = (texts) =>
        texts.flatMap((text) => text.split(words)).flatMap((word) => bestPieces(model, word));
    return library;
  } catch (cause) {
    throw new PrismaError("TOKENIZER_INVALID", "tokenizer: the file cannot be read", {}, { cause });
  }
}

/** As transformers: by the steps that the file names, and with `cleaning` as open_clip's `HFTokenizer`. */
export function fileEncoder(library: Library, cleaning: Cleaning | null): Encoder {
  return (text) => {
    if (/\p{Cs}/u.test(text))
      throw new PrismaError(
        "ARGUMENT_INVALID",
        "the text has half of a surrogate pair, which is no character",
      );
    return library.encode(cleaning === null ? text : cleanText(text, cleaning)).ids;
  };
}

/** `SimpleTokenizer.pat` of open_clip: case is ignored, for which `ſ` is an s, and U+0345 nothing at all. */
const PIECES =
  /<[sSſ][tT][aA][rR][tT]_[oO][fF]_[tT][eE][xX][tT]>|<[eE][nN][dD]_[oO][fF]_[tT][eE][xX][tT]>|'[sSſ]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|\p{L}+|\p{N}|[^\p{White_Space}\p{L}\p{N}\u0345]+/gu;

/** As open_clip's `SimpleTokenizer`: the text cleaned, split by its pattern, and each piece merged. */
export function simpleEncoder(
  { ids, merges }: TokenizerFile,
  {
    cleaning,
    start,
    end,
  }: { readonly cleaning: Cleaning; readonly start: number; readonly end: number },
): Encoder {
  if (merges === null) throw invalidTokenizer("open_clip's own tokenizer needs merges");
  const model = new BPE({
    type: "BPE",
    vocab: Object.fromEntries(ids),
    merges: merges.map(([left, right]): [string, string] => [left, right]),
    end_of_word_suffix: "</w>",
    ignore_merges: false,
  });
  const specials = new Map([
    ["<start_of_text>", start],
    ["<end_of_text>", end],
  ]);
  const idOf = (token: string): number => {
    const id = ids.get(token);
    if (id === undefined) throw invalidTokenizer("a byte has no token");
    return id;
  };
  const encodePiece = (piece: string): number[] => {
    const one = specials.get(piece);
    return one === undefined ? model.bpe(toByteCharacters(piece)).map(idOf) : [one];
  };
  return (text) => [
    start,
    ...(cleanText(text, cleaning).match(PIECES) ?? []).flatMap(encodePiece),
    end,
  ];
}
