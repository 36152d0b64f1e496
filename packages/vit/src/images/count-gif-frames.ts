// How many pictures a GIF holds, by walking over its blocks (GIF89a specification).

/** Bytes of a color table, by the flags that announce it. */
const tableBytes = (flags: number): number => ((flags & 0x80) === 0 ? 0 : 3 << ((flags & 7) + 1));

/** Where the blocks of data from `at` on end; each begins with its length, and the last has none. */
function skipData(bytes: Uint8Array, at: number): number {
  let from = at;
  for (;;) {
    const length = bytes[from];
    if (length === undefined) return bytes.length;
    from += 1 + length;
    if (length === 0) return from;
  }
}

/** Pictures in a GIF; null when it ends too early. */
export function countGifFrames(bytes: Uint8Array): number | null {
  let frames = 0;
  let at = 13 + tableBytes(bytes[10] ?? 0);
  while (at < bytes.length) {
    const block = bytes[at];
    if (block === 0x3b) return frames;
    if (block === 0x2c) {
      frames++;
      at = skipData(bytes, at + 11 + tableBytes(bytes[at + 9] ?? 0));
    } else at = skipData(bytes, at + 2);
  }
  return null;
}
