// One file of a zip archive: its bytes, behind a header that must agree with the directory.
import { quoteName } from "../errors.ts";
import type { ByteSource, ReadOptions } from "./byte-source.ts";
import type { TorchCheck } from "./torch-limits.ts";
import { LOCAL_HEADER_BYTES } from "./zip-checks.ts";
import type { ZipEntry } from "./zip-directory.ts";

/** `b"PK\x03\x04"`. */
const HEADER_SIGNATURE = 0x04034b50;
/** Bytes beside a file's own that are worth one request less: header, name, padding, and what follows the data. */
const SMALL_OVERHEAD = 4096;

const shownName = ({ name }: ZipEntry): string => `the archive's file ${quoteName(name)}`;

/** Bytes of the local header with its name, without its extra fields. */
function headerBytes(entry: ZipEntry, check: TorchCheck): number {
  const length = LOCAL_HEADER_BYTES + new TextEncoder().encode(entry.name).length;
  if (entry.header + length > entry.limit)
    check.fail("PT_ZIP_OVERLAP", `${shownName(entry)} has no room for its header`);
  return length;
}

/** Where the bytes of `entry` start, from `bytes` that start with its header. Both count from the header. */
function startWithin(bytes: Uint8Array, entry: ZipEntry, check: TorchCheck): number {
  const length = headerBytes(entry, check);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const agrees =
    view.getUint32(0, true) === HEADER_SIGNATURE &&
    view.getUint16(8, true) === 0 &&
    view.getUint16(26, true) === length - LOCAL_HEADER_BYTES &&
    decoder.decode(bytes.subarray(LOCAL_HEADER_BYTES, length)) === entry.name;
  if (!agrees) check.fail("PT_ZIP_INVALID", `${shownName(entry)} is not where the directory says`);
  const start = length + view.getUint16(28, true);
  if (entry.header + start + entry.size > entry.limit)
    check.fail("PT_ZIP_OVERLAP", `${shownName(entry)} reaches over byte ${entry.limit}`, {
      name: entry.name,
      limit: entry.limit,
    });
  return start;
}

/**
 * Bytes `[begin, end)` of `entry`, by default all of them.
 * @throws PrismaError PT_ZIP_INVALID where its header says otherwise than the directory, PT_ZIP_OVERLAP, and what the source throws
 */
export async function readEntry(
  source: ByteSource,
  entry: ZipEntry,
  check: TorchCheck,
  part: {
    readonly range?: readonly [begin: number, end: number];
    readonly reading?: ReadOptions;
  } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { range = [0, entry.size], reading = check.reading } = part;
  const [begin, end] = range;
  const { header, limit, size } = entry;
  const named = headerBytes(entry, check);
  if (begin === 0 && end === size && limit - header - size <= SMALL_OVERHEAD) {
    const bytes = await source.read(header, limit, reading);
    const start = startWithin(bytes, entry, check);
    return bytes.subarray(start, start + size);
  }
  const start =
    header + startWithin(await source.read(header, header + named, reading), entry, check);
  return source.read(start + begin, start + end, reading);
}
