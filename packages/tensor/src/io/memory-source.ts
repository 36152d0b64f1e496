// A file that is in memory already.
import { PrismaError } from "../errors.ts";
import type { ByteSource } from "./byte-source.ts";

/** @throws PrismaError SOURCE_TRUNCATED where not all of `[begin, end)` came */
export function assertComplete(name: string, begin: number, end: number, found: number): void {
  if (found !== end - begin) {
    throw new PrismaError(
      "SOURCE_TRUNCATED",
      `${name}: bytes ${begin} to ${end} were asked for, ${found} of ${end - begin} came; download the file again`,
      { begin, end, found },
    );
  }
}

/** `bytes` as a file; what is read shares their memory. */
export function memorySource(bytes: Uint8Array<ArrayBuffer>, name = "memory"): ByteSource {
  return {
    name,
    size: async () => bytes.length,
    read: async (begin, end) => {
      assertComplete(name, begin, end, Math.max(0, Math.min(end, bytes.length) - begin));
      return bytes.subarray(begin, end);
    },
  };
}
