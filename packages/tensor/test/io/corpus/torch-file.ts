// Builders of PyTorch checkpoints: archives record by record, pickles instruction by instruction.
import { join, utf8 } from "./corpus-case.ts";

/** A file of an archive, and what is said of it wrongly. */
export interface ZipFile {
  readonly name: string | Uint8Array;
  readonly data?: Uint8Array;
  /** Sizes that the directory names; default: the true one. */
  readonly size?: number;
  readonly packed?: number;
  /** Where the directory says that the local header is. */
  readonly header?: number;
  readonly method?: number;
  readonly flags?: number;
  /** Whether sizes and place stand in a zip64 field. */
  readonly zip64?: boolean;
  /** Name in the local header. */
  readonly localName?: string;
  readonly localExtra?: number;
}

/** What is said wrongly of an archive as a whole. */
export interface ZipFaults {
  readonly count?: number;
  readonly directoryBegin?: number;
  readonly directorySize?: number;
  /** Whether the end stands in a 64-bit record too, and where that is said to be. */
  readonly end64?: boolean;
  readonly end64At?: number;
  readonly tail?: Uint8Array;
}

/** Little-endian numbers: `[bytes, value]`. */
export function numbers(
  ...fields: readonly (readonly [bytes: 1 | 2 | 4 | 8, value: number])[]
): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [bytes, value] of fields) {
    if (bytes === 8) view.setBigUint64(at, BigInt(value), true);
    else if (bytes === 4) view.setUint32(at, value, true);
    else if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint8(at, value);
    at += bytes;
  }
  return new Uint8Array(view.buffer);
}

const nameOf = ({ name }: ZipFile): Uint8Array => (typeof name === "string" ? utf8(name) : name);

function localHeader(file: ZipFile): Uint8Array {
  const name = file.localName === undefined ? nameOf(file) : utf8(file.localName);
  const extra = file.localExtra ?? 0;
  return join(
    numbers([4, 0x04034b50], [2, 0], [2, file.flags ?? 0], [2, file.method ?? 0], [4, 0]),
    numbers([4, 0], [4, 0], [4, 0], [2, name.length], [2, extra]),
    name,
    new Uint8Array(extra),
  );
}

function record(file: ZipFile, at: number): Uint8Array {
  const size = file.size ?? file.data?.length ?? 0;
  const packed = file.packed ?? size;
  const header = file.header ?? at;
  const wide = file.zip64 ?? false;
  const extra = wide
    ? numbers([2, 1], [2, 24], [8, size], [8, packed], [8, header])
    : new Uint8Array(0);
  const short = (value: number): number => (wide ? 0xffffffff : value);
  const name = nameOf(file);
  return join(
    numbers([4, 0x02014b50], [2, 0], [2, 0], [2, file.flags ?? 0], [2, file.method ?? 0], [4, 0]),
    numbers([4, 0], [4, short(packed)], [4, short(size)], [2, name.length], [2, extra.length]),
    numbers([2, 0], [2, 0], [2, 0], [4, 0], [4, short(header)]),
    name,
    extra,
  );
}

/** An archive of `files`. */
export function zip(files: readonly ZipFile[], faults: ZipFaults = {}): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const records: Uint8Array[] = [];
  let at = 0;
  for (const file of files) {
    const local = join(localHeader(file), file.data ?? new Uint8Array(0));
    records.push(record(file, at));
    parts.push(local);
    at += local.length;
  }
  const directory = join(...records);
  const size = faults.directorySize ?? directory.length;
  const begin = faults.directoryBegin ?? at;
  const count = faults.count ?? files.length;
  const end64 = join(
    numbers([4, 0x06064b50], [8, 44], [2, 0], [2, 0], [4, 0], [4, 0]),
    numbers([8, count], [8, count], [8, size], [8, begin]),
    numbers([4, 0x07064b50], [4, 0], [8, faults.end64At ?? at + directory.length], [4, 1]),
  );
  return join(
    ...parts,
    directory,
    faults.end64 === true ? end64 : new Uint8Array(0),
    numbers([4, 0x06054b50], [2, 0], [2, 0], [2, count & 0xffff], [2, count & 0xffff]),
    numbers([4, size], [4, begin], [2, 0]),
    faults.tail ?? new Uint8Array(0),
  );
}

/** `BINUNICODE` of `text`. */
export const text = (value: string): Uint8Array =>
  join(Uint8Array.of(0x58), numbers([4, utf8(value).length]), utf8(value));

/** `BININT` of `value`. */
export const int = (value: number): Uint8Array =>
  join(Uint8Array.of(0x4a), numbers([4, value >>> 0]));

/** `GLOBAL`. */
export const global = (module: string, name: string): Uint8Array => utf8(`c${module}\n${name}\n`);

/** The persistent id of a storage. */
export const storage = (
  key = "0",
  count = 2,
  type: Uint8Array = global("torch", "FloatStorage"),
): Uint8Array =>
  join(utf8("("), text("storage"), type, text(key), text("cpu"), int(count), utf8("tQ"));

/** `(…)`. */
export const tuple = (...items: readonly Uint8Array[]): Uint8Array =>
  join(utf8("("), ...items, utf8("t"));

/** A tensor of two float32 in storage 0, or as `parts` say. */
export function tensorCall(
  parts: {
    readonly storage?: Uint8Array;
    readonly offset?: number;
    readonly shape?: readonly number[];
    readonly strides?: readonly number[];
  } = {},
): Uint8Array {
  const { offset = 0, shape = [2], strides = [1] } = parts;
  return join(
    global("torch._utils", "_rebuild_tensor_v2"),
    utf8("("),
    parts.storage ?? storage(),
    int(offset),
    tuple(...shape.map(int)),
    tuple(...strides.map(int)),
    Uint8Array.of(0x89),
    global("collections", "OrderedDict"),
    utf8(")RtR"),
  );
}

/** The pickle of protocol 2 with `body`. */
export const pickle = (...body: readonly Uint8Array[]): Uint8Array =>
  join(Uint8Array.of(0x80, 2), ...body, utf8("."));

/** A dict of one entry. */
export const dict = (key: Uint8Array, value: Uint8Array): Uint8Array =>
  join(utf8("}"), key, value, utf8("s"));

const TWO = Uint8Array.of(0, 0, 128, 63, 0, 0, 0, 64);

/** The files of a checkpoint whose pickle is `data`, with storage 0 of two float32. */
export const filesOf = (data: Uint8Array): ZipFile[] => [
  { name: "archive/data.pkl", data },
  { name: "archive/byteorder", data: utf8("little") },
  { name: "archive/data/0", data: TWO },
];

/** A checkpoint whose pickle is `data`. */
export const checkpoint = (data: Uint8Array): Uint8Array<ArrayBuffer> => zip(filesOf(data));
