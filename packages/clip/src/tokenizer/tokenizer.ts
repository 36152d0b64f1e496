// The tokenizer of a text tower: texts to rows of ids.
import { PrismaError, quoteName, tensor, type Tensor } from "@prisma/tensor";
import type { Cleaning } from "./clean-text.ts";
import { fileEncoder, openLibrary, simpleEncoder, type Encoder } from "./encoders.ts";
import {
  checkTokenizerFile,
  invalidTokenizer,
  type JsonObject,
  type TokenizerFile,
} from "./tokenizer-file.ts";
import { fromMerges, fromVocabulary } from "./vocabulary-files.ts";

/** Where a vocabulary comes from: `tokenizer.json`, `vocab.json` and `merges.txt`, or the text of CLIP's `bpe_simple_vocab_16e6.txt`. */
export type TokenizerFiles =
  | { readonly tokenizer: JsonObject }
  | { readonly vocab: JsonObject; readonly merges: string }
  | { readonly merges: string };

/** What {@link createTokenizer} may be told. */
export interface TokenizerOptions {
  /** Ids T of a row. Default 77. */
  readonly contextLength?: number;
  /** The library whose ids are wanted. Default `transformers`; `open_clip` is its `SimpleTokenizer`. */
  readonly library?: "transformers" | "open_clip";
  /** What is done to a text first. Default: nothing for transformers, `lower` for open_clip. */
  readonly cleaning?: Cleaning;
  /** Id or token behind the end of a text. Default: the end token with transformers, 0 with open_clip. */
  readonly padding?: number | string;
}

/** What {@link Tokenizer.tokenize} may be told. */
export interface TokenizeOptions {
  /** Cuts a text that is too long, keeping its end token. Default false: an error. */
  readonly truncate?: boolean;
}

/** Longest text, in UTF-16 units. */
const LONGEST_TEXT = 1024 * 1024;
const START = ["<|startoftext|>", "<start_of_text>"];
const END = ["<|endoftext|>", "<end_of_text>", "</s>", "<eos>"];

interface TokenizerParts {
  readonly encoder: Encoder;
  readonly decoder: (ids: number[]) => string;
  readonly contextLength: number;
  readonly vocabularySize: number;
  readonly start: number | null;
  readonly end: number;
  readonly padding: number;
}

/** Texts to ids, with the ids of the Python library. Made by {@link createTokenizer}; `loadClip` gives that of its checkpoint. */
export class Tokenizer {
  /** Ids T of a row. */
  readonly contextLength: number;
  /** Ids are below this. */
  readonly vocabularySize: number;
  /** Id before a text, where there is one. */
  readonly start: number | null;
  /** Id after a text. */
  readonly end: number;
  /** Id that fills a row. */
  readonly padding: number;
  readonly #encoder: Encoder;
  readonly #decoder: (ids: number[]) => string;

  constructor(parts: TokenizerParts) {
    this.contextLength = parts.contextLength;
    this.vocabularySize = parts.vocabularySize;
    this.start = parts.start;
    this.end = parts.end;
    this.padding = parts.padding;
    this.#encoder = parts.encoder;
    this.#decoder = parts.decoder;
  }

  /**
   * Ids of `text`, those before and after it among them, however many.
   * @throws PrismaError SIZE_LIMIT above 1 MB; ARGUMENT_INVALID for half of a surrogate pair
   * @example
   * tokenizer.encode("a cat"); // [49406, 320, 2368, 49407]
   */
  encode(text: string): number[] {
    if (typeof text !== "string")
      throw new PrismaError("ARGUMENT_INVALID", `encode: a text is wanted, not ${typeof text}`);
    if (text.length > LONGEST_TEXT)
      throw new PrismaError(
        "SIZE_LIMIT",
        `encode: a text of ${text.length} characters; the limit is ${LONGEST_TEXT}`,
      );
    return this.#encoder(text);
  }

  /**
   * Rows of ids, filled up with `padding`. `[B, T]`
   * @throws PrismaError TEXT_TOO_LONG unless `truncate` is true, and as {@link encode}
   * @example
   * tokenizer.tokenize(["a cat", "two dogs"]).shape; // [2, 77]
   */
  tokenize(texts: string | readonly string[], options: TokenizeOptions = {}): Tensor {
    const list: readonly string[] = typeof texts === "string" ? [texts] : texts;
    const rows = list.map((text) => this.#row(text, options.truncate ?? false));
    return tensor(Int32Array.from(rows.flat()), { shape: [rows.length, this.contextLength] });
  }

  #row(text: string, truncate: boolean): number[] {
    const ids = this.encode(text);
    const length = this.contextLength;
    if (ids.length <= length)
      return [...ids, ...new Array<number>(length - ids.length).fill(this.padding)];
    if (truncate) return [...ids.slice(0, length - 1), this.end];
    throw new PrismaError(
      "TEXT_TOO_LONG",
      `tokenize: ${quoteName(text, 40)} is ${ids.length} tokens; the model reads ${length}. { truncate: true } cuts it`,
      { tokens: ids.length, contextLength: length },
    );
  }

  /**
   * The text that `ids` spell, special tokens left out.
   * @throws PrismaError INDEX_OUT_OF_RANGE for an id that no token has
   * @example
   * tokenizer.decode([49406, 320, 2368, 49407]); // "a cat"
   */
  decode(ids: readonly number[]): string {
    const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= this.vocabularySize);
    if (wrong !== undefined)
      throw new PrismaError(
        "INDEX_OUT_OF_RANGE",
        `decode: id ${wrong} is not one of 0 to ${this.vocabularySize - 1}`,
      );
    return ids.length === 0 ? "" : this.#decoder([...ids]);
  }
}

const DECODING = { skip_special_tokens: true, clean_up_tokenization_spaces: false };

function jsonOf(files: TokenizerFiles): JsonObject {
  if ("tokenizer" in files) return files.tokenizer;
  return "vocab" in files ? fromVocabulary(files.vocab, files.merges) : fromMerges(files.merges);
}

function idOf({ ids }: TokenizerFile, names: readonly string[]): number | null {
  const name = names.find((one) => ids.has(one));
  return name === undefined ? null : (ids.get(name) ?? null);
}

function paddingOf({ ids }: TokenizerFile, padding: number | string): number {
  const id = typeof padding === "string" ? ids.get(padding) : padding;
  if (id !== undefined && [...ids.values()].includes(id)) return id;
  throw new PrismaError(
    "ARGUMENT_INVALID",
    `createTokenizer: padding ${quoteName(String(padding))} is no token`,
  );
}

/**
 * The tokenizer of a checkpoint's files.
 * @throws PrismaError TOKENIZER_INVALID, TOKENIZER_UNSUPPORTED, SIZE_LIMIT; ARGUMENT_INVALID for a context length or padding that is none
 * @example
 * const letters = createTokenizer({ merges: "#version: 0.2\nc a\nca t</w>\n" }, { contextLength: 6 });
 * letters.encode("cat"); // [514, 513, 515]
 */
export function createTokenizer(files: TokenizerFiles, options: TokenizerOptions = {}): Tokenizer {
  const { contextLength = 77, library = "transformers", cleaning } = options;
  const file = checkTokenizerFile(jsonOf(files));
  const [start, end] = [idOf(file, START), idOf(file, END)];
  if (end === null) throw invalidTokenizer(`none of ${END.join(", ")} is a token`);
  const reader = openLibrary(file);
  const vocabularySize = [...file.ids.values()].reduce((most, id) => Math.max(most, id), 0) + 1;
  const padding = paddingOf(file, options.padding ?? (library === "open_clip" ? 0 : end));
  if (!Number.isInteger(contextLength) || contextLength < 3)
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `createTokenizer: contextLength is ${contextLength}; expected at least 3`,
    );
  return new Tokenizer({
    encoder:
      library === "open_clip" && start !== null
        ? simpleEncoder(file, { cleaning: cleaning ?? "lower", start, end })
        : fileEncoder(reader, cleaning ?? null),
    decoder: (ids) => reader.decode(ids, DECODING),
    contextLength,
    vocabularySize,
    start,
    end,
    padding,
  });
}
