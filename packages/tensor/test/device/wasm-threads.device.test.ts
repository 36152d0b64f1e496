// The same bits on the calling thread, in one worker and in several, for work of every size.
import { expect, it } from "vitest";
import {
  addition,
  compute,
  difference,
  inlineDevice,
  product,
  rowSums,
  workerDevice,
  type Case,
} from "./wasm-engines.ts";

const CASES: readonly Case[] = [
  product(1, 5, 3),
  product(197, 197, 64),
  product(300, 500, 700),
  addition(7, 0.25),
  addition(3_000_000, 0.3),
  rowSums(5000, 300),
  rowSums(3, 5),
];

it.each([1, 2, 5])(
  "gives the bits of the calling thread with %i threads in workers",
  async (threads) => {
    const [reference, device] = [inlineDevice(), workerDevice(threads)];
    try {
      for (const one of CASES) {
        const expected = await compute(reference, one);
        for (let round = 0; round < 3; round++)
          expect(difference(await compute(device, one), expected)).toBeNull();
      }
      expect(device.memory().buffers).toBe(0);
    } finally {
      await device.dispose();
      await reference.dispose();
    }
  },
);

it("carries out what was queued before a read, in order, and copies what it is given", async () => {
  const device = workerDevice(2);
  const [from, to] = [device.allocate(4000), device.allocate(4000)];
  const { kernel } = addition(1000, 1);
  const values = new Float32Array(1000);
  const prepared = device.prepare(kernel);
  const reads: Promise<ArrayBuffer>[] = [];
  for (let round = 0; round < 20; round++) {
    values.fill(round);
    device.write(from, values);
    device.launch([{ prepared, buffer: (id) => [from, to][id]! }], []);
    reads.push(device.read(to, 0, 4));
  }
  values.fill(-1);
  const firsts = (await Promise.all(reads)).map((bytes) => new Float32Array(bytes)[0]);
  expect(firsts).toEqual(Array.from({ length: 20 }, (_, round) => round + 1));
  await device.dispose();
});

it("refuses everything once disposed, and settles what was pending", async () => {
  const device = workerDevice(2);
  const buffer = device.allocate(4);
  const pending = device.read(buffer, 0, 4);
  await device.dispose();
  await expect(pending).rejects.toMatchObject({ code: "DISPOSED" });
  expect(() => device.allocate(4)).toThrow(expect.objectContaining({ code: "DISPOSED" }));
  await expect(device.read(buffer, 0, 4)).rejects.toMatchObject({ code: "DISPOSED" });
});
