// Rows of random numbers, sorted on the current device and by JavaScript.
import { tensor, type Tensor } from "@prisma/tensor";
import { expect } from "vitest";
import { RandomSource } from "../fuzz/random-source.ts";

/** Few distinct values, so that there are ties, both zeros, infinities and NaN. */
function randomRow(length: number, random: RandomSource): number[] {
  const special = [0, -0, Infinity, -Infinity, Number.NaN];
  return Array.from({ length }, () =>
    random.chance(0.1) ? random.pick(special) : random.between(-length, length) / 4,
  );
}

/** Positive where `a` is the larger; NaN counts as largest. */
function compare(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return Number(a > b) - Number(a < b);
}

/** The places of `row` in order, equal ones as they were. */
function placesInOrder(row: readonly number[], descending: boolean): number[] {
  const sign = descending ? -1 : 1;
  return [...row.keys()].sort((p, q) => sign * compare(row[p]!, row[q]!) || p - q);
}

async function expectRows(found: Tensor, expected: readonly (readonly number[])[]): Promise<void> {
  using result = found;
  expect(await result.array()).toEqual(expected);
}

/** Sorts `count` rows of `length` both ways: places, values and the largest are those of a stable sort. */
export async function expectSorted(count: number, length: number): Promise<void> {
  const random = new RandomSource(length);
  const rows = Array.from({ length: count }, () => randomRow(length, random));
  using x = tensor(rows);
  for (const descending of [false, true]) {
    const places = rows.map((row) => placesInOrder(row, descending));
    await expectRows(x.argsort(-1, { descending }), places);
    const values = places.map((order, i) => order.map((place) => rows[i]![place]!));
    await expectRows(x.sort(-1, { descending }), values);
    if (!descending) continue;
    const k = Math.min(length, 100);
    const top = x.topK(k);
    await expectRows(
      top.indices,
      places.map((order) => order.slice(0, k)),
    );
    await expectRows(
      top.values,
      values.map((row) => row.slice(0, k)),
    );
  }
}
