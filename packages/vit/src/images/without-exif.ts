// Photos whose decoder finds no orientation: browsers turn pictures by it whatever they are asked, Pillow does not.
import type { PhotoHeader } from "./photo-header.ts";

const named = (bytes: Uint8Array, at: number, name: string): boolean =>
  String.fromCharCode(...bytes.subarray(at, at + name.length)) === name;

/** Where the name of each EXIF segment of a JPEG lies, up to its first scan. */
function exifInJpeg(bytes: Uint8Array, view: DataView): number[] {
  const found: number[] = [];
  let from = 2;
  while (from + 4 <= bytes.length && bytes[from] === 0xff && bytes[from + 1] !== 0xda) {
    if (bytes[from + 1] === 0xff) from++;
    else {
      if (named(bytes, from + 4, "Exif\0")) found.push(from + 4);
      from += 2 + view.getUint16(from + 2);
    }
  }
  return found;
}

/** Where the name of each EXIF chunk of a WebP lies. */
function exifInWebp(bytes: Uint8Array, view: DataView): number[] {
  const found: number[] = [];
  let from = 12;
  while (from + 8 <= bytes.length) {
    if (named(bytes, from, "EXIF")) found.push(from);
    const length = view.getUint32(from + 4, true);
    from += 8 + length + (length % 2);
  }
  return found;
}

/** A copy of a photo whose EXIF parts go by a name that no decoder reads. */
export function withoutExif(
  bytes: Uint8Array,
  format: PhotoHeader["format"],
): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  const view = new DataView(copy.buffer);
  const parts = { JPEG: exifInJpeg, WebP: exifInWebp, GIF: () => [] };
  for (const at of parts[format](copy, view)) copy.fill(0x58, at, at + 4);
  return copy;
}
