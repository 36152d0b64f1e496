// What is alive and when it goes: handles, scopes, `using`, and the numbers of memory() at every step.
import {
  init,
  memory,
  realize,
  scope,
  shareViews,
  tensor,
  type Tensor,
  uniform,
  zeros,
  type Memory,
} from "@prisma/tensor";
import { describe, expect, test } from "vitest";
import { DEVICES, onEachDevice } from "../each-device.ts";

/** 64 f32 are 256 bytes, which every device allocates exactly. */
const SIZE = 64;
const BYTES = 4 * SIZE;

/** What became alive on the device since `start`. */
function since(start: Memory): Pick<Memory, "buffers" | "bytes"> {
  const now = memory();
  return { buffers: now.buffers - start.buffers, bytes: now.bytes - start.bytes };
}

/** Handles made since `start`; only right as long as nothing was awaited: what others forgot may be collected meanwhile. */
const handlesSince = (start: Memory): number => memory().tensors - start.tensors;

const codeOf = (run: () => unknown): string => {
  try {
    run();
    return "no error";
  } catch (error) {
    return String(Reflect.get(error as object, "code"));
  }
};

onEachDevice(() => {
  describe("memory", () => {
    test("at every step of a program", async () => {
      const start = memory();
      const a = uniform([SIZE], { seed: 1 });
      expect(handlesSince(start)).toBe(1);
      expect(since(start)).toEqual({ buffers: 0, bytes: 0 });
      await a.realize();
      expect(since(start)).toEqual({ buffers: 1, bytes: BYTES });
      const b = a.mul(2);
      expect(since(start)).toEqual({ buffers: 1, bytes: BYTES });
      await b.realize();
      expect(since(start)).toEqual({ buffers: 2, bytes: 2 * BYTES });
      const before = memory();
      const c = scope(() => b.add(a).exp());
      expect(handlesSince(before)).toBe(1);
      expect(since(start)).toEqual({ buffers: 2, bytes: 2 * BYTES });
      b.dispose();
      expect(handlesSince(before)).toBe(0);
      expect(since(start), "c still needs b").toEqual({ buffers: 2, bytes: 2 * BYTES });
      const values = await c.data();
      expect(since(start), "c is a leaf, and b goes").toEqual({ buffers: 2, bytes: 2 * BYTES });
      a.dispose();
      expect(since(start)).toEqual({ buffers: 1, bytes: BYTES });
      expect(await c.data()).toEqual(values);
      c.dispose();
      expect(since(start)).toEqual({ buffers: 0, bytes: 0 });
    });

    test("tensors of the host take no device memory until they are needed", async () => {
      const start = memory();
      const x = tensor(new Float32Array(SIZE));
      expect(since(start)).toEqual({ buffers: 0, bytes: 0 });
      const y = scope(() => x.exp().sum());
      await y.item();
      expect(since(start).buffers).toBe(2);
      x.dispose();
      expect(since(start)).toMatchObject({ buffers: 1 });
      y.dispose();
      expect(since(start)).toEqual({ buffers: 0, bytes: 0 });
    });

    test("a graph that is never run costs nothing, and frees its inputs with its last handle", async () => {
      const start = memory();
      const x = await zeros([SIZE]).realize();
      const y = x.add(1);
      const z = y.mul(y);
      x.dispose();
      y.dispose();
      expect(since(start)).toMatchObject({ buffers: 1 });
      z.dispose();
      expect(since(start)).toMatchObject({ buffers: 0 });
    });

    test("a view shares its buffer: whole, half; less is copied, or shared when asked", async () => {
      const start = memory();
      const x = await uniform([4, SIZE], { seed: 1 }).realize();
      expect(since(start)).toMatchObject({ buffers: 1, bytes: 4 * BYTES });
      const whole = await x.transpose().realize();
      const half = await x.get([[1, 3]]).realize();
      expect(since(start)).toMatchObject({ buffers: 1, bytes: 4 * BYTES });
      const quarter = await x.get([1]).realize();
      expect(since(start)).toMatchObject({ buffers: 2, bytes: 5 * BYTES });
      const shared = x.get([1]);
      await shareViews(shared);
      expect(since(start)).toMatchObject({ buffers: 2, bytes: 5 * BYTES });
      for (const one of [x, whole, half]) one.dispose();
      expect(since(start), "the shared view holds all of it").toMatchObject({ buffers: 2 });
      expect(await shared.data()).toEqual(await quarter.data());
      shared.dispose();
      expect(since(start)).toMatchObject({ buffers: 1, bytes: BYTES });
      quarter.dispose();
      expect(since(start).buffers).toBe(0);
    });
  });

  describe("dispose", () => {
    test("a second one does nothing", async () => {
      const x = await zeros([SIZE]).realize();
      const y = x.add(0);
      x.dispose();
      const once = memory();
      x.dispose();
      x[Symbol.dispose]();
      expect(memory()).toEqual(once);
      expect(await y.data()).toEqual(new Float32Array(SIZE));
      y.dispose();
    });

    test("using lets go at the end of the block, also by an error", async () => {
      const start = memory();
      {
        using x = await zeros([SIZE]).realize();
        expect(x.disposed).toBe(false);
        expect(since(start).buffers).toBe(1);
      }
      expect(since(start)).toMatchObject({ buffers: 0 });
      await expect(async () => {
        using x = await zeros([SIZE]).realize();
        x.matmul(zeros([2, 2]));
      }).rejects.toMatchObject({ code: "SHAPE_MISMATCH" });
      expect(since(start).buffers).toBe(0);
    });

    test("facts stay readable, everything else says DISPOSED with them", async () => {
      const x = tensor([
        [1, 2],
        [3, 4],
      ]).named("pattern");
      using other = tensor([1]);
      x.dispose();
      expect([x.shape, x.dtype, x.size, x.rank, x.disposed]).toEqual([[2, 2], "f32", 4, 2, true]);
      expect(() => x.add(1)).toThrow(
        expect.objectContaining({
          code: "DISPOSED",
          message: expect.stringMatching(/f32\[2,2\] \(pattern\) was used after dispose/),
        }),
      );
      expect(codeOf(() => other.add(x))).toBe("DISPOSED");
      for (const name of ["data", "array", "realize"] as const)
        await expect(x[name]()).rejects.toMatchObject({ code: "DISPOSED" });
      await expect(realize(other, x)).rejects.toMatchObject({ code: "DISPOSED" });
    });

    test("of a tensor whose values are on their way", async () => {
      const start = memory();
      const x = uniform([SIZE], { seed: 4 });
      using expected = uniform([SIZE], { seed: 4 });
      const pending = x.data();
      x.dispose();
      expect(await pending).toEqual(await expected.data());
      expect(since(start)).toMatchObject({ buffers: 1 });
    });
  });

  describe("scope", () => {
    test("keeps what is returned, wherever it is in it, and nothing else", () => {
      const start = memory();
      const made = scope(() => {
        zeros([1]).add(1);
        const keep = (): Tensor => zeros([1]).mul(2);
        return {
          one: keep(),
          list: [keep(), [keep()]],
          map: new Map([["x", keep()]]),
          set: new Set([keep()]),
          bare: Object.assign(Object.create(null) as object, { x: keep() }),
          text: "x",
        };
      });
      expect(handlesSince(start)).toBe(6);
      const kept = [
        made.one,
        ...(made.list.flat() as Tensor[]),
        ...made.map.values(),
        ...made.set,
        Reflect.get(made.bare, "x") as Tensor,
      ];
      expect(kept.map((one) => one.disposed)).toEqual(kept.map(() => false));
      kept.forEach((one) => one.dispose());
      expect(handlesSince(start)).toBe(0);
    });

    test("nested: what the inner one returns belongs to the outer one", () => {
      const start = memory();
      let inner: Tensor | null = null;
      let dropped: Tensor | null = null;
      using result = scope(() => {
        inner = scope(() => {
          dropped = zeros([1]);
          return dropped.add(1);
        });
        expect(dropped!.disposed).toBe(true);
        expect(inner.disposed).toBe(false);
        return inner.mul(2);
      });
      expect([inner!, dropped!, result].map((one: Tensor) => one.disposed)).toEqual([
        true,
        true,
        false,
      ]);
      expect(handlesSince(start)).toBe(1);
    });

    test("leaves what was made outside alone, returned or not", () => {
      using x = zeros([1]);
      expect(scope(() => x)).toBe(x);
      scope(() => void x.add(1));
      expect(x.disposed).toBe(false);
    });

    test("an error inside disposes of everything made inside, at every depth", () => {
      const start = memory();
      expect(
        codeOf(() =>
          scope(() => {
            zeros([2]);
            return scope(() => zeros([2]).matmul(zeros([3])));
          }),
        ),
      ).toBe("SHAPE_MISMATCH");
      expect(handlesSince(start)).toBe(0);
      scope(() => void zeros([1]));
      expect(handlesSince(start), "and the scopes are closed").toBe(0);
    });

    test("results read device memory that only they hold", async () => {
      const start = memory();
      using x = await uniform([SIZE], { seed: 2 }).realize();
      using y = scope(() => x.mul(2).sub(x));
      const [values, expected] = [await y.data(), await x.data()];
      expect([...values]).toEqual([...expected].map((value) => Math.fround(2 * value) - value));
      expect(since(start)).toMatchObject({ buffers: 2 });
    });

    test("a function that is async is refused: after its first await nothing would be tracked", async () => {
      const start = memory();
      let later: unknown = null;
      expect(
        codeOf(() =>
          scope(async () => {
            const x = zeros([1]);
            await Promise.resolve();
            try {
              x.add(1);
            } catch (error) {
              later = error;
              throw error;
            }
          }),
        ),
      ).toBe("ARGUMENT_INVALID");
      expect(handlesSince(start)).toBe(0);
      await expect.poll(() => later).toMatchObject({ code: "DISPOSED" });
    });

    test("something returned twice, or in a circle, is kept once", () => {
      const start = memory();
      const made = scope(() => {
        const x = zeros([1]);
        const circle: { x: Tensor; again: Tensor; self?: unknown } = { x, again: x };
        circle.self = circle;
        return circle;
      });
      expect(handlesSince(start)).toBe(1);
      made.x.dispose();
      expect(handlesSince(start)).toBe(0);
    });
  });
});

describe.each(DEVICES.filter(([, , present]) => present))(
  "a device of its own: %s",
  (_, options) => {
    test("intermediate buffers of a plan are given back before the next kernel needs one", async () => {
      const device = await init(options);
      const x = await uniform([SIZE, SIZE], { seed: 1 }).realize();
      const size = SIZE * BYTES;
      const other = memory().bytes - size;
      // Eight products in a row: two buffers take turns, whatever the length.
      const y = scope(() => {
        let product = x.matmul(x);
        for (let i = 0; i < 7; i++) product = product.matmul(x);
        return product;
      });
      await y.realize();
      expect(memory()).toMatchObject({ buffers: 2, bytes: 2 * size + other });
      expect(memory().peakBytes).toBe(3 * size + other);
      x.dispose();
      y.dispose();
      await device.dispose();
    });

    test("of a device: what was on it is gone, and nothing breaks", async () => {
      const device = await init(options);
      const kept = await zeros([SIZE]).realize();
      const lazy = kept.add(1);
      await device.dispose();
      await device.dispose();
      for (const one of [kept, lazy])
        await expect(one.data()).rejects.toMatchObject({ code: "DISPOSED" });
      lazy.dispose();
      kept.dispose();
    });
  },
);
