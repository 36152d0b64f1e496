// Ids of 2,000 texts against transformers, open_clip and Rust's tokenizers; rows, and what is refused.
import { init, PrismaError, type Device } from "@prisma/tensor";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTokenizer, IMAGENET_TEMPLATES, type Tokenizer } from "../src/index.ts";
import { cleanText } from "../src/tokenizer/clean-text.ts";
import type { JsonObject } from "../src/tokenizer/tokenizer-file.ts";
import { fromMerges } from "../src/tokenizer/vocabulary-files.ts";
import { readGoldenIds, readGoldenJson, readMerges } from "./read-golden.ts";

let texts: string[];
let clip: Tokenizer;
let openClip: Tokenizer;
let unigramFile: JsonObject;
let merges: string;
let device: Device;

beforeAll(async () => {
  device = await init({ device: "wasm", threads: 1 });
  texts = await readGoldenJson("tokenizer/texts.json");
  merges = await readMerges();
  clip = createTokenizer({ merges });
  openClip = createTokenizer({ merges }, { library: "open_clip" });
  unigramFile = await readGoldenJson("tokenizer/unigram/tokenizer.json");
});
afterAll(() => device.dispose());

/** Texts whose ids differ. */
function differing(encode: (text: string) => number[], expected: number[][]): string[] {
  return texts.filter((text, i) => encode(text).join() !== expected[i]!.join());
}

const codeOf = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    if (error instanceof PrismaError) return error.code;
    throw error;
  }
  return "none";
};

describe("ids of 2,000 texts", () => {
  test("there are 2,000, and long ones among them", () => {
    expect(new Set(texts).size).toBe(2000);
    expect(Math.max(...texts.map((text) => clip.encode(text).length))).toBeGreaterThan(300);
  });

  test("are those of transformers", async () => {
    expect(
      differing((text) => clip.encode(text), await readGoldenIds("tokenizer/transformers.ids")),
    ).toEqual([]);
  });

  test("are those of open_clip", async () => {
    const expected = await readGoldenIds("tokenizer/open-clip.ids");
    expect(differing((text) => openClip.encode(text).slice(1, -1), expected)).toEqual([]);
  });

  test("are those of a Unigram model with SigLIP's steps", async () => {
    const siglip = createTokenizer({ tokenizer: unigramFile }, { contextLength: 64 });
    expect(
      differing((text) => siglip.encode(text), await readGoldenIds("tokenizer/unigram.ids")),
    ).toEqual([]);
  });

  test("from tokenizer.json, or the vocabulary as two files, are the same", () => {
    const json = fromMerges(merges);
    const { vocab } = json["model"] as { vocab: JsonObject };
    const whole = createTokenizer({ tokenizer: json });
    const two = createTokenizer({ vocab, merges });
    for (const text of texts.slice(0, 50)) {
      expect(whole.encode(text)).toEqual(clip.encode(text));
      expect(two.encode(text)).toEqual(clip.encode(text));
    }
  });

  test("of one word of 200,000 letters come in time that grows with its length", () => {
    const siglip = createTokenizer({ tokenizer: unigramFile }, { contextLength: 64 });
    const one = siglip.encode("cat".repeat(1000));
    expect(siglip.encode("cat".repeat(66_667))).toHaveLength(one.length + 3 * 65_667);
  });

  test("what open_clip cleans for SigLIP is cleaned alike", async () => {
    const expected = await readGoldenJson<string[]>("tokenizer/canonicalized.json");
    expect(texts.slice(0, expected.length).map((text) => cleanText(text, "canonicalize"))).toEqual(
      expected,
    );
  });

  test("differ from open_clip's for text that was decoded in the wrong encoding", async () => {
    const mojibake = await readGoldenJson<string[]>("tokenizer/mojibake.json");
    const expected = await readGoldenIds("tokenizer/open-clip-mojibake.ids");
    const same = mojibake.filter(
      (text, i) => openClip.encode(text).slice(1, -1).join() === expected[i]!.join(),
    );
    expect(same).toEqual([]);
    expect(cleanText("doesnâ€™t", "lower")).toBe("doesnâ€™t");
  });
});

describe("rows", () => {
  test("are filled with the end in transformers and with 0 in open_clip", async () => {
    const [a, b] = [clip.tokenize("a cat"), openClip.tokenize(["a cat", "two dogs"])];
    expect([a.shape, b.shape, a.dtype]).toEqual([[1, 77], [2, 77], "i32"]);
    expect((await a.data()).slice(0, 6)).toEqual(
      Int32Array.of(49406, 320, 2368, 49407, 49407, 49407),
    );
    expect((await b.data()).slice(0, 6)).toEqual(Int32Array.of(49406, 320, 2368, 49407, 0, 0));
    a.dispose();
    b.dispose();
  });

  test("a text that is too long is an error, or cut before its end when asked", async () => {
    const long = "cat ".repeat(300);
    expect(codeOf(() => clip.tokenize(long))).toBe("TEXT_TOO_LONG");
    const row = clip.tokenize(long, { truncate: true });
    const ids = [...(await row.data())];
    row.dispose();
    expect([ids.length, ids[0], ids[75], ids[76]]).toEqual([77, 49406, 2368, 49407]);
  });

  test("a text of the exact length fits", () => {
    const row = clip.tokenize("cat ".repeat(75));
    expect(row.shape).toEqual([1, 77]);
    row.dispose();
  });

  test("ids spell the text", () => {
    expect(clip.decode(clip.encode("A photo of the café, 3D!"))).toBe(
      "a photo of the café , 3 d !",
    );
    expect(clip.decode([])).toBe("");
  });
});

test("there are 80 templates with one place each", () => {
  expect(IMAGENET_TEMPLATES).toHaveLength(80);
  expect(IMAGENET_TEMPLATES.filter((template) => template.split("{}").length !== 2)).toEqual([]);
});

describe("bad input", () => {
  const file = (changes: JsonObject): JsonObject => ({ ...unigramFile, ...changes });
  const bpe = (model: JsonObject): JsonObject => ({
    added_tokens: [{ id: 3, content: "<|endoftext|>", special: true }],
    model: { type: "BPE", vocab: { a: 0, b: 1, ab: 2 }, merges: ["a b"], ...model },
  });
  const replace = (regex: string): JsonObject =>
    file({ normalizer: { type: "Replace", pattern: { Regex: regex }, content: "" } });
  const nested = (depth: number): unknown =>
    depth === 0 ? null : { type: "Sequence", normalizers: [nested(depth - 1)] };

  test("the files of these tests are good but for what each changes", () => {
    expect(codeOf(() => createTokenizer({ tokenizer: file({}) }))).toBe("none");
    expect(codeOf(() => createTokenizer({ tokenizer: bpe({}) }))).toBe("none");
    expect(codeOf(() => createTokenizer({ tokenizer: replace("[!]") }))).toBe("none");
  });

  test.each([
    ["no object", () => [] as unknown as JsonObject, "TOKENIZER_INVALID"],
    ["no model", () => file({ model: null }), "TOKENIZER_INVALID"],
    [
      "another model",
      () => file({ model: { type: "WordPiece", vocab: {} } }),
      "TOKENIZER_UNSUPPORTED",
    ],
    [
      "another normalizer",
      () => file({ normalizer: { type: "BertNormalizer" } }),
      "TOKENIZER_UNSUPPORTED",
    ],
    ["another split", () => file({ pre_tokenizer: { type: "Digits" } }), "TOKENIZER_UNSUPPORTED"],
    [
      "a normalizer within normalizers without end",
      () => file({ normalizer: nested(50) }),
      "TOKENIZER_INVALID",
    ],
    ["a repeated id", () => bpe({ vocab: { a: 0, b: 0, ab: 2 } }), "TOKENIZER_INVALID"],
    ["a negative id", () => bpe({ vocab: { a: -1, b: 1, ab: 2 } }), "TOKENIZER_INVALID"],
    ["an id of 2^31", () => bpe({ vocab: { a: 2 ** 31, b: 1, ab: 2 } }), "TOKENIZER_INVALID"],
    ["an id that is a text", () => bpe({ vocab: { a: "0", b: 1, ab: 2 } }), "TOKENIZER_INVALID"],
    ["a merge of unknown tokens", () => bpe({ merges: ["a c"] }), "TOKENIZER_INVALID"],
    ["a merge of three tokens", () => bpe({ merges: ["a b a"] }), "TOKENIZER_INVALID"],
    ["merges that are no list", () => bpe({ merges: {} }), "TOKENIZER_INVALID"],
    [
      "a score that is none",
      () => file({ model: { type: "Unigram", unk_id: 0, vocab: [["a", null]] } }),
      "TOKENIZER_INVALID",
    ],
    [
      "an unknown piece that is not there",
      () => file({ model: { type: "Unigram", unk_id: 9, vocab: [["a", 0]] } }),
      "TOKENIZER_INVALID",
    ],
    ["an added token without text", () => file({ added_tokens: [{ id: 1 }] }), "TOKENIZER_INVALID"],
    ["no end token", () => ({ ...bpe({}), added_tokens: [] }), "TOKENIZER_INVALID"],
  ] as const)("%s", (_, tokenizer, code) => {
    expect(codeOf(() => createTokenizer({ tokenizer: tokenizer() }))).toBe(code);
  });

  test("a million and one tokens", () => {
    const vocab = Array.from({ length: 1_000_001 }, (_, i) => [`t${i}`, -1]);
    const tokenizer = file({ model: { type: "Unigram", unk_id: 0, vocab } });
    expect(codeOf(() => createTokenizer({ tokenizer }))).toBe("SIZE_LIMIT");
  });

  test("a token called __proto__ is a token, and nothing else", () => {
    const vocab = JSON.parse('{"a":0,"__proto__":1,"b":2}') as JsonObject;
    expect(codeOf(() => createTokenizer({ tokenizer: bpe({ vocab, merges: [] }) }))).toBe("none");
    expect(({} as Record<string, unknown>)["a"]).toBeUndefined();
  });

  // Each takes exponential or polynomial time on some texts; none is compiled.
  test.each([
    "(a+)+$",
    "(a|aa)+$",
    "(.*a){20}",
    "([a-zA-Z]+)*\\d",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "\\s+$",
    "(?<=a+)b",
    "[\\s\\S]*",
  ])("the pattern %s", (regex) => {
    const started = performance.now();
    expect(codeOf(() => createTokenizer({ tokenizer: replace(regex) }))).toBe(
      "TOKENIZER_UNSUPPORTED",
    );
    expect(performance.now() - started).toBeLessThan(50);
  });

  test("options that make no sense", () => {
    const make = (options: object) =>
      codeOf(() => createTokenizer({ tokenizer: unigramFile }, options));
    expect(make({ contextLength: 2 })).toBe("ARGUMENT_INVALID");
    expect(make({ contextLength: 7.5 })).toBe("ARGUMENT_INVALID");
    expect(make({ padding: 1e6 })).toBe("ARGUMENT_INVALID");
    expect(make({ padding: -1 })).toBe("ARGUMENT_INVALID");
  });

  test("texts that are none", () => {
    expect(codeOf(() => clip.encode("x".repeat(2 ** 20 + 1)))).toBe("SIZE_LIMIT");
    expect(codeOf(() => clip.encode(7 as unknown as string))).toBe("ARGUMENT_INVALID");
    expect(codeOf(() => clip.encode("half \ud83d of a pair"))).toBe("ARGUMENT_INVALID");
    expect(openClip.encode("\ud83d")).toEqual(openClip.encode("\ufffd"));
    expect(codeOf(() => clip.decode([49408]))).toBe("INDEX_OUT_OF_RANGE");
    expect(codeOf(() => clip.decode([-1]))).toBe("INDEX_OUT_OF_RANGE");
    const deep = `&${"amp;".repeat(200)}lt;`;
    expect(codeOf(() => openClip.encode(deep))).toBe("ARGUMENT_INVALID");
  });
});
