// Anomaly mode: which operation made the first NaN or infinity, and where it was called; and no alarm where all is well.
import {
  compile,
  full,
  grad,
  init,
  memory,
  PrismaError,
  realize,
  scope,
  tensor,
  valueAndGrad,
  where,
  type Device,
  type Tensor,
} from "@prisma/tensor";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEVICES } from "../each-device.ts";
import { RandomSource } from "../fuzz/random-source.ts";
import { block, blockInput, blockWeights, PLACES, type BlockWeights } from "./planted-block.ts";
import { BACKWARD, FORWARD, type Plant } from "./plants.ts";
import { bitsOf, changed, LARGE, on, type Program } from "./programs.ts";

/** Milliseconds for fifty blocks, step by step, on a busy machine. */
const PATIENCE = 600_000;

async function errorOf(promise: Promise<unknown>): Promise<PrismaError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof PrismaError) return error;
    throw error;
  }
  throw new Error("there was no error");
}

/** The error that reading what `build` gives ends with. */
async function errorFrom(build: () => Tensor): Promise<PrismaError> {
  using result = scope(build);
  return await errorOf(result.data());
}

/** Reads what `build` gives. */
async function valuesFrom(build: () => Tensor): Promise<number[]> {
  using result = scope(build);
  return [...(await result.data())];
}

const PLANTS: Readonly<Record<string, Plant>> = { ...FORWARD, ...BACKWARD };
const NAMES = Object.keys(PLANTS);
const PLANTINGS = Array.from({ length: 50 }, (_, seed) => ({
  seed,
  name: NAMES[seed % NAMES.length]!,
}));

async function realizedWeights(): Promise<BlockWeights> {
  const weights = scope(() => blockWeights(1));
  await realize(...Object.values(weights));
  return weights;
}

/** A block with the plant `name` at a random place and element, none of the last of an axis, where the block masks: the line at fault, and the error of its value and gradient. */
async function plantIn(
  name: string,
  seed: number,
  weights: BlockWeights,
): Promise<{ readonly line: number; readonly error: PrismaError }> {
  const random = new RandomSource(seed);
  const place = random.below(PLACES);
  let line = Number.NaN;
  const visit = (x: Tensor, at: number): Tensor => {
    if (at !== place) return x;
    const [result, found] = PLANTS[name]!(
      x,
      x.shape.map((size) => random.below(size - 1)),
    );
    line = found;
    return result;
  };
  const results = scope(() => {
    const loss = (x: Tensor): Tensor => block(x, weights, visit).square().mean();
    const { value, gradient } = valueAndGrad(loss)(blockInput(seed));
    // What goes wrong forwards is looked for by the value alone as well.
    return name in FORWARD && seed % 2 === 0 ? [value] : [gradient, value];
  });
  try {
    return { line, error: await errorOf(realize(...results)) };
  } finally {
    results.forEach((one) => one.dispose());
  }
}

describe.each(DEVICES.filter(([, , present]) => present))("on %s", (_, options) => {
  let device: Device;
  beforeAll(async () => {
    device = await init({ ...options, debug: true });
  });
  afterAll(() => device.dispose());

  test(
    "50 of 50 planted operations are named, with their lines",
    { timeout: PATIENCE },
    async () => {
      const weights = await realizedWeights();
      const found = [];
      for (const { seed, name } of PLANTINGS) {
        const { line, error } = await plantIn(name, seed, weights);
        const { operation, callSite } = error.details;
        const at = /([\w.-]+)(?:\?[^:]*)?:(\d+):\d+$/.exec(String(callSite));
        found.push({
          seed,
          name,
          code: error.code,
          operation,
          file: at?.[1],
          line: Number(at?.[2]),
        });
        expect(line).toBeGreaterThan(0);
        expect(found.at(-1), error.message).toEqual({
          seed,
          name,
          code: "ANOMALY",
          operation: name.split(" ")[0],
          file: "plants.ts",
          line,
        });
        expect(error.message).toContain(`plants.ts:${line}:`);
      }
      expect(found).toHaveLength(50);
      Object.values(weights).forEach((one) => one.dispose());
    },
  );

  describe("the error", () => {
    test("says the operation, the element, what it was made from, where, and what to do", async () => {
      const error = await errorFrom(() => tensor([[1, 4], [2, -9]]).sqrt().sum()); // prettier-ignore
      expect(error.message).toMatch(
        /^ANOMALY: sqrt, called at anomaly\.device\.test\.ts:\d+:\d+, made NaN out of finite values: element \[1,1\] of f32\[2,2\], from -9\. Keep what goes in/,
      );
      expect(error.details).toMatchObject({
        operation: "sqrt",
        step: "sqrt",
        backward: false,
        name: null,
        shape: [2, 2],
        dtype: "f32",
        index: [1, 1],
        value: Number.NaN,
        from: [-9],
        callSite: expect.stringMatching(/anomaly\.device\.test\.ts.*:\d+:\d+$/),
      });
      expect(error.message.length).toBeLessThanOrEqual(400);
    });

    test("names the step of an operation of several, and the value's name", async () => {
      const masked = await errorFrom(() =>
        full([2, 2], 1).set([0], -Infinity).softmax().named("pattern").sum(),
      );
      expect(masked.message).toMatch(/softmax \(its step sub\) \(on the way to "pattern"\)/);
      expect(masked.details).toMatchObject({ operation: "softmax", step: "sub", name: "pattern" });
      const named = await errorFrom(() => tensor([-1]).log().named("surprise").sum());
      expect(named.message).toContain('log ("surprise"), called at');
    });

    test("tells the infinity from the NaN that came of it", async () => {
      const error = await errorFrom(() => {
        const large = tensor([1, 200]).exp();
        return large.sub(large.mul(2));
      });
      expect(error.message).toMatch(
        /: exp, .* made Infinity out of finite values: element \[1\] .* from 200\. Of it sub at anomaly\.device\.test\.ts:\d+:\d+ made NaN/,
      );
    });

    test("names a conversion to f16 that overflows", async () => {
      const error = await errorFrom(() => {
        const half = tensor([1, 70000]).cast("f16");
        return half.sub(half);
      });
      expect(error.message).toMatch(
        /: cast \(its step toF16\), .* made Infinity out of finite values: element \[1\] of f16\[2\], from 70000\. Of it sub at .* made NaN/,
      );
    });

    test("names the gradient of the operation, and its line in the forward pass", async () => {
      const error = await errorFrom(() =>
        grad((x: Tensor) => where(x.greater(0), x.sqrt(), 0).sum())(tensor([4, 0])),
      );
      expect(error.message).toMatch(/^ANOMALY: the gradient of sqrt \(its step div\), called at/);
      expect(error.details).toMatchObject({ operation: "sqrt", backward: true, index: [1] });
    });

    test("goes back through a comparison to the NaN that was compared", async () => {
      const error = await errorFrom(() => grad((x: Tensor) => x.log().max())(tensor([1, -1])));
      expect(error.details).toMatchObject({ operation: "log", backward: false, from: [-1] });
    });

    test.each<[string, () => Tensor, RegExp]>([
      ["an input", () => tensor([[0, 1], [Number.NaN, 2]]).named("pixels").exp().sum(), /the input "pixels", f32\[2,2\], given at anomaly\.[^,]*, holds NaN at \[1,0\]; no operation made it/], // prettier-ignore
      ["a number", () => tensor([1]).add(Number.NaN), /the number NaN was given at anomaly/],
      ["an input, seen in part", () => tensor([1, Number.NaN]).get([1]), /the input "tensor"/],
    ])("%s that is NaN is named as such", async (__, build, message) => {
      const error = await errorFrom(build);
      expect(error.code).toBe("ANOMALY");
      expect(error.message).toMatch(message);
    });

    test.each<[string, (bad: Tensor) => Tensor]>([
      ["argmax", (bad) => bad.argmax()],
      ["topK", (bad) => bad.topK(1).indices],
      ["a comparison", (bad) => bad.greater(0)],
      ["a share of right answers", (bad) => bad.argmax(0).equal(0).cast("f32").mean()],
      ["a cast", (bad) => bad.cast("i32")],
    ])("is also that of a value by which %s chooses", async (__, choose) => {
      const error = await errorFrom(() => choose(tensor([1, -1]).log()));
      expect(error.details).toMatchObject({ operation: "log", index: [1] });
    });

    test.each<[string, (x: Tensor) => Tensor]>([
      ["one that a permutation, slice and concatenation move", (x) => x.log().transpose().get([[1, 2]]).flip([1]).reshape([-1]).pad([[1, 1]])], // prettier-ignore
      ["one that is gathered", (x) => x.log().gather(0, tensor([[1, 1, 1]], { dtype: "i32" }))],
      ["one that is added at a place", (x) => x.mul(0).scatterAdd(0, tensor([[1, 1, 1]], { dtype: "i32" }), x.log().get([[1, 2]]))], // prettier-ignore
      ["one that is sorted", (x) => x.log().sort()],
      ["one of two, of which a choice hides the other", (x) => where(x.greater(0), x.sub(9).sqrt(), 0).add(x.log())], // prettier-ignore
    ])("finds the element back: %s", async (__, build) => {
      const x = (): Tensor => tensor([[9, 9.5, 10], [9, -1, 11]]); // prettier-ignore
      const error = await errorFrom(() => build(x()));
      expect(error.details).toMatchObject({ operation: "log", index: [1, 1], from: [-1] });
    });

    test("comes again when the value is asked for again, and nothing is left behind", async () => {
      using x = await tensor([-1, 1]).realize();
      const before = memory();
      using y = x.log();
      for (const read of [() => y.data(), () => y.realize()])
        expect((await errorOf(read())).details).toMatchObject({ operation: "log", index: [0] });
      expect(memory()).toMatchObject({ buffers: before.buffers, bytes: before.bytes });
      expect(await valuesFrom(() => x.add(1))).toEqual([0, 2]);
    });

    test("is that of a compiled function too, on every call", async () => {
      using step = compile((x: Tensor) => x.log().sum());
      using fine = tensor([1, 1]);
      using bad = tensor([1, -3]);
      using good = await step(fine);
      expect(await good.item()).toBe(0);
      for (let i = 0; i < 2; i++)
        expect((await errorOf(step(bad))).details).toMatchObject({ from: [-3] });
    });

    test("yields to the signal", async () => {
      const signal = AbortSignal.abort();
      using x = scope(() => tensor([-1]).log());
      expect((await errorOf(x.data({ signal }))).code).toBe("CANCELLED");
    });
  });

  describe("no alarm", () => {
    const scores = (): Tensor => tensor([[1, 2, 3], [4, 5, 6]]); // prettier-ignore
    test.each<[string, () => Tensor]>([
      ["a mask set", () => scores().set([null, 0], -Infinity).softmax()],
      ["a mask chosen", () => where(tensor([true, false, true]), scores(), -Infinity).softmax()],
      [
        "a mask added",
        () =>
          scores()
            .add(tensor([0, -Infinity, 0]))
            .softmax(),
      ],
      [
        "a mask made of logarithms",
        () =>
          scores()
            .add(tensor([1, 0, 1]).log())
            .softmax(),
      ],
      ["a mask that is read", () => scores().set([null, 0], -Infinity).mul(2)],
      ["a largest of masked ones", () => full([2], -Infinity).max()],
      ["a row with nothing left, replaced", () => { const p = scores().set([0], -Infinity).softmax(); return where(p.isNaN(), 0, p); }], // prettier-ignore
      ["a logarithm behind a choice", () => { const x = tensor([-1, 0, 1]); return where(x.greater(0), x.log(), 0); }], // prettier-ignore
      ["a NaN that is asked for", () => tensor([Number.NaN, 1]).isNaN()],
      ["an infinity given", () => tensor([Infinity, 1]).exp()],
      ["integers", () => tensor([1, 0], { dtype: "i32" }).floorDiv(tensor([0, 1], { dtype: "i32" }))], // prettier-ignore
      ["nothing", () => tensor([]).log()],
    ])("for %s", async (__, build) => {
      await expect(valuesFrom(build)).resolves.toBeDefined();
    });

    test("for what was given, read back", async () => {
      expect(await valuesFrom(() => tensor([Number.NaN, Infinity]))).toEqual([NaN, Infinity]);
    });
  });
});

test.each(DEVICES.filter(([, , present]) => present))(
  "a healthy run gives the same bits on %s",
  { timeout: PATIENCE },
  async (_, options) => {
    const trained: Program = [
      "a block and its gradients",
      () => {
        const weights = blockWeights(7);
        const loss = valueAndGrad((x: Tensor) => block(x, weights).square().mean());
        const { value, gradient } = loss(blockInput(7));
        return [value, gradient, block(blockInput(7), weights).argmax()];
      },
    ];
    const programs = [LARGE[1]!, trained];
    const plain = await on(options, () => bitsOf(programs));
    const debug = await on({ ...options, debug: true }, () => bitsOf(programs));
    expect(changed(debug, plain)).toEqual([]);
  },
);
