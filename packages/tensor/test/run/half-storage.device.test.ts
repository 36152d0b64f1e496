// f16 is a way of storing: two bytes an element, kept by what moves elements, f32 in all that computes.
import {
  compile,
  concat,
  einsum,
  explain,
  full,
  grad,
  gradientsOf,
  linspace,
  memory,
  readNpy,
  readSafetensors,
  realize,
  scope,
  shareViews,
  stack,
  tensor,
  where,
  writeNpy,
  writeSafetensors,
  zeros,
  type Tensor,
} from "@prisma/tensor";
import { describe, expect, test } from "vitest";
import { onEachDevice } from "../each-device.ts";
import { halfValue, PATTERNS } from "../half-values.ts";

/** [3, 5]: no half is equal to another, and rows start at odd places. */
const VALUES = [
  [1, -2, 3.5, 0.25, 6],
  [-7, 8.5, 9, -10, 11],
  [0.5, 13, -14, 15.25, 65504],
];
const half = (values = VALUES): Tensor => tensor(values, { dtype: "f16" });
const places = (...at: number[]): Tensor => tensor(at, { dtype: "i32" });

/** What moves elements, as f16 and as f32. */
const MOVES: readonly (readonly [what: string, move: (x: Tensor) => Tensor])[] = [
  ["reshape", (x) => x.reshape([5, 3])],
  ["permute", (x) => x.permute([1, 0])],
  ["permute and reshape", (x) => x.transpose().reshape([3, 5])],
  ["unsqueeze and expand", (x) => x.unsqueeze(1).expand([3, 2, 5])],
  ["squeeze", (x) => x.get([[1, 2]]).squeeze(0)],
  ["one element", (x) => x.get([1, 2])],
  ["an odd row", (x) => x.get([1])],
  ["a column", (x) => x.get([null, 3])],
  ["a list", (x) => x.get([{ list: [2, 0, 2] }])],
  ["a list of columns", (x) => x.get([null, { list: [4, 1] }])],
  ["flip", (x) => x.flip([0, 1])],
  [
    "pad",
    (x) =>
      x.pad(
        [
          [1, 0],
          [0, 2],
        ],
        0.5,
      ),
  ],
  ["split", (x) => x.split(2, 1)[1]!],
  ["concat", (x) => concat([x, x.flip([1]), x], 1)],
  ["stack", (x) => stack([x, x.flip([0])], 1)],
  ["where", (x) => where(tensor([true, false, true, true, false]), x, x.flip([1]))],
  ["set", (x) => x.set([1, [0, 2]], -1.5)],
  ["set to a part", (x) => x.set([0], x.get([2]))],
  ["gather", (x) => x.gather(1, places(4, 0, 2, 1, 1, 3).reshape([3, 2]))],
  ["gather outside", (x) => x.gather(0, places(1, 7, -1, 0, 2).reshape([1, 5]))],
  ["indexSelect", (x) => x.indexSelect(1, places(3, 3, 0))],
  ["take", (x) => x.take(places(14, 0, 7))],
  ["gather of a view", (x) => x.transpose().indexSelect(0, places(4, 1))],
  ["tril", (x) => x.tril()],
  ["triu", (x) => x.triu(1)],
  ["detach", (x) => x.detach()],
  ["nothing", (x) => x.get([[0, 0]])],
];

/** What computes, as f16 and as f32; gives `dtype`. */
const SUMS: readonly (readonly [what: string, of: (x: Tensor) => Tensor, dtype: string])[] = [
  ["add", (x) => x.add(x), "f32"],
  ["add a number", (x) => x.add(0.1), "f32"],
  ["mul f32", (x) => x.mul(linspace(0, 1, 5)), "f32"],
  ["mul i32", (x) => x.mul(places(1, 2, 3, 4, 5)), "f32"],
  ["div", (x) => x.div(3), "f32"],
  ["neg", (x) => x.neg(), "f32"],
  ["abs", (x) => x.abs(), "f32"],
  ["relu", (x) => x.relu(), "f32"],
  ["clamp", (x) => x.clamp(-0.1, 3), "f32"],
  ["exp", (x) => x.clamp(-4, 4).exp(), "f32"],
  ["less", (x) => x.less(x.flip([1])), "bool"],
  ["isFinite", (x) => x.isFinite(), "bool"],
  ["sum", (x) => x.sum(1), "f32"],
  ["sum of columns", (x) => x.sum(0), "f32"],
  ["prod", (x) => x.get([null, [0, 3]]).prod(0), "f32"],
  ["mean", (x) => x.mean(), "f32"],
  ["max", (x) => x.max(1), "f32"],
  ["argmax", (x) => x.argmax(0), "i32"],
  ["any", (x) => x.any(), "bool"],
  ["cumsum", (x) => x.cumsum(1), "f32"],
  ["sort", (x) => x.sort(1), "f32"],
  ["argsort", (x) => x.argsort(0), "i32"],
  ["topK", (x) => x.topK(2).values, "f32"],
  ["softmax", (x) => x.softmax(1), "f32"],
  ["layerNorm", (x) => x.layerNorm({ eps: 1, weight: x.get([0]), bias: x.get([1]) }), "f32"],
  ["matmul", (x) => x.matmul(x.transpose()), "f32"],
  ["matmul of slices", (x) => linspace(0, 1, 3).matmul(x.get([null, [1, 4]])), "f32"],
  [
    "a bias of f16",
    (x) =>
      x
        .cast("f32")
        .matmul(x.transpose())
        .add(x.get([null, 2])),
    "f32",
  ],
  ["einsum", (x) => einsum("ab,cb->ac", x, x), "f32"],
  [
    "scatterAdd",
    (x) => x.scatterAdd(0, places(1, 0, 1, 2, 2).reshape([1, 5]), x.get([[2, 3]])),
    "f32",
  ],
  ["where with f32", (x) => where(x.greater(0), x, x.cast("f32").mul(0.1)), "f32"],
  ["concat with f32", (x) => concat([x, zeros([3, 1])], 1), "f32"],
  ["cast to i32", (x) => x.cast("i32"), "i32"],
  ["cast to bool", (x) => x.cast("bool"), "bool"],
];

/** Values of what `make` makes. */
async function read(make: () => Tensor): Promise<readonly number[]> {
  using x = scope(make);
  return [...(await x.data())];
}

/** Bytes that what `make` makes adds to those the device holds. */
async function bytesOf(make: () => Tensor): Promise<number> {
  const before = memory().bytes;
  using x = scope(make);
  await x.realize();
  return memory().bytes - before;
}

/** The tensors of a safetensors file with `make`. */
async function written(make: () => Record<string, Tensor>): Promise<Uint8Array<ArrayBuffer>> {
  const entries = new Map(Object.entries(make()));
  const bytes = await writeSafetensors(entries);
  entries.forEach((x) => x.dispose());
  return bytes;
}

onEachDevice(() => {
  test.each(MOVES)("%s keeps f16, computed and read", async (_, move) => {
    const expected = await read(() => move(tensor(VALUES)));
    using lazy = scope(() => move(half()));
    expect(lazy.dtype).toBe("f16");
    expect([...(await lazy.data())]).toEqual(expected);
    expect(await read(() => lazy.add(0))).toEqual(expected);
    expect(await read(() => move(tensor(VALUES).cast("f16")))).toEqual(expected);
    using stored = await half().realize();
    expect(await read(() => move(stored).mul(1))).toEqual(expected);
  });

  test.each(SUMS)("%s takes f16 as f32", async (_, of, dtype) => {
    using expected = scope(() => of(tensor(VALUES)));
    using found = scope(() => of(half()));
    expect([found.dtype, found.shape]).toEqual([dtype, expected.shape]);
    expect(await found.array()).toEqual(await expected.array());
  });

  test.each([0, 1, 2, 999, 1000, 1001, 8192])(
    "%i halves take the bytes of half as many f32",
    async (size) => {
      const bytes = await bytesOf(() => zeros([Math.ceil(size / 2)]).add(0));
      expect(await bytesOf(() => zeros([size]).cast("f16"))).toBe(bytes);
      expect(await bytesOf(() => tensor(new Float32Array(size), { dtype: "f16" }))).toBe(bytes);
    },
  );

  test("two bytes each", async () => {
    expect(await bytesOf(() => zeros([1024, 8]).cast("f16"))).toBe(16384);
    expect(await bytesOf(() => zeros([1024, 8]).add(0))).toBe(32768);
  });

  test("a view shares the bytes of what it views, a small one is copied", async () => {
    const make = (): Tensor => tensor(new Float32Array(5120), { shape: [20, 256], dtype: "f16" });
    using x = await make().realize();
    expect(await bytesOf(() => x.transpose())).toBe(0);
    expect(await bytesOf(() => x.get([[1, 15]]))).toBe(0);
    expect(await bytesOf(() => x.get([[1, 3]]))).toBe(1024);
    const before = memory().bytes;
    using part = x.get([[1, 3]]);
    await shareViews(part);
    expect(memory().bytes).toBe(before);
  });

  test("a conversion is one kernel, and explain counts its bytes", async () => {
    using x = await tensor(new Float32Array(1000)).realize();
    using down = x.cast("f16");
    const kernelsOf = (y: Tensor): unknown[] =>
      explain(y).kernels.map(({ family, labels, bytes }) => [family, labels, bytes]);
    expect(kernelsOf(down)).toEqual([["map", ["toF16"], 6000]]);
    await down.realize();
    using up = scope(() => down.cast("f32").mul(2));
    expect(kernelsOf(up)).toEqual([["map", ["mul"], 6000]]);
  });

  test("gradients pass through unrounded", async () => {
    const f = (x: Tensor): Tensor =>
      x
        .cast("f16")
        .mul(tensor([0.1, 2, 3]))
        .sum();
    const found = await read(() => grad(f)(tensor([1, 1 / 3, 5])));
    expect(found).toEqual([Math.fround(0.1), 2, 3]);
  });

  test("the gradient of an f16 is f32", async () => {
    using gradient = scope(() => {
      const y = half();
      const squares = y
        .gather(1, places(1, 1, 0).reshape([3, 1]))
        .square()
        .sum();
      return gradientsOf(squares, [y])[0]!;
    });
    expect(gradient.dtype).toBe("f32");
    expect(await gradient.array()).toEqual([
      [0, -4, 0, 0, 0],
      [0, 17, 0, 0, 0],
      [1, 0, 0, 0, 0],
    ]);
  });

  test("a number put into an f16 is rounded", async () => {
    expect(await read(() => half([[1, 2]]).set([0, 0], 0.1))).toEqual([halfValue(0x2e66), 2]);
    expect(await read(() => full([2], 0.1, { dtype: "f16" }))).toEqual(
      Array(2).fill(halfValue(0x2e66)),
    );
  });

  test("a run that asks for an f16 and for what is made of it", async () => {
    using down = scope(() => tensor([0.1, 0.2, 0.3]).exp().cast("f16"));
    using up = scope(() => down.mul(2));
    await realize(down, up);
    const values = await read(() => down);
    expect([...(await up.data())]).toEqual(values.map((value) => 2 * value));
    expect([down.dtype, up.dtype]).toEqual(["f16", "f32"]);
  });

  test("a compiled function takes and gives f16, and runs again with others", async () => {
    using twice = compile((x: Tensor) => x.mul(2).cast("f16"));
    for (const values of [[[1, 2, 3]], [[0.5, -7, 100]]]) {
      using x = half(values);
      using y = await twice(x);
      expect([y.dtype, await y.array()]).toEqual([
        "f16",
        values.map((row) => row.map((v) => 2 * v)),
      ]);
    }
  });

  describe("files", () => {
    const all = (): Tensor => tensor(Array.from(PATTERNS, halfValue), { dtype: "f16" });

    test("safetensors", async () => {
      const bytes = await written(() => ({ w: half(), all: all() }));
      const { tensors } = await readSafetensors(bytes, { dtype: "f16" });
      const wide = await readSafetensors(bytes);
      for (const [name, make] of [
        ["w", half],
        ["all", all],
      ] as const) {
        using kept = tensors.get(name)!;
        using widened = wide.tensors.get(name)!;
        expect([kept.dtype, widened.dtype]).toEqual(["f16", "f32"]);
        const values = await read(make);
        expect([...(await kept.data())]).toEqual(values);
        expect([...(await widened.data())]).toEqual(values);
      }
    });

    test("wider floats are rounded, integers are not touched", async () => {
      const file = await written(() => ({ x: tensor([0.1, 2]), i: places(70000) }));
      const { tensors } = await readSafetensors(file, { dtype: "f16" });
      using x = tensors.get("x")!;
      using i = tensors.get("i")!;
      expect(await x.array()).toEqual([halfValue(0x2e66), 2]);
      expect(await i.array()).toEqual([70000]);
    });

    test("a number that f16 does not hold is refused", async () => {
      const file = await written(() => ({ x: tensor([65520]) }));
      using x = (await readSafetensors(file, { dtype: "f16" })).tensors.get("x")!;
      await expect(x.data()).rejects.toMatchObject({
        code: "ST_VALUE_RANGE",
        details: { value: "65520 (F32)" },
      });
    });

    test("npy", async () => {
      using x = scope(() => half().transpose());
      const bytes = await writeNpy(x);
      using kept = await readNpy(bytes, { dtype: "f16" });
      using widened = await readNpy(bytes);
      expect([kept.dtype, widened.dtype]).toEqual(["f16", "f32"]);
      expect(await kept.array()).toEqual(await x.array());
      expect(await writeNpy(kept)).toEqual(bytes);
    });
  });
});
