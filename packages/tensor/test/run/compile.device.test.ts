// Compiled functions mean what they meant uncompiled: same bits, new plans for new shapes only, nothing kept too long.
import {
  compile,
  explain,
  grad,
  memory,
  PrismaError,
  readSafetensors,
  scope,
  tensor,
  type Tensor,
  uniform,
  valueAndGrad,
  where,
  writeSafetensors,
} from "@prisma/tensor";
import { describe, expect, test } from "vitest";
import { onEachDevice } from "../each-device.ts";

type TensorFunction = (a: Tensor, b: Tensor) => Tensor;

const FUNCTIONS: readonly (readonly [name: string, fn: TensorFunction])[] = [
  ["an elementwise chain", (a, b) => a.mul(2).add(b).gelu().sub(0.5)],
  ["a product and a softmax", (a, b) => a.matmul(b.transpose()).softmax()],
  ["a layer norm", (a, b) => a.layerNorm({ weight: b.get([0]), eps: 1e-3 })],
  ["views of the arguments", (a, b) => a.get([[1, 3], null]).add(b.flip([1]).get([[0, 2]]))],
  ["a view alone", (a) => a.transpose()],
  ["the argument itself", (a) => a],
  ["one argument read twice", (a) => a.mul(a).add(a.sum(1, { keepDims: true }))],
  ["constants of its own", (a) => a.add(tensor([1, 2, 3, 4])).get([{ list: [2, 0] }])],
  ["random numbers", (a) => a.add(uniform([3, 4], { seed: 11 }))],
  ["a choice", (a, b) => where(a.greater(b), a, b.neg())],
  ["nothing of its arguments", () => uniform([2], { seed: 3 }).mul(2)],
  ["a gradient", (a, b) => grad((x: Tensor) => x.matmul(b.transpose()).tanh().sum())(a)],
  [
    "a gradient of a gradient",
    (a) =>
      grad((x: Tensor) =>
        grad((y: Tensor) => y.tanh().sum())(x)
          .square()
          .sum(),
      )(a),
  ],
  [
    "a scatter",
    (a, b) => a.scatterAdd(0, tensor([2, 2, 0], { dtype: "i32" }).unsqueeze(1).expand([3, 4]), b),
  ],
];

const argumentsFrom = (seed: number): [Tensor, Tensor] => [
  uniform([3, 4], { seed }),
  uniform([3, 4], { seed: seed + 1 }),
];

/** Plans made while `run` ran. */
async function plansMadeBy(run: () => Promise<unknown>): Promise<number> {
  const before = memory().plans;
  await run();
  return memory().plans - before;
}

async function valuesOf(promise: Promise<Tensor>): Promise<readonly number[]> {
  using result = await promise;
  return [...(await result.data())];
}

function codeOf(error: unknown): string {
  return error instanceof PrismaError ? error.code : `not ours: ${String(error)}`;
}

onEachDevice(() => {
  describe("values", () => {
    test.each(FUNCTIONS)("%s", async (_, fn) => {
      using compiled = compile(fn);
      for (const seed of [1, 2, 3]) {
        const [a, b] = argumentsFrom(seed);
        using expected = scope(() => fn(a, b));
        const bits = [...(await expected.data())];
        using found = await compiled(a, b);
        expect(found.shape).toEqual(expected.shape);
        expect(found.dtype).toBe(expected.dtype);
        expect([...(await found.data())]).toEqual(bits);
        a.dispose();
        b.dispose();
      }
    });

    test("results keep their structure, and what is in them beside tensors", async () => {
      using compiled = compile((x: Tensor, names: readonly string[]) => ({
        list: [x.add(1), [x.mul(2)]],
        names,
        count: 2,
        twice: [x, x],
        nothing: null,
      }));
      for (const value of [1, 5]) {
        using x = tensor([value]);
        const result = await compiled(x, ["a", "b"]);
        expect(result).toMatchObject({ names: ["a", "b"], count: 2, nothing: null });
        const tensors = [...result.list.flat(), ...result.twice] as Tensor[];
        const values = await Promise.all(tensors.map((one) => one.item()));
        expect(values).toEqual([value + 1, value * 2, value, value]);
        tensors.forEach((one) => one.dispose());
      }
    });

    test("the structure of a result may depend on shapes", async () => {
      using compiled = compile((x: Tensor) =>
        Array.from({ length: x.size }, (_, i) => x.get([i]).mul(10)),
      );
      for (const values of [[1, 2], [3], [4, 5]]) {
        using x = tensor(values);
        const parts = await compiled(x);
        expect(await Promise.all(parts.map((part) => part.item()))).toEqual(
          values.map((value) => value * 10),
        );
        parts.forEach((part) => part.dispose());
      }
    });

    test("value and gradient of a loss, stepped as in training", async () => {
      const loss = (w: { readonly a: Tensor; readonly b: Tensor }, x: Tensor): Tensor =>
        x.mul(w.a).add(w.b).square().mean();
      const plain = valueAndGrad(loss);
      using compiled = compile(plain);
      using x = tensor([1, 2, 3]);
      for (const [a, b] of [
        [1, 0],
        [0.5, -1],
      ] as const) {
        const w = { a: tensor(a), b: tensor(b) };
        const { value, gradient } = await compiled(w, x);
        const expected = scope(() => plain(w, x));
        for (const [found, want] of [
          [value, expected.value],
          [gradient.a, expected.gradient.a],
          [gradient.b, expected.gradient.b],
        ] as const) {
          expect(await found.item()).toBe(await want.item());
          found.dispose();
          want.dispose();
        }
        w.a.dispose();
        w.b.dispose();
      }
    });

    test("a function without tensors among its arguments", async () => {
      using compiled = compile((size: number) => uniform([size], { seed: 1 }));
      using direct = uniform([3], { seed: 1 });
      expect(await valuesOf(compiled(3))).toEqual([...(await direct.data())]);
      expect(await valuesOf(compiled(2))).toHaveLength(2);
    });

    test("arguments that are read from a file, and views of one buffer", async () => {
      using whole = tensor([
        [1, 2, 3],
        [4, 5, 6],
      ]);
      const { tensors } = await readSafetensors(await writeSafetensors(new Map([["w", whole]])));
      using w = tensors.get("w")!;
      using compiled = compile((a: Tensor, b: Tensor) => a.sub(b));
      using first = w.get([0]);
      using second = w.get([1]);
      expect(await valuesOf(compiled(first, second))).toEqual([-3, -3, -3]);
      expect(await valuesOf(compiled(second, first))).toEqual([3, 3, 3]);
      expect(await valuesOf(compiled(first, first))).toEqual([0, 0, 0]);
    });

    test("first calls side by side", async () => {
      using compiled = compile((x: Tensor) => x.add(tensor([1, 1])));
      using a = tensor([1, 2]);
      using b = tensor([3, 4]);
      const found = await Promise.all([valuesOf(compiled(a)), valuesOf(compiled(b))]);
      expect(found).toEqual([
        [2, 3],
        [4, 5],
      ]);
    });
  });

  describe("plans", () => {
    test("calls of one kind build their graph once", async () => {
      let built = 0;
      using compiled = compile((x: Tensor) => {
        built++;
        return x.exp().sum();
      });
      for (const size of [3, 3, 4, 3, 4]) {
        using x = uniform([size], { seed: size });
        (await compiled(x)).dispose();
      }
      expect(built).toBe(2);
    });

    test("a number, a slice start and a place change the graph but not the plan", async () => {
      using x = tensor([
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
      ]);
      using compiled = compile(
        (scale: number, from: number, list: readonly number[], head: number) =>
          x
            .get([[from, from + 2]])
            .get([null, { list }])
            .mul(scale)
            .add(x.get([head, 0])),
      );
      expect(await valuesOf(compiled(1, 0, [0, 2], 0))).toEqual([2, 4, 5, 7]);
      const made = await plansMadeBy(async () => {
        expect(await valuesOf(compiled(10, 0, [0, 2], 0))).toEqual([11, 31, 41, 61]);
        expect(await valuesOf(compiled(1, 1, [0, 2], 0))).toEqual([5, 7, 8, 10]);
        expect(await valuesOf(compiled(1, 0, [1, 1], 0))).toEqual([3, 3, 6, 6]);
        expect(await valuesOf(compiled(1, 0, [0, 2], 2))).toEqual([8, 10, 11, 13]);
      });
      expect(made).toBe(0);
    });

    test("so it is without compile: a slider or another head replays the plan", async () => {
      using pattern = uniform([4, 3, 3], { seed: 1 });
      const values = [...(await pattern.data())];
      const show = async (head: number, scale: number, shift: number): Promise<void> => {
        using shown = scope(() =>
          pattern
            .get([head, [shift, shift + 2]])
            .mul(scale)
            .pad([
              [shift, 1 - shift],
              [0, 0],
            ]),
        );
        const part = values.slice(head * 9 + shift * 3, head * 9 + shift * 3 + 6);
        const zeros = [0, 0, 0];
        const scaled = part.map((value) => Math.fround(value * scale));
        const expected = shift === 0 ? [...scaled, ...zeros] : [...zeros, ...scaled];
        expect([...(await shown.data())]).toEqual(expected);
      };
      await show(0, 1, 0);
      const made = await plansMadeBy(async () => {
        for (const head of [1, 2, 3]) await show(head, 0.5, 0);
        for (const scale of [0, -2, 4]) await show(1, scale, 1);
      });
      expect(made).toBe(0);
    });

    test("a new shape, a new type and another view of an argument each make one plan", async () => {
      using compiled = compile((x: Tensor) => x.mul(3));
      const call = async (x: Tensor): Promise<number> =>
        plansMadeBy(async () => (await compiled(x)).dispose());
      using five = uniform([5], { seed: 1 });
      using other = uniform([5], { seed: 2 });
      using six = uniform([6], { seed: 1 });
      using whole = tensor([1, 2, 3, 4, 5], { dtype: "i32" });
      await Promise.all([five, other, six, whole].map((x) => x.realize()));
      expect(await call(five)).toBe(1);
      expect(await call(other)).toBe(0);
      expect(await call(six)).toBe(1);
      expect(await call(whole)).toBe(1);
      expect(await call(five)).toBe(0);
    });

    test("plans are bounded: the one unused for longest goes", () => {
      const plan = (size: number): void => scope(() => void explain(uniform([size], { seed: 1 })));
      for (let size = 1; size <= 300; size++) plan(size);
      expect(memory().plans).toBe(256);
    });
  });

  describe("what is kept", () => {
    test("results only: no handle, no buffer of the arguments or of the way", async () => {
      using compiled = compile((x: Tensor) => x.add(1).exp().matmul(x.transpose()));
      const x = uniform([4, 4], { seed: 1 });
      for (let round = 0; round < 3; round++) {
        const before = memory();
        const y = await compiled(x);
        const held = round === 0 ? 2 : 1;
        expect(memory().buffers).toBe(before.buffers + held);
        // Fewer where what another test forgot is collected meanwhile.
        expect(memory().tensors).toBeLessThanOrEqual(before.tensors + 1);
        y.dispose();
      }
      const { buffers, tensors } = memory();
      x.dispose();
      expect(memory()).toMatchObject({ buffers: buffers - 1, tensors: tensors - 1 });
    });

    test("constants made inside live until the compiled function is disposed", async () => {
      const before = memory().buffers;
      const compiled = compile((x: Tensor) => x.add(tensor([1, 2])));
      using x = await tensor([1, 1]).realize();
      expect(await valuesOf(compiled(x))).toEqual([2, 3]);
      expect(await valuesOf(compiled(x))).toEqual([2, 3]);
      expect(memory().buffers).toBe(before + 2);
      compiled.dispose();
      compiled.dispose();
      expect(memory().buffers).toBe(before + 1);
      await expect(compiled(x)).rejects.toMatchObject({ code: "DISPOSED" });
    });

    test("kinds beyond 32 take the constants of the one unused for longest with them", async () => {
      using compiled = compile((x: Tensor, addend: number) => x.add(tensor([addend])));
      using x = await tensor([1]).realize();
      const before = memory().buffers;
      for (let addend = 0; addend < 40; addend++)
        expect(await valuesOf(compiled(x, addend))).toEqual([1 + addend]);
      expect(memory().buffers).toBe(before + 32);
    });

    test("a closed-over tensor stays its owner's: disposing it frees it and ends its use", async () => {
      const w = await tensor([10, 20]).realize();
      using compiled = compile((x: Tensor) => x.mul(w));
      using x = await tensor([1, 2]).realize();
      expect(await valuesOf(compiled(x))).toEqual([10, 40]);
      const before = memory().buffers;
      w.dispose();
      expect(memory().buffers).toBe(before - 1);
      await expect(compiled(x)).rejects.toMatchObject({ code: "DISPOSED" });
    });

    test("a closed-over tensor that is realized or exchanged meanwhile is read anew", async () => {
      using base = tensor([1, 2]);
      let w = base.mul(10);
      using compiled = compile((x: Tensor) => x.add(w));
      using x = tensor([1, 1]);
      expect(await valuesOf(compiled(x))).toEqual([11, 21]);
      await w.realize();
      base.dispose();
      expect(await valuesOf(compiled(x))).toEqual([11, 21]);
      w.dispose();
      w = tensor([100, 200]);
      expect(await valuesOf(compiled(x))).toEqual([101, 201]);
      w.dispose();
    });

    test("called with the tensor it closes over", async () => {
      using w = tensor([2, 3]);
      using compiled = compile((x: Tensor) => x.mul(10).add(w));
      using other = tensor([1, 1]);
      expect(await valuesOf(compiled(w))).toEqual([22, 33]);
      expect(await valuesOf(compiled(other))).toEqual([12, 13]);
      expect(await valuesOf(compiled(w))).toEqual([22, 33]);
    });
  });

  describe("errors", () => {
    test("an error of the function passes on, and nothing stays behind", async () => {
      using compiled = compile((x: Tensor) => {
        x.exp();
        return x.matmul(tensor([[1], [2], [3]]));
      });
      using x = await tensor([[1, 2]]).realize();
      const before = memory();
      await expect(compiled(x)).rejects.toMatchObject({ code: "SHAPE_MISMATCH" });
      expect(memory().buffers).toBe(before.buffers);
      expect(memory().tensors).toBeLessThanOrEqual(before.tensors);
    });

    class Options {
      scale = 2;
    }
    const selfish: unknown[] = [];
    selfish.push(selfish);

    test.each<[string, unknown, string, RegExp]>([
      ["a function", () => 1, "HOOK_IN_COMPILE", /an argument is or holds a function/],
      ["a function inside", { f: [Math.sin] }, "HOOK_IN_COMPILE", /holds a function/],
      ["a map", new Map(), "ARGUMENT_INVALID", /a Map; it may be made of tensors/],
      ["an instance", new Options(), "ARGUMENT_INVALID", /an Options;/],
      ["a typed array", new Float32Array(2), "ARGUMENT_INVALID", /a Float32Array;/],
      ["a symbol", Symbol("s"), "ARGUMENT_INVALID", /a symbol;/],
      ["an array in itself", selfish, "ARGUMENT_INVALID", /an argument holds itself/],
    ])("%s among the arguments", async (_, argument, code, message) => {
      using compiled = compile((__: unknown) => tensor([1]));
      const error: unknown = await compiled(argument).catch((thrown: unknown) => thrown);
      expect(codeOf(error)).toBe(code);
      expect(error).toMatchObject({ message: expect.stringMatching(message) });
    });

    test.each<[string, () => unknown, string]>([
      ["a promise", async () => tensor([1]), "ARGUMENT_INVALID"],
      ["a map of tensors", () => new Map([["x", tensor([1])]]), "ARGUMENT_INVALID"],
      ["a function", () => () => 1, "HOOK_IN_COMPILE"],
    ])("%s as the result", async (_, fn, code) => {
      using compiled = compile(fn);
      await expect(compiled()).rejects.toMatchObject({
        code,
        message: expect.stringContaining("the function's result"),
      });
    });

    test("a disposed argument, and something that is no function", async () => {
      using compiled = compile((x: Tensor) => x.mul(2));
      const x = tensor([1]);
      x.dispose();
      await expect(compiled(x)).rejects.toMatchObject({ code: "DISPOSED" });
      expect(() => compile(3 as never)).toThrow(
        expect.objectContaining({ code: "ARGUMENT_INVALID" }),
      );
    });
  });

  test("arguments that look alike as text are told apart", async () => {
    using compiled = compile((...parts: unknown[]) => tensor([parts.length, parts.flat().length]));
    const PAIRS: readonly (readonly [unknown[], number[]])[] = [
      [
        ["a", "b"],
        [2, 2],
      ],
      [['a","b'], [1, 1]],
      [[["a", "b"]], [1, 2]],
      [["a,b"], [1, 1]],
      [
        [1, 2],
        [2, 2],
      ],
      [
        ["1", 2],
        [2, 2],
      ],
    ];
    for (const [args, expected] of PAIRS)
      expect(await valuesOf(compiled(...args)), JSON.stringify(args)).toEqual(expected);
    using signs = compile((zero: number) => tensor([1 / zero]));
    expect(await valuesOf(signs(0))).toEqual([Infinity]);
    expect(await valuesOf(signs(-0))).toEqual([-Infinity]);
  });
});
