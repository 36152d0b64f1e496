// Class A of the corpus: wrong lengths, and files of other formats.
import { f32, file, join, record, refused, utf8, type CorpusCase } from "./corpus-case.ts";

const HEADER = `{"w":${record()}}`;
const TWO = f32(1, 2);

const claims = (id: string, what: string, length: bigint): CorpusCase =>
  refused(id, what, "ST_HEADER_TOO_LARGE", () => file(HEADER, TWO, { length }), {
    details: { length: String(length) },
  });

/** Another format; 600 bytes, so that no length is the reason. */
const foreign = (id: string, what: string, guess: RegExp, start: Uint8Array): CorpusCase =>
  refused(id, what, "ST_NOT_SAFETENSORS", () => join(start, new Uint8Array(600).fill(0x41)), {
    details: { guess },
  });

/** Files of a wrong length or of another format. */
export const lengths: readonly CorpusCase[] = [
  refused("A01", "no bytes", "ST_TOO_SHORT", () => new Uint8Array(0), { details: { fileSize: 0 } }),
  refused("A02", "seven bytes", "ST_TOO_SHORT", () => new Uint8Array(7), {
    details: { fileSize: 7 },
  }),
  refused("A03", "a length of 0 and nothing else", "ST_HEADER_JSON", () => new Uint8Array(8), {
    details: { position: 0 },
  }),
  refused("A04", "a length of 0, then data", "ST_HEADER_JSON", () => file("", TWO), {
    details: { position: 0 },
  }),
  refused(
    "A05",
    "a length beyond the file",
    "ST_HEADER_LENGTH",
    () => file(HEADER, TWO, { length: 100_000n }),
    { details: { length: "100000" } },
  ),
  claims("A06", "the largest length", 2n ** 64n - 1n),
  claims("A07", "a length of 2^53 + 1", 2n ** 53n + 1n),
  claims("A08", "a length of 100,000,001", 100_000_001n),
  claims("A09", "a length of 2^63", 2n ** 63n),
  refused("A10", "a big-endian length", "ST_HEADER_TOO_LARGE", () => {
    const field = new Uint8Array(8);
    new DataView(field.buffer).setBigUint64(0, BigInt(HEADER.length));
    return file(HEADER, TWO, { length: field, pad: false });
  }),
  foreign("A11", "an HTML page", /HTML/, utf8("<!DOCTYPE html><html><body>Sign in")),
  foreign(
    "A12",
    "a Git LFS pointer",
    /LFS/,
    utf8("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 42\n"),
  ),
  foreign("A13", "a PyTorch archive", /zip/, utf8("PK\u0003\u0004\0\0\b\b\0\0archive/data.pkl")),
  foreign("A14", "a pickle", /pickle/, Uint8Array.of(0x80, 2, 0x7d, 0x71, 0, 0x58, 1, 0, 0, 0)),
  foreign("A15", "a GGUF file", /GGUF/, join(utf8("GGUF"), Uint8Array.of(3, 0, 0, 0))),
  foreign("A16", "an error as JSON", /JSON/, utf8('{"error":"Repository not found"}')),
  refused(
    "A17",
    "a length one short",
    "ST_HEADER_JSON",
    () => file(HEADER, TWO, { length: BigInt(HEADER.length - 1), pad: false }),
    { details: { position: HEADER.length - 1 } },
  ),
  refused(
    "A18",
    "a length one long",
    "ST_HEADER_JSON",
    () => file(HEADER, TWO, { length: BigInt(HEADER.length + 1), pad: false }),
    { details: { position: HEADER.length } },
  ),
  foreign("A19", "an HTML page after line ends", /HTML/, utf8("\r\n\n <html><body>Sign in")),
  foreign("A20", "an HTML page after a byte order mark", /HTML/, utf8("\ufeff<!doctype html>")),
];
