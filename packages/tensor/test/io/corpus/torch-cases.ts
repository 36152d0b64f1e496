// PyTorch checkpoints that must be refused: each by its code, and how its bytes are made.
import type { ErrorCode } from "../../../src/errors.ts";
import type { TorchLimits } from "../../../src/io/torch-limits.ts";
import { join, utf8 } from "./corpus-case.ts";
import {
  checkpoint,
  dict,
  filesOf,
  global,
  int,
  numbers,
  pickle,
  storage,
  tensorCall,
  text,
  tuple,
  zip,
  type ZipFaults,
  type ZipFile,
} from "./torch-file.ts";

/** A malformed or hostile file, and the code it is refused with. */
export interface TorchCase {
  readonly what: string;
  readonly code: ErrorCode;
  readonly build: () => Uint8Array<ArrayBuffer>;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly limits?: TorchLimits;
}

const GOOD = pickle(dict(text("w"), tensorCall()));

/** The checkpoint that every case is a fault of. */
export const goodTorch = (): Uint8Array<ArrayBuffer> => checkpoint(GOOD);

type More = Pick<TorchCase, "details" | "limits">;

const pickled = (what: string, code: ErrorCode, body: Uint8Array, more: More = {}): TorchCase => ({
  what,
  code,
  build: () => checkpoint(pickle(body)),
  ...more,
});

const raw = (what: string, code: ErrorCode, data: Uint8Array, more: More = {}): TorchCase => ({
  what,
  code,
  build: () => checkpoint(data),
  ...more,
});

const archived = (
  what: string,
  code: ErrorCode,
  change: (files: ZipFile[]) => readonly ZipFile[],
  faults: ZipFaults = {},
): TorchCase => ({ what, code, build: () => zip(change(filesOf(GOOD)), faults) });

const extra = (file: ZipFile) => (files: ZipFile[]) => [...files, file];
const last = (change: Partial<ZipFile>) => (files: ZipFile[]) =>
  files.map((file, i) => (i === files.length - 1 ? { ...file, ...change } : file));

const ARCHIVES: readonly TorchCase[] = [
  { what: "no bytes", code: "PT_NOT_TORCH", build: () => new Uint8Array(0) },
  { what: "an HTML page", code: "PT_NOT_TORCH", build: () => utf8("<!doctype html><html>") },
  {
    what: "a bare pickle",
    code: "PT_NOT_TORCH",
    build: () => join(GOOD),
    details: { guess: "a Python pickle" },
  },
  {
    what: "the format of before 1.6",
    code: "PT_LEGACY_FORMAT",
    build: () =>
      Uint8Array.of(
        0x80,
        2,
        0x8a,
        0x0a,
        0x6c,
        0xfc,
        0x9c,
        0x46,
        0xf9,
        0x20,
        0x6a,
        0xa8,
        0x50,
        0x19,
        0x2e,
      ),
  },
  { what: "cut in the middle", code: "PT_ZIP_TRUNCATED", build: () => goodTorch().slice(0, 200) },
  { what: "cut by one byte", code: "PT_ZIP_TRUNCATED", build: () => goodTorch().slice(0, -1) },
  archived("bytes behind the end", "PT_ZIP_TRUNCATED", (files) => files, {
    tail: Uint8Array.of(1, 2, 3),
  }),
  archived("a directory behind the file", "PT_ZIP_INVALID", (files) => files, {
    directoryBegin: 2 ** 31,
  }),
  archived("a directory that is larger than the file", "PT_ZIP_INVALID", (files) => files, {
    directorySize: 2 ** 31,
  }),
  archived("a directory that starts within", "PT_ZIP_INVALID", (files) => files, {
    directoryBegin: 10,
  }),
  archived("more records than there are", "PT_ZIP_INVALID", (files) => files, { count: 4 }),
  archived("fewer records than there are", "PT_ZIP_INVALID", (files) => files, { count: 2 }),
  archived("65,535 records in a directory of three", "PT_ZIP_INVALID", (files) => files, {
    count: 65_535,
  }),
  archived("2^52 records by the 64-bit end", "PT_LIMIT", (files) => files, {
    end64: true,
    count: 2 ** 52,
  }),
  archived("a 64-bit end far outside", "PT_ZIP_INVALID", (files) => files, {
    end64: true,
    end64At: 2 ** 52,
  }),
  archived("a 64-bit end that is none", "PT_ZIP_INVALID", (files) => files, {
    end64: true,
    end64At: 0,
  }),
  archived("a 64-bit end with a directory of 2^60 bytes", "PT_ZIP_INVALID", (files) => files, {
    end64: true,
    directorySize: 2 ** 60,
  }),
  archived("a deflated storage", "PT_ZIP_UNSUPPORTED", last({ method: 8 })),
  archived(
    "a bomb: 1 kB that unpacks to 4 GB",
    "PT_ZIP_UNSUPPORTED",
    last({ method: 8, packed: 1000, size: 2 ** 32 - 2 }),
  ),
  archived("an encrypted storage", "PT_ZIP_UNSUPPORTED", last({ flags: 1 })),
  archived("a stored file of two sizes", "PT_ZIP_INVALID", last({ packed: 7 })),
  archived(
    "a size above 2^53 by the zip64 field",
    "PT_ZIP_INVALID",
    last({ zip64: true, size: 2 ** 60 }),
  ),
  archived("a storage that reaches over the directory", "PT_ZIP_OVERLAP", last({ size: 10_000 })),
  archived("a header outside of the file", "PT_ZIP_OVERLAP", last({ header: 2 ** 31 })),
  archived("two files in the same bytes", "PT_ZIP_OVERLAP", (files) => [
    ...files,
    { name: "archive/data/1", size: 4, header: 0 },
  ]),
  archived("a quoted bomb: files within one another", "PT_ZIP_OVERLAP", (files) => [
    { name: "archive/data/9", size: 120, data: new Uint8Array(4) },
    ...files,
  ]),
  archived("a file twice", "PT_DUPLICATE_NAME", extra({ name: "archive/data/0" })),
  ...[
    "../data.pkl",
    "archive/../../etc/passwd",
    "/etc/passwd",
    "C:/x",
    "archive\\data.pkl",
    "archive//x",
    "archive/./x",
    "a\u0000b",
    "",
  ].map((name) => archived(`the name ${JSON.stringify(name)}`, "PT_NAME_INVALID", extra({ name }))),
  archived("a name that is not UTF-8", "PT_NAME_INVALID", extra({ name: Uint8Array.of(97, 0xff) })),
  archived("two pickles", "PT_ENTRY_MISSING", extra({ name: "other/data.pkl", data: GOOD })),
  archived("an archive without a pickle", "PT_ENTRY_MISSING", (files) => files.slice(1)),
  archived("a byte order that is none", "PT_ENTRY_MISSING", (files) =>
    files.map((file) =>
      file.name === "archive/byteorder" ? { ...file, data: utf8("middle") } : file,
    ),
  ),
  archived("a pickle whose header has another name", "PT_ZIP_INVALID", (files) =>
    files.map((file, i) => (i === 0 ? { ...file, localName: "archive/data.pkk" } : file)),
  ),
  archived("a pickle at a place where no header is", "PT_ZIP_INVALID", (files) => [
    { name: "archive/data.pkl", header: 4, size: 10, data: new Uint8Array(40) },
    ...files.slice(1),
  ]),
  {
    what: "more files than the limit",
    code: "PT_LIMIT",
    build: goodTorch,
    limits: { entries: 2 },
    details: { limit: "entries", found: 3, allowed: 2 },
  },
  {
    what: "a longer pickle than the limit",
    code: "PT_LIMIT",
    build: goodTorch,
    limits: { pickleBytes: 20 },
  },
];

const system = join(global("os", "system"), tuple(text("rm -rf /")));
const refused = (name: string): More => ({ details: { name } });

const CODE: readonly TorchCase[] = [
  pickled("os.system", "PT_PICKLE_REFUSED", join(system, utf8("R")), refused("os.system")),
  pickled(
    "os.system as a dict's value",
    "PT_PICKLE_REFUSED",
    dict(text("w"), join(system, utf8("R"))),
  ),
  ...[
    ["posix", "system"],
    ["builtins", "eval"],
    ["builtins", "exec"],
    ["builtins", "getattr"],
    ["__builtin__", "__import__"],
    ["subprocess", "Popen"],
    ["torch", "load"],
    ["torch.hub", "load"],
    ["torch._utils", "_rebuild_qtensor"],
    ["numpy.core.multiarray", "scalar"],
    ["collections", "defaultdict"],
    ["vit_prisma.sae.config", "VisionModelSAERunnerConfig"],
    ["torch\n", "float32"],
    ["constructor", "__proto__"],
  ].map(([module = "", name = ""]) =>
    pickled(`${JSON.stringify(module)}.${name}`, "PT_PICKLE_REFUSED", global(module, name)),
  ),
  pickled(
    "os.system by STACK_GLOBAL",
    "PT_PICKLE_REFUSED",
    join(text("os"), text("system"), Uint8Array.of(0x93)),
    refused("os.system"),
  ),
  pickled("INST", "PT_PICKLE_REFUSED", utf8("(ios\nsystem\n"), { details: { opcode: 0x69 } }),
  pickled("OBJ", "PT_PICKLE_REFUSED", join(utf8("("), global("torch", "Size"), utf8("o"))),
  pickled(
    "NEWOBJ",
    "PT_PICKLE_REFUSED",
    join(global("torch", "Size"), utf8(")"), Uint8Array.of(0x81)),
  ),
  pickled("an extension by number", "PT_PICKLE_REFUSED", Uint8Array.of(0x82, 1)),
  pickled("a textual persistent id", "PT_PICKLE_REFUSED", utf8("Pstorage\n")),
  pickled("a value that is called", "PT_PICKLE_REFUSED", join(text("f"), utf8(")R"))),
  pickled(
    "a dtype that is called",
    "PT_PICKLE_REFUSED",
    join(global("torch", "float32"), utf8(")R")),
  ),
  pickled(
    "a storage type that is called",
    "PT_PICKLE_REFUSED",
    join(global("torch", "FloatStorage"), utf8(")R")),
  ),
  pickled(
    "a function left as a value",
    "PT_PICKLE_REFUSED",
    global("torch._utils", "_rebuild_tensor_v2"),
  ),
  pickled("a storage left as a value", "PT_PICKLE_REFUSED", storage()),
  pickled(
    "an OrderedDict with arguments",
    "PT_PICKLE_REFUSED",
    join(global("collections", "OrderedDict"), tuple(int(1)), utf8("R")),
  ),
  pickled(
    "attributes for a dict",
    "PT_PICKLE_REFUSED",
    join(utf8("}"), dict(text("_metadata"), int(1)), utf8("b")),
  ),
  pickled(
    "attributes for a state dict that are not _metadata",
    "PT_PICKLE_REFUSED",
    join(
      global("collections", "OrderedDict"),
      utf8(")R"),
      dict(text("__class__"), int(1)),
      utf8("b"),
    ),
  ),
  pickled(
    "a tensor with hooks",
    "PT_PICKLE_REFUSED",
    join(
      global("torch._utils", "_rebuild_parameter"),
      tuple(tensorCall(), Uint8Array.of(0x88), dict(text("hook"), int(1))),
      utf8("R"),
    ),
  ),
];

const SHAPES: readonly TorchCase[] = [
  pickled(
    "a persistent id of another kind",
    "PT_STORAGE_INVALID",
    join(
      tuple(text("module"), global("torch", "FloatStorage"), text("0"), text("cpu"), int(2)),
      utf8("Q"),
    ),
  ),
  pickled("a persistent id that is a path", "PT_STORAGE_INVALID", storage("../data.pkl")),
  pickled("a persistent id of text", "PT_STORAGE_INVALID", join(text("0"), utf8("Q"))),
  pickled(
    "a storage of a type that is none",
    "PT_STORAGE_INVALID",
    storage("0", 2, global("torch", "float32")),
  ),
  pickled("a storage of -1 elements", "PT_STORAGE_INVALID", storage("0", -1)),
  pickled(
    "a storage that is not there",
    "PT_STORAGE_INVALID",
    tensorCall({ storage: storage("7") }),
  ),
  pickled(
    "a storage that is shorter than said",
    "PT_STORAGE_INVALID",
    tensorCall({ storage: storage("0", 3) }),
    { details: { key: "0", needed: 12, found: 8 } },
  ),
  pickled("one element too many", "PT_TENSOR_INVALID", tensorCall({ shape: [3] })),
  pickled("an offset behind the storage", "PT_TENSOR_INVALID", tensorCall({ offset: 1 })),
  pickled("a stride past the storage", "PT_TENSOR_INVALID", tensorCall({ strides: [2] })),
  pickled("a negative stride", "PT_TENSOR_INVALID", tensorCall({ strides: [-1] })),
  pickled("a negative size", "PT_TENSOR_INVALID", tensorCall({ shape: [-2] })),
  pickled("a negative offset", "PT_TENSOR_INVALID", tensorCall({ offset: -1 })),
  pickled("strides of another rank", "PT_TENSOR_INVALID", tensorCall({ strides: [1, 1] })),
  pickled(
    "a shape with more elements than can be counted",
    "PT_TENSOR_INVALID",
    tensorCall({ shape: [2 ** 31 - 1, 2 ** 31 - 1], strides: [0, 0] }),
  ),
  pickled(
    "rows that overlap: more elements than the storage",
    "PT_TENSOR_INVALID",
    tensorCall({
      storage: storage("0", 8, global("torch", "BoolStorage")),
      shape: [5, 4],
      strides: [1, 1],
    }),
  ),
  pickled(
    "nine axes",
    "PT_LIMIT",
    tensorCall({ shape: Array<number>(9).fill(1), strides: Array<number>(9).fill(1) }),
  ),
];

const repeated = (count: number, ...bytes: readonly number[]): Uint8Array =>
  Uint8Array.from({ length: count * bytes.length }, (_, i) => bytes[i % bytes.length] ?? 0);

const LIST = 0x5d;
const APPEND = 0x61;

const PICKLES: readonly TorchCase[] = [
  raw("an empty pickle", "PT_PICKLE_INVALID", new Uint8Array(0)),
  raw("protocol 0", "PT_PICKLE_INVALID", utf8("(lp0\n.")),
  raw("protocol 9", "PT_PICKLE_INVALID", Uint8Array.of(0x80, 9, 0x4e, 0x2e)),
  raw("no STOP", "PT_PICKLE_INVALID", Uint8Array.of(0x80, 2, 0x4e)),
  raw("bytes behind STOP", "PT_PICKLE_INVALID", join(GOOD, GOOD)),
  pickled("nothing on the stack", "PT_PICKLE_INVALID", new Uint8Array(0)),
  pickled("two values on the stack", "PT_PICKLE_INVALID", utf8("NN")),
  pickled("a mark left open", "PT_PICKLE_INVALID", utf8("(N")),
  pickled("a mark that is missing", "PT_PICKLE_INVALID", utf8("Nt")),
  pickled("a value below a mark", "PT_PICKLE_INVALID", utf8("](a")),
  pickled(
    "a text longer than the pickle",
    "PT_PICKLE_INVALID",
    join(utf8("X"), numbers([4, 1000])),
  ),
  pickled("a text of 4 GB", "PT_LIMIT", join(utf8("X"), numbers([4, 2 ** 32 - 1]))),
  pickled("a text of 2^63 bytes", "PT_LIMIT", join(Uint8Array.of(0x8d), numbers([8, 2 ** 63]))),
  pickled(
    "a text that is not UTF-8",
    "PT_PICKLE_INVALID",
    join(utf8("X"), numbers([4, 1]), Uint8Array.of(0xff)),
  ),
  pickled(
    "a whole number of 2 GB",
    "PT_PICKLE_INVALID",
    join(Uint8Array.of(0x8b), numbers([4, 2 ** 31])),
  ),
  pickled("a name without an end", "PT_PICKLE_INVALID", utf8("cos")),
  pickled("something that was never remembered", "PT_PICKLE_INVALID", Uint8Array.of(0x68, 3)),
  pickled(
    "a memo of 2^32 - 1, asked for as another",
    "PT_PICKLE_INVALID",
    join(utf8("Nr"), numbers([4, 2 ** 32 - 1]), Uint8Array.of(0x68, 0)),
  ),
  pickled("a key that is a list", "PT_PICKLE_INVALID", dict(utf8("]"), int(1))),
  pickled(
    "a key twice",
    "PT_PICKLE_INVALID",
    join(dict(text("w"), int(1)), text("w"), int(2), utf8("s")),
  ),
  pickled("a key without a value", "PT_PICKLE_INVALID", join(utf8("}("), text("w"), utf8("u"))),
  pickled(
    "items of a dict that is a list",
    "PT_PICKLE_INVALID",
    join(utf8("]"), text("w"), int(1), utf8("s")),
  ),
  pickled(
    "a list that holds itself",
    "PT_PICKLE_INVALID",
    Uint8Array.of(LIST, 0x71, 0, 0x68, 0, APPEND),
  ),
  pickled(
    "lists 100,000 deep",
    "PT_LIMIT",
    join(repeated(100_000, LIST), repeated(99_999, APPEND)),
    { details: { limit: "depth" } },
  ),
  pickled("tuples 100,000 deep", "PT_LIMIT", join(utf8(")"), repeated(100_000, 0x85)), {
    details: { limit: "depth" },
  }),
  pickled(
    "more instructions than the limit",
    "PT_LIMIT",
    join(utf8("]"), repeated(60, 0x4e, APPEND)),
    { limits: { instructions: 100 }, details: { limit: "instructions" } },
  ),
];

/** All of them. */
export const TORCH_CASES: readonly TorchCase[] = [...ARCHIVES, ...CODE, ...SHAPES, ...PICKLES];

/** Tuples of two references to the tuple before, `levels` times over: 2^levels values in a few hundred bytes. */
export function doublingTuples(levels: number): Uint8Array<ArrayBuffer> {
  const level = (_: unknown, i: number): Uint8Array =>
    Uint8Array.of(0x68, i, 0x68, i, 0x86, 0x71, i + 1);
  const doubled = Array.from({ length: levels }, level);
  return checkpoint(pickle(join(utf8("("), Uint8Array.of(LIST, 0x71, 0), ...doubled, utf8("t"))));
}
