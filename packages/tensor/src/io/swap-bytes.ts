// Elements of the other byte order.

/** `bytes` with the bytes of each element, `width` of them, back to front. */
export function swapBytes(bytes: Uint8Array<ArrayBuffer>, width: number): Uint8Array<ArrayBuffer> {
  return bytes.map((_, i) => bytes[i - (i % width) + width - 1 - (i % width)] ?? 0);
}
