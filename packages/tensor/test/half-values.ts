// Halves by their definition, apart from the code that is tested: their values, and which of them is next to an f32.

/** All 65,536 patterns of 16 bits. */
export const PATTERNS = Uint16Array.from({ length: 2 ** 16 }, (_, i) => i);

/** The value of a half by its bits, spelt out from IEEE 754 in a decimal text of its own. */
export function halfValue(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15, (bits >> 10) & 31, bits & 1023];
  const minus = sign === 1 ? "-" : "";
  if (exponent === 31) return fraction > 0 ? NaN : Number(`${minus}Infinity`);
  const leading = exponent === 0 ? 0 : 1024;
  const scaled = BigInt(leading + fraction) << BigInt(Math.max(exponent, 1) - 1);
  // In units of 2^-24, of which 5^24 are 10^24 in decimal places.
  return Number(`${minus}${scaled * 5n ** 24n}e-24`);
}

/** Bits of the half infinity, which follows the largest half. */
export const INFINITE = 0x7c00;

/** An f32 by its bits, and the bits of the half it rounds to. */
export interface Rounded {
  readonly single: Uint32Array<ArrayBuffer>;
  readonly half: Uint16Array<ArrayBuffer>;
}

/**
 * Every number half way between two halves, where the even one is taken, and the f32 before and after it, which are
 * nearer to one; of both signs. By IEEE 754 the largest half and what would follow it, 2^16, count as neighbours.
 */
export function halfways(): Rounded {
  const pairs = [0, 0x8000].flatMap((sign) =>
    Array.from({ length: INFINITE }, (_, below) => ({ sign, below })),
  );
  const single = new Uint32Array(3 * pairs.length);
  const half = new Uint16Array(3 * pairs.length);
  const float = new Float32Array(1);
  pairs.forEach(({ sign, below }, i) => {
    const above = below + 1 === INFINITE ? 2 ** 16 : halfValue(below + 1);
    float[0] = (halfValue(below) + above) / 2;
    const bits = new Uint32Array(float.buffer)[0]!;
    [bits - 1, bits, bits + 1].forEach((size, k) => (single[3 * i + k] = size + sign * 2 ** 16));
    half.set(
      [below, below + (below % 2), below + 1].map((size) => size + sign),
      3 * i,
    );
  });
  return { single, half };
}
