// Classes F and G of the corpus: metadata that is no map of texts, and files that ask for too much.
import { f32, file, record, refused, type CorpusCase } from "./corpus-case.ts";

const TWO = f32(1, 2);

const metadata = (id: string, what: string, text: string): CorpusCase =>
  refused(id, what, "ST_METADATA_INVALID", () =>
    file(`{"__metadata__":${text},"w":${record()}}`, TWO),
  );

/** Metadata that is no map of texts. */
export const metadataTexts: readonly CorpusCase[] = [
  metadata("F01", "a number in the metadata", '{"a":1}'),
  metadata("F02", "null in the metadata", '{"a":null}'),
  metadata("F03", "an object in the metadata", '{"a":{}}'),
  metadata("F04", "metadata as a text", '"a"'),
  metadata("F05", "metadata as a list", '["a"]'),
  metadata("F06", "metadata that is the record of a tensor", record()),
  {
    id: "F07",
    what: "a key __proto__ in the metadata",
    expected: "ok",
    build: () => file(`{"__metadata__":{"__proto__":"a"},"w":${record()}}`, TWO),
    tensors: [{ name: "w", shape: [2], bytes: TWO }],
    metadata: [["__proto__", "a"]],
  },
];

const MILLION = 1_000_000;
/** So large that the header's length is not what refuses it. */
const WHOLE_HEADER = { headerBytes: 100_000_000 };

/** A million tensors without elements. */
function million(): Uint8Array<ArrayBuffer> {
  const none = record({ shape: "[0]", offsets: "[0,0]" });
  return file(`{${Array.from({ length: MILLION }, (_, i) => `"${i}":${none}`).join(",")}}`);
}

const longName = (characters: number) => file(`{"${"n".repeat(characters)}":${record()}}`, TWO);

/** Files that ask for too much. */
export const limits: readonly CorpusCase[] = [
  refused("G01", "a million tensors without elements", "ST_LIMIT", million, {
    limits: WHOLE_HEADER,
    details: { limit: "tensors", allowed: 100_000 },
  }),
  refused("G02", "a name of 50 MB", "ST_LIMIT", () => longName(50_000_000), {
    limits: WHOLE_HEADER,
    details: { limit: "nameBytes", found: 50_000_000, allowed: 1024 },
  }),
  refused("G03", "99 MB of spaces", "ST_LIMIT", () => file(`{}${" ".repeat(99_000_000 - 2)}`), {
    details: { limit: "headerBytes", found: 99_000_000, allowed: 25_000_000 },
  }),
  refused("G04", "an integer of a million digits", "ST_SHAPE_INVALID", () =>
    file(`{"w":${record({ shape: `[${"9".repeat(MILLION)}]` })}}`, TWO),
  ),
  refused(
    "G05",
    "more pairs of metadata than allowed",
    "ST_LIMIT",
    () => {
      const pairs = Array.from({ length: 10_001 }, (_, i) => `"${i}":""`);
      return file(`{"__metadata__":{${pairs.join(",")}},"w":${record()}}`, TWO);
    },
    { details: { limit: "metadataPairs", allowed: 10_000 } },
  ),
  refused(
    "G06",
    "a name of 1,024 characters and 1,025 bytes",
    "ST_LIMIT",
    () => file(`{"${"n".repeat(1023)}é":${record()}}`, TWO),
    {
      details: { limit: "nameBytes", found: 1025, allowed: 1024 },
    },
  ),
  {
    id: "G07",
    what: "a name of 1,024 bytes",
    expected: "ok",
    build: () => longName(1024),
    tensors: [{ name: "n".repeat(1024), shape: [2], bytes: TWO }],
  },
  refused(
    "G08",
    "a file that keeps to the format, above the caller's own limits",
    "ST_LIMIT",
    () => file(`{"w":${record()},"v":${record({ offsets: "[8,16]" })}}`, f32(1, 2, 3, 4)),
    {
      limits: { tensors: 1 },
      details: { limit: "tensors", allowed: 1 },
    },
  ),
];
