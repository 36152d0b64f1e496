// The end of a zip archive, which says where its directory lies; of more than 4 GiB too.
import type { ByteSource } from "./byte-source.ts";
import { guessFormat } from "./guess-format.ts";
import type { TorchCheck } from "./torch-limits.ts";

/** Where an archive's directory lies, and its number of records. */
export interface ZipEnd {
  readonly begin: number;
  readonly end: number;
  readonly count: number;
}

/** `b"PK\x05\x06"`. */
const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
/** `b"PK\x06\x07"`. */
const LOCATOR_SIGNATURE = 0x07064b50;
const LOCATOR_BYTES = 20;
/** `b"PK\x06\x06"`. */
const END64_SIGNATURE = 0x06064b50;
const END64_BYTES = 56;
/** Longest comment behind the end. */
const COMMENT_BYTES = 65_535;
/** Fewest bytes of a record of the directory. */
const RECORD_BYTES = 46;

/** First bytes of what `torch.save` wrote before 1.6: a pickle of its magic number. */
const LEGACY = [0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46];

/**
 * Refuses what does not start as an archive does.
 * @throws PrismaError PT_LEGACY_FORMAT, PT_NOT_TORCH
 */
async function checkStart(source: ByteSource, size: number, check: TorchCheck): Promise<void> {
  const start = await source.read(0, Math.min(size, 8), check.reading);
  if (LEGACY.every((byte, i) => start[i] === byte))
    check.fail(
      "PT_LEGACY_FORMAT",
      "the file is in PyTorch's format of before 1.6, a chain of pickles; save it again: torch.save(torch.load(path, weights_only=True), path)",
    );
  if (start[0] === 0x50 && start[1] === 0x4b && start[2] === 3 && start[3] === 4) return;
  const guess = guessFormat(start);
  check.fail(
    "PT_NOT_TORCH",
    `the file is no PyTorch checkpoint${guess === null ? "" : `; it looks like ${guess}`}`,
    { guess },
  );
}

/** The place of the end record in `tail`, whose comment reaches to the end of the file; null where there is none. */
function findEnd(tail: DataView): number | null {
  for (let at = tail.byteLength - END_BYTES; at >= 0; at--) {
    const comment = tail.byteLength - END_BYTES - at;
    if (tail.getUint32(at, true) === END_SIGNATURE && tail.getUint16(at + 20, true) === comment)
      return at;
  }
  return null;
}

/** The directory as the 64-bit record says, which stands at `at` of the file. */
async function readEnd64(
  source: ByteSource,
  at: number,
  { check, before }: { readonly check: TorchCheck; readonly before: number },
): Promise<ZipEnd> {
  if (!Number.isSafeInteger(at) || at + END64_BYTES > before)
    check.fail("PT_ZIP_INVALID", "the archive's 64-bit end record lies outside of the file");
  const bytes = await source.read(at, at + END64_BYTES, check.reading);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== END64_SIGNATURE)
    check.fail("PT_ZIP_INVALID", "the archive's 64-bit end record is not where it should be");
  const begin = Number(view.getBigUint64(48, true));
  const end = begin + Number(view.getBigUint64(40, true));
  checkPlace(check, begin, end, at);
  return { begin, end, count: Number(view.getBigUint64(32, true)) };
}

function checkPlace(check: TorchCheck, begin: number, end: number, before: number): void {
  if (!Number.isSafeInteger(end) || end > before)
    check.fail("PT_ZIP_INVALID", "the archive's directory lies outside of the file", {
      begin,
      end,
    });
}

async function findDirectory(source: ByteSource, size: number, check: TorchCheck): Promise<ZipEnd> {
  const start = Math.max(0, size - END_BYTES - LOCATOR_BYTES - COMMENT_BYTES);
  const bytes = await source.read(start, size, check.reading);
  const tail = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = findEnd(tail);
  if (at === null)
    return check.fail(
      "PT_ZIP_TRUNCATED",
      "the archive has no end; the file was cut off, download it again",
    );
  const locator = at - LOCATOR_BYTES;
  if (locator >= 0 && tail.getUint32(locator, true) === LOCATOR_SIGNATURE)
    return readEnd64(source, Number(tail.getBigUint64(locator + 8, true)), {
      check,
      before: start + locator,
    });
  const begin = tail.getUint32(at + 16, true);
  const end = begin + tail.getUint32(at + 12, true);
  checkPlace(check, begin, end, start + at);
  return { begin, end, count: tail.getUint16(at + 10, true) };
}

/**
 * Finds the directory of the archive in `source`, `size` bytes long.
 * @throws PrismaError PT_NOT_TORCH, PT_LEGACY_FORMAT, PT_ZIP_TRUNCATED, PT_ZIP_INVALID, PT_LIMIT, and what the source throws
 */
export async function readZipEnd(
  source: ByteSource,
  size: number,
  check: TorchCheck,
): Promise<ZipEnd> {
  await checkStart(source, size, check);
  const found = await findDirectory(source, size, check);
  check.assertWithin("entries", found.count, "files in the archive");
  if (found.count * RECORD_BYTES > found.end - found.begin)
    check.fail("PT_ZIP_INVALID", `the archive's directory is too short for ${found.count} files`);
  check.assertWithin("pickleBytes", found.end - found.begin, "bytes of the archive's directory");
  return found;
}
