// Paths are for Node; in a page a relative one is taken as a URL.
import { PrismaError, quoteName } from "../errors.ts";
import type { ByteSource } from "./byte-source.ts";

/** @throws PrismaError SOURCE_NOT_FOUND always: there are no paths here */
export function openFile(location: string): ByteSource {
  throw new PrismaError(
    "SOURCE_NOT_FOUND",
    `${quoteName(location)} is a path, and pages have no files; give a complete URL, e.g. new URL("...", document.baseURI)`,
  );
}

/** Null always: pages have no folders. */
export async function listFiles(_location: string): Promise<readonly string[] | null> {
  return null;
}
