// Writes npy files of version 1.0, byte for byte as numpy.save does.
import type { Shape } from "../shape.ts";

/** Data starts at a multiple of this. */
const ALIGNMENT = 64;
const START = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0] as const;
/** NumPy leaves room for the first axis to grow to so many digits. */
const GROWTH_DIGITS = 21;

/** A Python tuple. */
function tuple(sizes: Shape): string {
  return sizes.length === 1 ? `(${sizes[0]},)` : `(${sizes.join(", ")})`;
}

/** The bytes of a file of row-major `data` whose elements NumPy calls `descr`. */
export function encodeNpy(descr: string, shape: Shape, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const literal = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple(shape)}, }`;
  const [first] = shape;
  const growth = first === undefined ? 0 : GROWTH_DIGITS - String(first).length;
  const unpadded = START.length + 2 + literal.length + growth + 1;
  const begin = Math.ceil(unpadded / ALIGNMENT) * ALIGNMENT;
  const file = new Uint8Array(begin + data.length);
  file.set(START);
  new DataView(file.buffer).setUint16(START.length, begin - START.length - 2, true);
  const header = `${literal.padEnd(begin - START.length - 3)}\n`;
  file.set(new TextEncoder().encode(header), START.length + 2);
  file.set(data, begin);
  return file;
}
