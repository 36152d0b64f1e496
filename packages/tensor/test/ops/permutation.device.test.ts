// Random orders: every number once, the same on every device, and all orders about equally often.
import { permutation } from "@prisma/tensor";
import { expect, test } from "vitest";
import { onEachDevice } from "../each-device.ts";

/** The first numbers of the order of 1,000 with seed 7, the same on whichever device comes first. */
let first: readonly unknown[] | null = null;

async function orderOf(count: number, seed: number): Promise<number[]> {
  using order = permutation(count, { seed });
  return [...(await order.data())];
}

onEachDevice(() => {
  test("every number once", async () => {
    const order = await orderOf(1000, 7);
    expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    first ??= order;
    expect(order).toEqual(first);
    expect(await orderOf(1000, 8)).not.toEqual(order);
  });

  test("each of the six orders of three about equally often", async () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 600; seed++) {
      const order = (await orderOf(3, seed)).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    // Of 100 each, with a standard deviation of 9.1.
    expect(counts.size).toBe(6);
    for (const [order, count] of counts) expect(Math.abs(count - 100), order).toBeLessThan(40);
  });
});
