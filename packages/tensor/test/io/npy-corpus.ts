// Npy files that must be refused: each by its code, and how its bytes are made.
import type { ErrorCode } from "@prisma/tensor";
import { f32, join, utf8 } from "./corpus/corpus-case.ts";

/** A malformed file, the code it is refused with, and details that the error carries. */
export interface NpyCase {
  readonly what: string;
  readonly code: ErrorCode;
  readonly build: () => Uint8Array<ArrayBuffer>;
  readonly details?: Readonly<Record<string, unknown>>;
}

const MAGIC = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);
const TWO = f32(1, 2);
const GOOD = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";

/** A file: magic, version, length of the header (the true one by default), header, data. */
export function npyFile(
  header: string | Uint8Array,
  data: Uint8Array = TWO,
  {
    version = [1, 0],
    length,
  }: { readonly version?: readonly number[]; readonly length?: number } = {},
): Uint8Array<ArrayBuffer> {
  const text = typeof header === "string" ? utf8(header) : header;
  const field = new DataView(new ArrayBuffer(version[0] === 1 ? 2 : 4));
  if (version[0] === 1) field.setUint16(0, length ?? text.length, true);
  else field.setUint32(0, length ?? text.length, true);
  return join(MAGIC, Uint8Array.from(version), new Uint8Array(field.buffer), text, data);
}

/** The header of two float32 with `descr`, `order` or `shape` in other words. */
const header = (descr = "'<f4'", order = "False", shape = "(2,)"): string =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}}`;

const refused = (
  what: string,
  code: ErrorCode,
  build: () => Uint8Array<ArrayBuffer>,
  details: Readonly<Record<string, unknown>> = {},
): NpyCase => ({ what, code, build, details });

const invalid = (what: string, text: string, position?: number): NpyCase =>
  refused(
    what,
    "NPY_HEADER_INVALID",
    () => npyFile(text),
    position === undefined ? {} : { position },
  );

const unheld = (descr: string): NpyCase =>
  refused(`elements of ${descr}`, "NPY_DTYPE_UNSUPPORTED", () => npyFile(header(descr)));

const sized = (what: string, shape: string, code: ErrorCode): NpyCase =>
  refused(what, code, () => npyFile(header("'<f4'", "False", shape)));

/** All of them. */
export const NPY_CASES: readonly NpyCase[] = [
  refused("no bytes", "NPY_NOT_NPY", () => new Uint8Array(0)),
  refused("half of the magic", "NPY_NOT_NPY", () => MAGIC.slice(0, 3)),
  refused("an npz archive", "NPY_NOT_NPY", () => join(utf8("PK\u0003\u0004"), new Uint8Array(60)), {
    guess: "a zip archive (a PyTorch checkpoint?)",
  }),
  refused("an HTML page", "NPY_NOT_NPY", () => utf8("<!doctype html><html><body>Sign in")),
  refused("a pickle", "NPY_NOT_NPY", () => Uint8Array.of(0x80, 4, 0x95, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
  refused("the magic alone", "NPY_HEADER_LENGTH", () => MAGIC.slice()),
  refused("no length", "NPY_HEADER_LENGTH", () => join(MAGIC, Uint8Array.of(1, 0, 5))),
  refused("half of a long length", "NPY_HEADER_LENGTH", () =>
    join(MAGIC, Uint8Array.of(2, 0, 5, 0)),
  ),
  ...[
    [0, 0],
    [1, 1],
    [4, 0],
    [255, 255],
  ].map((version) =>
    refused(
      `version ${version.join(".")}`,
      "NPY_VERSION_UNSUPPORTED",
      () => npyFile(GOOD, TWO, { version }),
      {
        version: version.join("."),
      },
    ),
  ),
  refused("a header longer than the file", "NPY_HEADER_LENGTH", () =>
    npyFile(GOOD, TWO, { length: 1000 }),
  ),
  refused("a header of 4 GB", "NPY_HEADER_TOO_LARGE", () =>
    npyFile(GOOD, TWO, { version: [2, 0], length: 2 ** 32 - 1 }),
  ),
  refused(
    "a header one short",
    "NPY_HEADER_INVALID",
    () => npyFile(GOOD, TWO, { length: GOOD.length - 1 }),
    {
      position: GOOD.length - 1,
    },
  ),
  refused(
    "a header one long",
    "NPY_HEADER_INVALID",
    () => npyFile(GOOD, TWO, { length: GOOD.length + 1 }),
    {
      position: GOOD.length,
    },
  ),
  invalid("an empty header", "", 0),
  invalid("spaces", "     ", 5),
  invalid("a list", "['<f4']", 0),
  invalid("nothing in the dictionary", "{}", 2),
  invalid("no type", "{'fortran_order': False, 'shape': (2,)}"),
  invalid("no order", "{'descr': '<f4', 'shape': (2,)}"),
  invalid("no shape", "{'descr': '<f4', 'fortran_order': False}"),
  invalid("a key of another name", "{'descr': '<f4', 'order': False, 'shape': (2,)}", 17),
  invalid("a key more", `${GOOD.slice(0, -1)}'name': 'w'}`),
  invalid(
    "a key twice",
    "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
    17,
  ),
  invalid("a key without quotes", "{descr: '<f4', 'fortran_order': False, 'shape': (2,)}", 1),
  invalid("a key without a value", "{'descr', 'fortran_order': False, 'shape': (2,)}", 8),
  invalid("text that does not end", "{'descr': '<f4, 'fortran_order': False, 'shape': (2,)}"),
  invalid("an escape in text", header("'\\x3cf4'")),
  invalid("a number as the type", header("4")),
  invalid("the order as a number", header("'<f4'", "0")),
  invalid("the order in small letters", header("'<f4'", "false")),
  invalid("the order as another name", header("'<f4'", "Falsehood")),
  invalid("the shape as a list", header("'<f4'", "False", "[2]")),
  invalid("the shape as a number", header("'<f4'", "False", "2")),
  invalid("the shape as a number in brackets", header("'<f4'", "False", "(2)")),
  invalid("a negative size", header("'<f4'", "False", "(-2,)")),
  invalid("half a size", header("'<f4'", "False", "(2.0,)")),
  invalid("a size with a leading zero", header("'<f4'", "False", "(02,)")),
  invalid("a size as text", header("'<f4'", "False", "('2',)")),
  invalid("a size of 17 digits", header("'<f4'", "False", "(10000000000000000,)")),
  invalid("a size as a long integer", header("'<f4'", "False", "(2L,)")),
  invalid("two commas in the shape", header("'<f4'", "False", "(2,,)")),
  invalid("a shape that does not end", "{'descr': '<f4', 'fortran_order': False, 'shape': (2,"),
  invalid("something behind the dictionary", `${GOOD} 1`, GOOD.length + 1),
  invalid("a comment", `${GOOD} # ok`),
  invalid("a call", "__import__('os').system('true')", 0),
  refused("bytes that are not ASCII", "NPY_HEADER_INVALID", () =>
    npyFile(join(utf8(GOOD), Uint8Array.of(0xff))),
  ),
  ...[
    "'<c8'",
    "'<U4'",
    "'|S4'",
    "'|O'",
    "'<M8[s]'",
    "'<u8'",
    "'<f16'",
    "'<i3'",
    "'f4'",
    "'=f4'",
    "'|f4'",
    "''",
    "'<f4 '",
    "'<F4'",
    "'|b2'",
  ].map(unheld),
  unheld("[('x', '<f4'), ('y', '<f4')]"),
  sized("nine axes", "(1, 1, 1, 1, 1, 1, 1, 1, 2)", "SIZE_LIMIT"),
  sized("2^32 elements", "(65536, 65536)", "SIZE_LIMIT"),
  sized("2^63 elements", "(9007199254740991, 1024)", "SIZE_LIMIT"),
  sized("an element more than there is", "(3,)", "NPY_TRUNCATED"),
  sized("an element less than there is", "(1,)", "NPY_TRAILING_BYTES"),
  sized("a scalar of two", "()", "NPY_TRAILING_BYTES"),
  sized("no elements of two", "(0, 7)", "NPY_TRAILING_BYTES"),
  refused("a cut element", "NPY_TRUNCATED", () => npyFile(GOOD, TWO.slice(0, 7)), {
    need: 8,
    have: 7,
  }),
  refused("two arrays", "NPY_TRAILING_BYTES", () => join(npyFile(GOOD), npyFile(GOOD))),
];

/** Files whose header is good and whose data is not: found when the data is read. */
export const NPY_BAD_VALUES: readonly NpyCase[] = [
  refused("an i8 above i32", "NPY_VALUE_RANGE", () =>
    npyFile(header("'<i8'", "False", "(1,)"), bytesOf(new BigInt64Array([2147483648n]))),
  ),
  refused("an i8 below i32", "NPY_VALUE_RANGE", () =>
    npyFile(header("'<i8'", "False", "(1,)"), bytesOf(new BigInt64Array([-2147483649n]))),
  ),
  refused("an f8 above f32", "NPY_VALUE_RANGE", () =>
    npyFile(header("'<f8'", "False", "(1,)"), bytesOf(new Float64Array([1e39]))),
  ),
  refused("a bool of 2", "NPY_VALUE_RANGE", () =>
    npyFile(header("'|b1'", "False", "(2,)"), Uint8Array.of(1, 2)),
  ),
];

function bytesOf(view: ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
