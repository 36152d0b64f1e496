// Checks of a zip archive's files: names that are plain, each once, and data that nothing else lies in.
import { quoteName } from "../errors.ts";
import type { TorchCheck } from "./torch-limits.ts";
import type { ZipEntry } from "./zip-directory.ts";

/** Bytes of a local header without name and extra fields. */
export const LOCAL_HEADER_BYTES = 30;

/** Absolute, of a drive, with a backslash or a control character, or with an empty, `.` or `..` part. */
const BAD_NAME = /^$|^[/~]|^[a-z]:|[\\\p{Cc}]|(^|\/)\.{0,2}(\/|$)/iu;

/**
 * The name in `bytes`.
 * @throws PrismaError PT_NAME_INVALID, PT_LIMIT
 */
export function checkZipName(check: TorchCheck, bytes: Uint8Array): string {
  check.assertWithin("textBytes", bytes.length, "bytes of a name in the archive");
  let name: string;
  try {
    name = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    return check.fail("PT_NAME_INVALID", "a name in the archive is not UTF-8", {}, cause);
  }
  if (BAD_NAME.test(name))
    check.fail("PT_NAME_INVALID", `the archive has a file ${quoteName(name)}, which is no name`, {
      name,
    });
  return name;
}

/**
 * `spans` by name, each with where it must end, all before `directory`.
 * @throws PrismaError PT_DUPLICATE_NAME, PT_ZIP_OVERLAP
 */
export function checkZipSpans(
  check: TorchCheck,
  spans: readonly Omit<ZipEntry, "limit">[],
  directory: number,
): ReadonlyMap<string, ZipEntry> {
  const entries = new Map<string, ZipEntry>();
  const placed = [...spans].sort((a, b) => a.header - b.header);
  placed.forEach((span, i) => {
    const limit = placed[i + 1]?.header ?? directory;
    const shown = `the archive's file ${quoteName(span.name)}`;
    if (span.header + LOCAL_HEADER_BYTES + span.size > limit)
      check.fail(
        "PT_ZIP_OVERLAP",
        `${shown} reaches over byte ${limit}, where something else starts`,
        { name: span.name, limit },
      );
    if (entries.has(span.name))
      check.fail("PT_DUPLICATE_NAME", `${shown} is there twice`, { name: span.name });
    entries.set(span.name, { ...span, limit });
  });
  return entries;
}
