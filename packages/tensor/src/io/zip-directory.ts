// The directory of a zip archive, read by ranges from its end and checked whole: names, places, sizes, no overlap.
import { quoteName } from "../errors.ts";
import type { ByteSource } from "./byte-source.ts";
import type { TorchCheck } from "./torch-limits.ts";
import { checkZipName, checkZipSpans } from "./zip-checks.ts";
import { readZipEnd } from "./zip-end.ts";

/** A file of an archive, stored as it is. */
export interface ZipEntry {
  readonly name: string;
  /** Where its local header starts. */
  readonly header: number;
  /** Its bytes. */
  readonly size: number;
  /** Where the next entry, or the directory, starts: its data ends before. */
  readonly limit: number;
}

/** `b"PK\x01\x02"`. */
const RECORD_SIGNATURE = 0x02014b50;
/** Bytes of a record without its name, extra fields and comment. */
const RECORD_BYTES = 46;
/** A 32-bit field whose value is in the zip64 field instead. */
const IN_ZIP64 = 0xffffffff;
const ZIP64_FIELD = 1;
const ENCRYPTED = 0x2041;

/** A record as it stands, before entries are held against one another. */
type Span = Omit<ZipEntry, "limit">;

/** A 64-bit number. @throws PrismaError PT_ZIP_INVALID above 2^53 - 1 */
function wide(check: TorchCheck, view: DataView, at: number): number {
  const value = Number(view.getBigUint64(at, true));
  if (!Number.isSafeInteger(value))
    check.fail("PT_ZIP_INVALID", "the archive's directory names a size above 2^53 - 1");
  return value;
}

/** The place of the zip64 field within the extra fields `[begin, end)`, or null. */
function zip64Field(view: DataView, begin: number, end: number): number | null {
  for (let at = begin; at + 4 <= end; at += 4 + view.getUint16(at + 2, true))
    if (view.getUint16(at, true) === ZIP64_FIELD) return at + 4;
  return null;
}

/** Sizes and place of the record at `at`, those of its zip64 field where the record points there. */
function fieldsOf(
  check: TorchCheck,
  view: DataView,
  at: number,
  extra: readonly [begin: number, end: number],
): { readonly size: number; readonly packed: number; readonly header: number } {
  let field = zip64Field(view, ...extra);
  const read = (offset: number): number => {
    const value = view.getUint32(at + offset, true);
    if (value !== IN_ZIP64) return value;
    if (field === null || field + 8 > extra[1])
      return check.fail("PT_ZIP_INVALID", "a record of the archive's directory lacks its sizes");
    field += 8;
    return wide(check, view, field - 8);
  };
  // The order in which the zip64 field has them: size, packed size, place.
  return { size: read(24), packed: read(20), header: read(42) };
}

function checkStored(check: TorchCheck, view: DataView, at: number, shown: string): void {
  const method = view.getUint16(at + 10, true);
  if ((view.getUint16(at + 8, true) & ENCRYPTED) !== 0)
    check.fail("PT_ZIP_UNSUPPORTED", `${shown} is encrypted`);
  if (method !== 0)
    check.fail(
      "PT_ZIP_UNSUPPORTED",
      `${shown} is compressed (method ${method}), which torch.save never does; save the checkpoint again`,
      { method },
    );
}

/** The record at `at`, and where the next one starts. */
function readRecord(
  check: TorchCheck,
  bytes: Uint8Array,
  at: number,
): { readonly span: Span; readonly next: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (at + RECORD_BYTES > bytes.length || view.getUint32(at, true) !== RECORD_SIGNATURE)
    check.fail("PT_ZIP_INVALID", "the archive's directory ends within, or is not one");
  const nameEnd = at + RECORD_BYTES + view.getUint16(at + 28, true);
  const extraEnd = nameEnd + view.getUint16(at + 30, true);
  const next = extraEnd + view.getUint16(at + 32, true);
  if (next > bytes.length)
    check.fail("PT_ZIP_INVALID", "a record of the archive's directory is longer than the rest");
  const name = checkZipName(check, bytes.subarray(at + RECORD_BYTES, nameEnd));
  const shown = `the archive's file ${quoteName(name)}`;
  checkStored(check, view, at, shown);
  const { size, packed, header } = fieldsOf(check, view, at, [nameEnd, extraEnd]);
  if (size !== packed)
    check.fail("PT_ZIP_INVALID", `${shown} is stored, and yet has ${packed} and ${size} bytes`);
  return { span: { name, header, size }, next };
}

/**
 * The files of the archive in `source`, `size` bytes long. Only the directory is read.
 * @throws PrismaError PT_NOT_TORCH, PT_ZIP_*, PT_NAME_INVALID, PT_DUPLICATE_NAME, PT_LIMIT, and what the source throws
 */
export async function readZipDirectory(
  source: ByteSource,
  size: number,
  check: TorchCheck,
): Promise<ReadonlyMap<string, ZipEntry>> {
  const { begin, end, count } = await readZipEnd(source, size, check);
  const bytes = await source.read(begin, end, check.reading);
  const spans: Span[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const { span, next } = readRecord(check, bytes, at);
    spans.push(span);
    at = next;
  }
  if (at !== bytes.length)
    check.fail("PT_ZIP_INVALID", "the archive's directory has more in it than it says");
  return checkZipSpans(check, spans, begin);
}
