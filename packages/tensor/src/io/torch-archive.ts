// The archive of a PyTorch checkpoint: its pickle, its byte order, and its storages, read by ranges.
import { quoteName } from "../errors.ts";
import type { ByteSource, ReadOptions } from "./byte-source.ts";
import { FILE_DTYPE_BITS } from "./decode-dtype.ts";
import type { TorchCheck } from "./torch-limits.ts";
import type { TorchStorage } from "./torch-values.ts";
import { readZipDirectory, type ZipEntry } from "./zip-directory.ts";
import { readEntry } from "./zip-entry.ts";

/** An archive opened. */
export interface TorchArchive {
  readonly bigEndian: boolean;
  /** The bytes of the pickle. */
  readonly pickle: () => Promise<Uint8Array<ArrayBuffer>>;
  /** Bytes `[begin, end)` of the storage `key`. */
  readonly read: (
    key: string,
    range: readonly [begin: number, end: number],
    options: ReadOptions,
  ) => Promise<Uint8Array<ArrayBuffer>>;
  /** @throws PrismaError PT_STORAGE_INVALID where the archive lacks `storage`, or has less of it */
  readonly checkStorage: (storage: TorchStorage) => void;
}

type Entries = ReadonlyMap<string, ZipEntry>;

/** The folder of the archive that has the pickle. */
function folderOf(entries: Entries, check: TorchCheck): string {
  const pickles = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  const [pickle] = pickles;
  if (pickle !== undefined && pickles.length === 1) return pickle.slice(0, -"data.pkl".length);
  return check.fail(
    "PT_ENTRY_MISSING",
    `the archive has ${pickles.length} files data.pkl; a PyTorch checkpoint has one`,
    { name: "data.pkl", found: pickles.length },
  );
}

async function isBigEndian(
  source: ByteSource,
  entry: ZipEntry | undefined,
  check: TorchCheck,
): Promise<boolean> {
  // Before 2.1 there was no such file, and every checkpoint was little-endian.
  if (entry === undefined) return false;
  const order =
    entry.size > 6 ? "" : new TextDecoder().decode(await readEntry(source, entry, check));
  if (order !== "little" && order !== "big")
    check.fail("PT_ENTRY_MISSING", "the archive's file byteorder is neither little nor big", {
      name: "byteorder",
    });
  return order === "big";
}

function checkStorage(
  check: TorchCheck,
  { key, dtype, count }: TorchStorage,
  entry: ZipEntry | undefined,
): void {
  const needed = count * ((dtype === null ? 8 : (FILE_DTYPE_BITS[dtype] ?? 8)) / 8);
  if (entry !== undefined && entry.size >= needed) return;
  const found =
    entry === undefined ? "the archive lacks it" : `the archive has ${entry.size} bytes`;
  check.fail("PT_STORAGE_INVALID", `storage ${quoteName(key)} needs ${needed} bytes; ${found}`, {
    key,
    needed,
    found: entry?.size ?? null,
  });
}

/**
 * Opens the archive in `source`; its directory and its byte order are read now.
 * @throws PrismaError PT_*, and what the source throws
 */
export async function openTorchArchive(
  source: ByteSource,
  check: TorchCheck,
): Promise<TorchArchive> {
  const entries = await readZipDirectory(source, await source.size(check.reading), check);
  const folder = folderOf(entries, check);
  const storage = (key: string): ZipEntry | undefined => entries.get(`${folder}data/${key}`);
  const named = (name: string): ZipEntry =>
    entries.get(name) ?? check.fail("PT_ENTRY_MISSING", `the archive lacks ${name}`, { name });
  const pickle = named(`${folder}data.pkl`);
  check.assertWithin("pickleBytes", pickle.size, "bytes of data.pkl");
  return {
    bigEndian: await isBigEndian(source, entries.get(`${folder}byteorder`), check),
    pickle: () => readEntry(source, pickle, check),
    read: (key, range, reading) =>
      readEntry(source, named(`${folder}data/${key}`), check, { range, reading }),
    checkStorage: (one) => checkStorage(check, one, storage(one.key)),
  };
}
