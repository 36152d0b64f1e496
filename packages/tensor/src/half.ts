// Halves on the host: IEEE 754 binary16 numbers as bits, two bytes each.

/** Least magnitude that rounds to infinity: half way from the largest half, 65504, to what would follow it. */
export const HALF_OVERFLOW = 65520;
const EXPONENT_BIAS = 14;
/** Added and taken away again, it leaves a double of less than 2^52 rounded to a whole number, ties to even. */
const WHOLE = 2 ** 52;

const float = new Float32Array(1);
const floatBits = new Uint32Array(float.buffer);

/** The bits of the half nearest to `value`, ties to even; infinite from {@link HALF_OVERFLOW} on, NaN stays NaN. */
export function encodeHalf(value: number): number {
  float[0] = value;
  const bits = floatBits[0] ?? 0;
  const sign = (bits >>> 16) & 0x8000;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return sign | 0x7e00;
  if (size >= HALF_OVERFLOW) return sign | 0x7c00;
  // Rounding to f32 may carry to the next power of two only where rounding to half does.
  const exponent = Math.max(((bits >>> 23) & 0xff) - 127, -EXPONENT_BIAS);
  const fraction = size * 2 ** (10 - exponent) + WHOLE - WHOLE;
  return sign | (((exponent + EXPONENT_BIAS) << 10) + fraction);
}

/** The number whose half is `bits`. */
export function decodeHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** `values` as halves, each rounded once. */
export function encodeHalves(values: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  return Uint16Array.from(values, encodeHalf);
}

/** `halves` as numbers. */
export function decodeHalves(halves: Uint16Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  return Float32Array.from(halves, decodeHalf);
}

/** The bytes of `halves` as whole words of device memory: an odd one is followed by a zero. */
export function halfWords(halves: Uint16Array<ArrayBuffer>): Uint16Array<ArrayBuffer> {
  if (halves.length % 2 === 0) return halves;
  const padded = new Uint16Array(halves.length + 1);
  padded.set(halves);
  return padded;
}
