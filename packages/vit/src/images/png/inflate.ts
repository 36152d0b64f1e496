// Decompression to a size known beforehand: a stream that holds less or more is refused as soon as that shows.
import { invalidImage } from "../image-error.ts";

/**
 * The `size` bytes that the zlib stream in `parts` holds.
 * @throws PrismaError IMAGE_INVALID when the stream is damaged or holds another number of bytes
 */
export async function inflate(parts: readonly Uint8Array[], size: number): Promise<Uint8Array> {
  const compressed = new Blob(parts.map((part) => new Uint8Array(part)));
  const reader = compressed.stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const out = new Uint8Array(size);
  let filled = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw invalidImage("its compressed data are damaged", { cause: String(cause) });
    });
    if (done) break;
    if (filled + value.length > size) {
      await reader.cancel();
      throw invalidImage(`its data are longer than the ${size} bytes that its size needs`, {
        size,
      });
    }
    out.set(value, filled);
    filled += value.length;
  }
  if (filled < size)
    throw invalidImage(`its data are ${filled} bytes, not the ${size} that its size needs`, {
      filled,
      size,
    });
  return out;
}
