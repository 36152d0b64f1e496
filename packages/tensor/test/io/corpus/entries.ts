// Class D of the corpus: records of tensors whose fields are missing, of a wrong kind, or do not fit one another.
import type { ErrorCode } from "../../../src/errors.ts";
import { f32, file, record, refused, type CorpusCase, type RecordParts } from "./corpus-case.ts";

const TWO = f32(1, 2);

/** A file whose one tensor has this record, and as many bytes of data as it asks for: they are never the reason. */
function one(
  id: string,
  what: string,
  code: ErrorCode,
  text: string,
  details: Readonly<Record<string, unknown>> = {},
): CorpusCase {
  const end = /"data_offsets":\[0,(\d+)\]/.exec(text)?.[1] ?? TWO.length;
  return refused(id, what, code, () => file(`{"w":${text}}`, new Uint8Array(Number(end))), {
    details,
  });
}

const lacks = (id: string, field: string, text: string): CorpusCase =>
  one(id, `no ${field}`, "ST_ENTRY_INVALID", text, { field });

const dtype = (id: string, what: string, text: string): CorpusCase =>
  one(id, `the dtype ${what}`, "ST_DTYPE_UNKNOWN", record({ dtype: text }));

const shape = (id: string, what: string, text: string): CorpusCase =>
  one(id, `the shape ${what}`, "ST_SHAPE_INVALID", record({ shape: text }));

const size = (id: string, what: string, parts: RecordParts, expected: number): CorpusCase =>
  one(id, what, "ST_SIZE_MISMATCH", record(parts), { expected, found: TWO.length });

const rank = (id: string, axes: number): CorpusCase =>
  one(
    id,
    `rank ${axes}`,
    "ST_LIMIT",
    record({ shape: `[${Array(axes).fill(1).join(",")}]`, offsets: "[0,4]" }),
    { limit: "rank", found: axes },
  );

/** Records of tensors that cannot be believed. */
export const entries: readonly CorpusCase[] = [
  lacks("D01", "dtype", '{"shape":[2],"data_offsets":[0,8]}'),
  lacks("D02", "shape", '{"dtype":"F32","data_offsets":[0,8]}'),
  lacks("D03", "data_offsets", '{"dtype":"F32","shape":[2]}'),
  {
    id: "D04",
    what: "a field that the format does not know",
    expected: "ok",
    build: () => file(`{"w":${record().replace("}", ',"note":{"a":1e9}}')}}`, TWO),
    tensors: [{ name: "w", shape: [2], bytes: TWO }],
  },
  one("D05", "null as a record", "ST_ENTRY_INVALID", "null"),
  one("D06", "a list as a record", "ST_ENTRY_INVALID", '["F32",[2],[0,8]]'),
  one("D07", "a text as a record", "ST_ENTRY_INVALID", '"F32"'),
  dtype("D08", "F33", '"F33"'),
  dtype("D09", "f32", '"f32"'),
  dtype("D10", "__proto__", '"__proto__"'),
  dtype("D11", "constructor", '"constructor"'),
  dtype("D12", "32", "32"),
  dtype("D13", "null", "null"),
  shape("D14", "as a text", '"[2]"'),
  shape("D15", "with a negative size", "[-2]"),
  shape("D16", "with half a size", "[2.5]"),
  shape("D17", "with 2.0", "[2.0]"),
  shape("D18", "with 2e0", "[2e0]"),
  shape("D19", "with a text", '["2"]'),
  shape("D20", "null", "null"),
  shape("D21", "with true", "[true,2]"),
  shape("D22", "with a list", "[[2]]"),
  shape("D23", "as an object", '{"0":2}'),
  one(
    "D24",
    "more elements than 64 bits count",
    "ST_SIZE_OVERFLOW",
    record({ shape: "[4294967295,4294967295,4294967295]" }),
  ),
  one(
    "D25",
    "more bits than 2^53, though not more elements",
    "ST_SIZE_OVERFLOW",
    record({ shape: "[4294967295,1048576]" }),
  ),
  one("D26", "a size of 2^53 + 1", "ST_SIZE_OVERFLOW", record({ shape: "[9007199254740993]" })),
  one(
    "D27",
    "sizes of 2^32 beside one of 0",
    "ST_LIMIT",
    record({ shape: "[4294967296,4294967296,0]", offsets: "[0,0]" }),
    { limit: "dimension", found: 2 ** 32 },
  ),
  rank("D28", 1000),
  rank("D29", 200_000),
  size("D30", "a shape that needs more than its range", { shape: "[3]" }, 12),
  size("D31", "a shape that needs less than its range", { shape: "[1]" }, 4),
  size("D32", "F16 with the range of F32", { dtype: '"F16"' }, 4),
  one(
    "D33",
    "four-bit elements that end within a byte",
    "ST_DTYPE_UNSUPPORTED",
    record({ dtype: '"F4"', shape: "[3]", offsets: "[0,2]" }),
  ),
  shape("D34", "with -0", "[-0]"),
];
