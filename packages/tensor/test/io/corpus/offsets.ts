// Class E of the corpus: ranges that are no ranges, leave the file, or do not tile its data.
import { f32, file, join, record, refused, utf8, type CorpusCase } from "./corpus-case.ts";

const TWO = f32(1, 2);
const FOUR = f32(1, 2, 3, 4);

/** A file of one tensor whose data_offsets are the JSON `text`. */
const range = (id: string, what: string, text: string): CorpusCase =>
  refused(id, what, "ST_OFFSETS_INVALID", () => file(`{"w":${record({ offsets: text })}}`, TWO));

/** A file of float32 tensors `a`, `b`, ... at these bytes. */
function tensors(ranges: readonly (readonly [number, number])[], data: Uint8Array) {
  const records = ranges.map(
    ([begin, end], i) =>
      `"${String.fromCharCode(97 + i)}":${record({
        shape: `[${(end - begin) / 4}]`,
        offsets: `[${begin},${end}]`,
      })}`,
  );
  return file(`{${records.join(",")}}`, data);
}

const COUNT = 100_000;
const CLAIMED = 160_000;

/** 100,000 tensors that all claim the same 160 KB. */
function manyOnOneRange(): Uint8Array<ArrayBuffer> {
  const claim = record({ shape: `[${CLAIMED / 4}]`, offsets: `[0,${CLAIMED}]` });
  const records = Array.from({ length: COUNT }, (_, i) => `"t${i}":${claim}`);
  return file(`{${records.join(",")}}`, new Uint8Array(CLAIMED));
}

/** Ranges that cannot be believed. */
export const offsets: readonly CorpusCase[] = [
  range("E01", "a negative offset", "[-8,0]"),
  range("E02", "an end before its begin", "[8,0]"),
  refused(
    "E03",
    "a range past the end of the file",
    "ST_TRUNCATED",
    () => file(`{"w":${record({ shape: "[4]", offsets: "[0,16]" })}}`, TWO),
    { details: { need: 16, have: 8 } },
  ),
  refused("E04", "a first offset that is not 0", "ST_OFFSETS_GAP", () => tensors([[8, 16]], FOUR), {
    details: { begin: 8, expected: 0 },
  }),
  refused(
    "E05",
    "a hole between two tensors",
    "ST_OFFSETS_GAP",
    () =>
      tensors(
        [
          [0, 4],
          [8, 16],
        ],
        FOUR,
      ),
    { details: { begin: 8, expected: 4 } },
  ),
  refused(
    "E06",
    "two tensors on one range",
    "ST_OFFSETS_OVERLAP",
    () =>
      tensors(
        [
          [0, 8],
          [0, 8],
        ],
        TWO,
      ),
    { details: { begin: 0, expected: 8 } },
  ),
  refused(
    "E07",
    "two ranges that share bytes",
    "ST_OFFSETS_OVERLAP",
    () =>
      tensors(
        [
          [0, 8],
          [4, 16],
        ],
        FOUR,
      ),
    { details: { begin: 4, expected: 8 } },
  ),
  refused(
    "E08",
    "a byte after the last tensor",
    "ST_TRAILING_BYTES",
    () => file(`{"w":${record()}}`, join(TWO, Uint8Array.of(0))),
    { details: { extra: 1 } },
  ),
  refused(
    "E09",
    "an archive after the last tensor",
    "ST_TRAILING_BYTES",
    () => file(`{"w":${record()}}`, join(TWO, utf8("PK\u0005\u0006"), new Uint8Array(18))),
    { details: { extra: 22 } },
  ),
  refused(
    "E10",
    "the last two bytes missing",
    "ST_TRUNCATED",
    () => file(`{"w":${record()}}`, TWO.subarray(0, 6)),
    { details: { need: 8, have: 6 } },
  ),
  range("E11", "one offset", "[8]"),
  range("E12", "three offsets", "[0,4,8]"),
  range("E13", "an offset with a fraction", "[0,8.0]"),
  range("E14", "offsets as texts", '["0","8"]'),
  range("E15", "an offset of 2^53", "[0,9007199254740992]"),
  refused(
    "E16",
    "NaN as an offset",
    "ST_HEADER_JSON",
    () => file(`{"w":${record({ offsets: "[0,NaN]" })}}`, TWO),
    { details: { position: `{"w":${record({ offsets: "[0," })}`.length - 1 } },
  ),
  range("E17", "an offset of 1e400", "[0,1e400]"),
  refused("E18", "no tensors, but data", "ST_TRAILING_BYTES", () => file("{}", TWO), {
    details: { extra: 8 },
  }),
  refused(
    "E19",
    `${COUNT} tensors on one range of ${CLAIMED} bytes`,
    "ST_OFFSETS_OVERLAP",
    manyOnOneRange,
    { details: { begin: 0, expected: CLAIMED } },
  ),
  refused(
    "E20",
    "a tensor without elements beyond the others",
    "ST_OFFSETS_GAP",
    () =>
      tensors(
        [
          [0, 8],
          [12, 12],
        ],
        TWO,
      ),
    { details: { begin: 12, expected: 8 } },
  ),
  refused(
    "E21",
    "a tensor without elements within another",
    "ST_OFFSETS_OVERLAP",
    () =>
      tensors(
        [
          [0, 8],
          [4, 4],
        ],
        TWO,
      ),
    { details: { begin: 4, expected: 8 } },
  ),
];
