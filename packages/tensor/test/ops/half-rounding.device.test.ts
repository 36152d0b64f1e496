// f16 is to the bit what IEEE 754 says, on every device: every half unpacked, and every place where rounding turns packed.
import { init, scope, tensor, type Device } from "@prisma/tensor";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { onEachDevice } from "../each-device.ts";
import digests from "../golden/half.json" with { type: "json" };
import { halfValue, halfways, INFINITE, PATTERNS, type Rounded } from "../half-values.ts";

const HALFWAYS = halfways();
const singles = ({ single }: Rounded): Float32Array<ArrayBuffer> => new Float32Array(single.buffer);

async function sha256(bytes: Uint16Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Bits of f32 numbers far from any half: what they become. */
const OTHERS: readonly (readonly [what: string, bits: number, half: number])[] = [
  ["the least subnormal f32", 0x00000001, 0],
  ["the largest subnormal f32", 0x007fffff, 0],
  ["the least normal f32", 0x00800000, 0],
  ["the least subnormal f32, negative", 0x80000001, 0x8000],
  ["2^-26", 0x32800000, 0],
  ["2^16", 0x47800000, INFINITE],
  ["the largest f32", 0x7f7fffff, INFINITE],
  ["the largest f32, negative", 0xff7fffff, 0xfc00],
  ["infinity", 0x7f800000, INFINITE],
  ["minus infinity", 0xff800000, 0xfc00],
];
const NANS = [0x7fc00000, 0xffc00000, 0x7f800001, 0xffffffff, 0x7f802000];

/** Places at which `found` is not the number with these bits. */
const wrong = (found: ArrayLike<number>, bits: Uint16Array): number[] =>
  [...bits.keys()].filter((i) => !Object.is(found[i], halfValue(bits[i]!)));

test("what these tests expect is what NumPy gives", async () => {
  expect(await sha256(HALFWAYS.half)).toBe(digests.halfways);
});

describe("on the host", () => {
  let device: Device;
  beforeAll(async () => {
    device = await init({ device: "wasm", threads: 1 });
  });
  afterAll(() => device.dispose());

  test("every place where rounding turns", async () => {
    const kept = HALFWAYS.half.map((bits) => bits & 0x7fff).findIndex((bits) => bits === INFINITE);
    expect(kept).toBeGreaterThan(0);
    const finite = [...HALFWAYS.half.keys()].filter((i) => (HALFWAYS.half[i]! & 0x7fff) < INFINITE);
    const values = Float64Array.from(finite, (i) => singles(HALFWAYS)[i]!);
    using x = tensor(values, { dtype: "f16" });
    const expected = Uint16Array.from(finite, (i) => HALFWAYS.half[i]!);
    expect(wrong(await x.data(), expected)).toEqual([]);
  });
});

onEachDevice(() => {
  test("every half is the f32 of its value", async () => {
    using x = tensor(Array.from(PATTERNS, halfValue), { dtype: "f16" });
    using y = x.cast("f32");
    expect(wrong(await y.data(), PATTERNS)).toEqual([]);
  });

  test("every place where rounding turns, and no other", async () => {
    using x = tensor(singles(HALFWAYS));
    using y = x.cast("f16");
    expect(wrong(await y.data(), HALFWAYS.half)).toEqual([]);
  });

  test("the same where the rounded number is used at once", async () => {
    using x = tensor(singles(HALFWAYS));
    using y = scope(() => x.cast("f16").cast("f32"));
    expect(wrong(await y.data(), HALFWAYS.half)).toEqual([]);
  });

  test.each(OTHERS)("%s", async (_, bits, half) => {
    using x = tensor(new Float32Array(Uint32Array.of(bits).buffer));
    using y = x.cast("f16");
    expect(wrong(await y.data(), Uint16Array.of(half))).toEqual([]);
  });

  test("NaN stays NaN", async () => {
    using x = tensor(new Float32Array(Uint32Array.from(NANS).buffer));
    using y = x.cast("f16");
    expect([...(await y.data())]).toEqual(NANS.map(() => NaN));
  });
});
