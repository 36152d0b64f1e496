// Classes B and C of the corpus: headers that are no JSON objects, and keys that are there twice.
import type { ErrorCode } from "../../../src/errors.ts";
import {
  f32,
  file,
  join,
  record,
  refused,
  takeMarks,
  utf8,
  type CorpusCase,
} from "./corpus-case.ts";

const TWO = f32(1, 2);
const FOUR = f32(1, 2, 3, 4);

/** A header that is no JSON at its ¦. */
function broken(id: string, what: string, marked: string): CorpusCase {
  const { header, places } = takeMarks(marked);
  return refused(id, what, "ST_HEADER_JSON", () => file(header, TWO), {
    details: { position: places[0] },
  });
}

/** A header with a key that stands at both ¦; whoever believes the last of the two finds nothing wrong. */
function twice(id: string, what: string, key: string, marked: string, data = TWO): CorpusCase {
  const { header, places } = takeMarks(marked);
  return refused(id, what, "ST_DUPLICATE_KEY", () => file(header, data), {
    details: { key, positions: places },
  });
}

const whole = (id: string, what: string, code: ErrorCode, header: string): CorpusCase =>
  refused(id, what, code, () => file(header, TWO));

const utf16 = (text: string): Uint8Array =>
  new Uint8Array(Uint16Array.from(text, (character) => character.charCodeAt(0)).buffer);

const W = record();

/** Headers that are no JSON objects. */
export const headerTexts: readonly CorpusCase[] = [
  refused("B01", "invalid UTF-8 in a name", "ST_HEADER_UTF8", () =>
    file(join(utf8('{"'), Uint8Array.of(0xff), utf8(`":${W}}`)), TWO),
  ),
  broken("B02", "a byte order mark", `¦\ufeff{"w":${W}}`),
  refused("B03", "UTF-16", "ST_HEADER_JSON", () => file(utf16(`{"w":${W}}`), TWO), {
    details: { position: 1 },
  }),
  // Spaces fill the header up to its 24 bytes.
  broken("B04", "cut", '{"w":{"dtype":"F32"     ¦'),
  whole("B05", "a list", "ST_HEADER_NOT_OBJECT", "[]"),
  whole("B06", "null", "ST_HEADER_NOT_OBJECT", "null"),
  whole("B07", "a text", "ST_HEADER_NOT_OBJECT", '"w"'),
  whole("B08", "a number", "ST_HEADER_NOT_OBJECT", "12"),
  broken("B09", "trailing garbage", `{"w":${W}}¦garbage`),
  broken("B10", "two objects", `{"w":${W}}¦{}`),
  broken("B11", "filled up with NUL", `{"w":${W}}¦\0\0\0\0`),
  broken("B12", "a comment", `{¦/* a */"w":${W}}`),
  broken("B13", "a trailing comma", `{"w":${W},¦}`),
  broken("B14", "single quotes", `{¦'w':${W}}`),
  broken("B15", "half of a surrogate pair in a name", `{¦"\\ud800":${W}}`),
  refused("B16", "an overlong NUL", "ST_HEADER_UTF8", () =>
    file(join(utf8('{"'), Uint8Array.of(0xc0, 0x80), utf8(`":${W}}`)), TWO),
  ),
  whole("B17", "100,000 lists in one another", "ST_HEADER_DEPTH", "[".repeat(100_000)),
  broken("B18", "a raw line end in a name", `{"a¦\nb":${W}}`),
  broken("B19", "a fault after names that are not ASCII", `{"重み🙂":${W},¦}`),
  broken("B20", "a number with a leading zero", `{"w":${record({ shape: "[0¦2]" })}}`),
  broken("B21", "an escape that JSON does not have", `{"w¦\\x41":${W}}`),
  broken("B22", "a word that JSON does not have", `{"w":¦True}`),
  broken("B23", "a space that JSON does not have", `{¦\u00a0"w":${W}}`),
];

const escaped = '"\\u0061"';

/** Headers with a key twice, and the key without characters. */
export const repeatedKeys: readonly CorpusCase[] = [
  twice("C01", "a tensor twice, alike", "w", `{¦"w":${W},¦"w":${W}}`),
  twice(
    "C02",
    "a tensor twice, at other bytes",
    "w",
    `{¦"w":${W},"v":${W},¦"w":${record({ offsets: "[8,16]" })}}`,
    FOUR,
  ),
  twice("C03", "a tensor twice, once escaped", "a", `{¦"a":${W},¦${escaped}:${W}}`),
  twice(
    "C04",
    "dtype twice",
    "dtype",
    `{"w":{¦"dtype":"F32",¦"dtype":"I32","shape":[2],"data_offsets":[0,8]}}`,
  ),
  twice(
    "C05",
    "data_offsets twice",
    "data_offsets",
    `{"w":{"dtype":"F32","shape":[2],¦"data_offsets":[8,16],¦"data_offsets":[0,8]}}`,
  ),
  twice(
    "C06",
    "two __metadata__",
    "__metadata__",
    `{¦"__metadata__":{"a":"1"},¦"__metadata__":{},"w":${W}}`,
  ),
  twice("C07", "a key of the metadata twice", "a", `{"__metadata__":{¦"a":"1",¦"a":"2"},"w":${W}}`),
  {
    id: "C08",
    what: "a tensor without a name",
    expected: "ok",
    build: () => file(`{"":${record({ shape: "[4]", offsets: "[0,16]" })}}`, FOUR),
    tensors: [{ name: "", shape: [4], bytes: FOUR }],
  },
];
