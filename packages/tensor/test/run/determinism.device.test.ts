// The same bits run after run, and for every number of threads.
import { describe, expect, test } from "vitest";
import { DEVICES } from "../each-device.ts";
import { bitsOf, changed, LARGE, OF_CASES, on, RANDOM } from "./programs.ts";

/** Milliseconds for everything in a row on a busy machine. */
const PATIENCE = 120_000;
const ALL = [...OF_CASES, ...LARGE, ...RANDOM];
const threads = typeof SharedArrayBuffer !== "undefined";

describe("the same bits", () => {
  test.each(DEVICES.filter(([, , present]) => present))(
    "five times over on %s",
    { timeout: PATIENCE },
    (_, options) =>
      on(options, async () => {
        const expected = await bitsOf(LARGE);
        for (let round = 0; round < 4; round++)
          expect(changed(await bitsOf(LARGE), expected)).toEqual([]);
      }),
  );

  test.skipIf(!threads)("with 1, 2, 3 and 4 threads", { timeout: PATIENCE }, async () => {
    const expected = await on({ device: "wasm", threads: 1 }, () => bitsOf(ALL));
    for (const count of [2, 3, 4]) {
      const found = await on({ device: "wasm", threads: count }, async (device) => {
        expect(device.info.threads).toBe(count);
        return bitsOf(ALL);
      });
      expect(changed(found, expected), `${count} threads`).toEqual([]);
    }
  });
});
