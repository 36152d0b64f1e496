// One file of a zip archive: where its bytes start, behind a header that must agree with the directory.
import { quoteName } from "../errors.ts";
import type { ByteSource, ReadOptions } from "./byte-source.ts";
import type { TorchCheck } from "./torch-limits.ts";
import { LOCAL_HEADER_BYTES } from "./zip-checks.ts";
import type { ZipEntry } from "./zip-directory.ts";

/** `b"PK\x03\x04"`. */
const HEADER_SIGNATURE = 0x04034b50;

/**
 * Where the bytes of `entry` start in `source`.
 * @throws PrismaError PT_ZIP_INVALID where its header says otherwise than the directory, PT_ZIP_OVERLAP, and what the source throws
 */
export async function entryStart(
  source: ByteSource,
  entry: ZipEntry,
  check: TorchCheck,
  options: ReadOptions = check.reading,
): Promise<number> {
  const named = entry.header + LOCAL_HEADER_BYTES + new TextEncoder().encode(entry.name).length;
  const shown = `the archive's file ${quoteName(entry.name)}`;
  if (named > entry.limit) check.fail("PT_ZIP_OVERLAP", `${shown} has no room for its header`);
  const bytes = await source.read(entry.header, named, options);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const name = new TextDecoder("utf-8", { ignoreBOM: true }).decode(
    bytes.subarray(LOCAL_HEADER_BYTES),
  );
  const agrees =
    view.getUint32(0, true) === HEADER_SIGNATURE &&
    view.getUint16(8, true) === 0 &&
    view.getUint16(26, true) === named - entry.header - LOCAL_HEADER_BYTES &&
    name === entry.name;
  if (!agrees) check.fail("PT_ZIP_INVALID", `${shown} is not where the directory says`);
  const start = named + view.getUint16(28, true);
  if (start + entry.size > entry.limit)
    check.fail("PT_ZIP_OVERLAP", `${shown} reaches over byte ${entry.limit}`, {
      name: entry.name,
      limit: entry.limit,
    });
  return start;
}

/** The bytes of `entry`, all of them. */
export async function readEntry(
  source: ByteSource,
  entry: ZipEntry,
  check: TorchCheck,
): Promise<Uint8Array<ArrayBuffer>> {
  const start = await entryStart(source, entry, check);
  return source.read(start, start + entry.size, check.reading);
}
