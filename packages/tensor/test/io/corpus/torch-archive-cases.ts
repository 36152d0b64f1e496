// Archives that are no PyTorch checkpoints: each with the code that it is refused with.
import type { ErrorCode } from "../../../src/errors.ts";
import { join, utf8 } from "./corpus-case.ts";
import { GOOD, goodTorch, type TorchCase } from "./torch-case.ts";
import { filesOf, zip, type ZipFaults, type ZipFile } from "./torch-file.ts";

const archived = (
  what: string,
  code: ErrorCode,
  change: (files: ZipFile[]) => readonly ZipFile[],
  faults: ZipFaults = {},
): TorchCase => ({ what, code, build: () => zip(change(filesOf(GOOD)), faults) });

const extra = (file: ZipFile) => (files: ZipFile[]) => [...files, file];
const last = (change: Partial<ZipFile>) => (files: ZipFile[]) =>
  files.map((file, i) => (i === files.length - 1 ? { ...file, ...change } : file));

/** All of them. */
export const TORCH_ARCHIVES: readonly TorchCase[] = [
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
