// sin and cos within 2 ULP over their whole range, next to the multiples of pi / 2 too, where few digits are left.
import { tensor } from "@prisma/tensor";
import { expect, test } from "vitest";
import { onEachDevice } from "../each-device.ts";
import { RandomSource } from "../fuzz/random-source.ts";

const LARGEST = 65536;

/** The f32 nearest to every multiple of pi / 2 in the range, and one of its neighbours. */
const quarters = Float32Array.from({ length: 83_444 }, (_, i) => ((i >> 1) + 1) * (Math.PI / 2));
const bits = new Uint32Array(quarters.buffer);
for (let i = 1; i < bits.length; i += 2) bits[i]! += i % 4 === 1 ? 1 : -1;

const random = new RandomSource(1);
const even = Float32Array.from({ length: 100_000 }, () => (2 * random.unit() - 1) * LARGEST);
const small = Float32Array.from({ length: 50_000 }, () => 2 ** (20 * random.unit() - 18));

/** Distance between neighbouring f32 at `value`, at least that of the smallest normal ones. */
const ulp = (value: number): number =>
  2 ** (Math.floor(Math.log2(Math.max(Math.abs(value), 2 ** -126))) - 23);

/** Largest error in ULP, and where it is. */
function worst(
  inputs: Float32Array,
  found: ArrayLike<number>,
  exact: (x: number) => number,
): { readonly error: number; readonly at: number } {
  let [error, at] = [0, 0];
  inputs.forEach((x, i) => {
    const want = exact(x);
    const off = Math.abs(found[i]! - want) / ulp(want);
    if (!(off <= error)) [error, at] = [off, x];
  });
  return { error, at };
}

onEachDevice(() => {
  test.each([
    ["quarter turns", quarters.filter((x) => x <= LARGEST)],
    ["the whole range", even],
    ["small angles", small],
  ] as const)("%s", async (_, angles) => {
    using x = tensor(angles);
    for (const fn of ["sin", "cos"] as const) {
      using y = x[fn]();
      const { error, at } = worst(angles, await y.data(), Math[fn]);
      expect(error, `${fn}(${at})`).toBeLessThanOrEqual(2);
    }
  });

  test("the ends of the range, and what is beyond", async () => {
    using x = tensor([LARGEST, -LARGEST, 65536.01, -1e30, Infinity, Number.NaN]);
    for (const fn of ["sin", "cos"] as const) {
      using y = x[fn]();
      const [end = 0, start = 0, ...beyond] = await y.data();
      expect(end).toBeCloseTo(Math[fn](LARGEST), 6);
      expect(start).toBeCloseTo(Math[fn](-LARGEST), 6);
      expect(beyond).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
    }
  });
});
