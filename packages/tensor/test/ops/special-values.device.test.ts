// NaN, infinities, zeros of both signs, denormals and the largest numbers, through every operation that promises something of them.
import { tensor, type Tensor } from "@prisma/tensor";
import { describe, expect, test } from "vitest";
import { onEachDevice } from "../each-device.ts";
import {
  isClose,
  matches,
  readAll,
  show,
  TINY,
  WEBGPU_DEVIATIONS,
  type Kind,
} from "./special-values.ts";

const { NaN: nan } = Number;
const inf = Infinity;
const MAX = 3.4028234663852886e38;
const DENORMAL = Math.fround(1e-40);

/** All pairs of these are tried. */
const SPECIALS = [
  0,
  -0,
  1,
  -1,
  0.5,
  -2,
  89,
  -104,
  MAX,
  -MAX,
  TINY,
  -TINY,
  DENORMAL,
  -DENORMAL,
  inf,
  -inf,
  nan,
];

interface BinaryCase {
  readonly name: string;
  readonly apply: (a: Tensor, b: Tensor | number) => Tensor;
  /** In float64, to be rounded to f32; a comparison gives 0 or 1. */
  readonly model: (a: number, b: number) => number;
}

const binary = (
  name: string,
  apply: BinaryCase["apply"],
  model: BinaryCase["model"],
): BinaryCase => ({ name, apply, model });
const test01 =
  (holds: (a: number, b: number) => boolean) =>
  (a: number, b: number): number =>
    holds(a, b) ? 1 : 0;

const BINARY: readonly BinaryCase[] = [
  binary(
    "add",
    (a, b) => a.add(b),
    (a, b) => a + b,
  ),
  binary(
    "sub",
    (a, b) => a.sub(b),
    (a, b) => a - b,
  ),
  binary(
    "mul",
    (a, b) => a.mul(b),
    (a, b) => a * b,
  ),
  binary(
    "div",
    (a, b) => a.div(b),
    (a, b) => a / b,
  ),
  binary("minimum", (a, b) => a.minimum(b), Math.min),
  binary("maximum", (a, b) => a.maximum(b), Math.max),
  binary(
    "equal",
    (a, b) => a.equal(b),
    test01((a, b) => a === b),
  ),
  binary(
    "notEqual",
    (a, b) => a.notEqual(b),
    test01((a, b) => a !== b),
  ),
  binary(
    "less",
    (a, b) => a.less(b),
    test01((a, b) => a < b),
  ),
  binary(
    "lessEqual",
    (a, b) => a.lessEqual(b),
    test01((a, b) => a <= b),
  ),
  binary(
    "greater",
    (a, b) => a.greater(b),
    test01((a, b) => a > b),
  ),
  binary(
    "greaterEqual",
    (a, b) => a.greaterEqual(b),
    test01((a, b) => a >= b),
  ),
  binary(
    "where",
    (a, b) => a.where(tensor(SPECIALS.map((_, i) => i % 2 === 0)).reshape([-1, 1]), b),
    (a, b) => (SPECIALS.findIndex((one) => Object.is(one, a)) % 2 === 0 ? a : b),
  ),
  binary(
    "logicalAnd",
    (a, b) => a.logicalAnd(b),
    test01((a, b) => a !== 0 && b !== 0),
  ),
  binary(
    "logicalOr",
    (a, b) => a.logicalOr(b),
    test01((a, b) => a !== 0 || b !== 0),
  ),
];

const N = SPECIALS.length;
const column = (): Tensor => tensor(Float32Array.from(SPECIALS), { shape: [N, 1] });
const row = (): Tensor => tensor(Float32Array.from(SPECIALS), { shape: [1, N] });

/** Ways to bring both operands to a kernel; all give [N, N], the left operand along rows. */
const LAYOUTS: readonly (readonly [name: string, apply: (item: BinaryCase) => Tensor])[] = [
  ["broadcast", (item) => item.apply(column(), row())],
  [
    "dense",
    (item) =>
      item.apply(
        tensor(Float32Array.from(SPECIALS.flatMap((a) => SPECIALS.map(() => a))), {
          shape: [N, N],
        }),
        tensor(Float32Array.from(SPECIALS.flatMap(() => SPECIALS)), { shape: [N, N] }),
      ),
  ],
  [
    "views",
    (item) => {
      const padded = tensor(Float32Array.from([7, ...SPECIALS.toReversed(), 7]));
      const part = padded.get([[1, N + 1]]).flip([0]);
      return item.apply(part.unsqueeze(1).expand([N, N]), part.expand([N, N]));
    },
  ],
  [
    "fused after another operation",
    (item) =>
      item.apply(column().where(column().notEqual(3), 7), row().where(row().less(-1e9), row())),
  ],
];

const flush = (x: number): number[] => (x !== 0 && Math.abs(x) < TINY ? [x, 0] : [x]);

/** What may come out for operands `a` and `b`. */
function allowed(item: BinaryCase, a: number, b: number, kind: Kind): number[] {
  const exact = Math.fround(item.model(a, b));
  const isExact = WEBGPU_DEVIATIONS.exact.some((name) => name === item.name);
  if (kind === "wasm" || isExact || !WEBGPU_DEVIATIONS.flushesDenormals) return [exact];
  const signs = (x: number): number[] =>
    flush(x).flatMap((y) => (y === 0 && x !== 0 ? [0, -0] : [y]));
  return signs(a).flatMap((x) => signs(b).flatMap((y) => signs(Math.fround(item.model(x, y)))));
}

/** Each element that is none of what is allowed. */
function wrongPairs(item: BinaryCase, found: readonly number[], kind: Kind): string[] {
  return SPECIALS.flatMap((a, i) =>
    SPECIALS.flatMap((b, j) => {
      const value = found[i * N + j]!;
      const fine = allowed(item, a, b, kind).some((want) => matches(value, want, kind));
      return fine ? [] : [`${item.name}(${show(a)}, ${show(b)}) is ${show(value)}`];
    }),
  );
}

/** Functions of one number at their edges: what comes out for each input. Denormal inputs and outputs are left to WebAssembly. */
const EDGES: readonly (readonly [
  name: string,
  apply: (x: Tensor) => Tensor,
  inputs: readonly number[],
  outputs: readonly number[],
])[] = [
  [
    "exp",
    (x) => x.exp(),
    [0, -0, Math.fround(88.72), 88.73, inf, -87, -103.9, -104, -inf, nan],
    [1, 1, Math.exp(Math.fround(88.72)), inf, inf, Math.exp(-87), Math.exp(-103.9), 0, 0, nan],
  ],
  [
    "log",
    (x) => x.log(),
    [0, -0, 1, -1, -inf, inf, nan, MAX, TINY, DENORMAL],
    [-inf, -inf, 0, nan, nan, inf, nan, Math.log(MAX), Math.log(TINY), Math.log(DENORMAL)],
  ],
  [
    "tanh",
    (x) => x.tanh(),
    [9.02, -9.02, 89, -89, MAX, inf, -inf, 0, -0, DENORMAL, nan],
    [1, -1, 1, -1, 1, 1, -1, 0, -0, DENORMAL, nan],
  ],
  ["sqrt", (x) => x.sqrt(), [0, -0, -1, -inf, inf, nan], [0, -0, nan, nan, inf, nan]],
  ["relu", (x) => x.relu(), [nan, -inf, inf, -1, 0, DENORMAL], [nan, 0, inf, 0, 0, DENORMAL]],
  [
    "clamp(-1, 1)",
    (x) => x.clamp(-1, 1),
    [nan, inf, -inf, 0.5, DENORMAL],
    [nan, 1, -1, 0.5, DENORMAL],
  ],
  ["clamp(null, inf)", (x) => x.clamp(null, inf), [nan, inf, -inf], [nan, inf, -inf]],
  ["sigmoid", (x) => x.sigmoid(), [inf, -inf, nan, 0], [1, 0, nan, 0.5]],
  ["isNaN", (x) => x.isNaN(), [nan, inf, -inf, 0, DENORMAL, MAX], [1, 0, 0, 0, 0, 0]],
  ["isFinite", (x) => x.isFinite(), [nan, inf, -inf, -0, DENORMAL, -MAX], [0, 0, 0, 1, 1, 1]],
  ["logicalNot", (x) => x.logicalNot(), [nan, inf, 0, -0, 1], [0, 0, 1, 1, 0]],
  [
    "cast to i32",
    (x) => x.cast("i32"),
    [nan, inf, -inf, 3e9, -3e9, 2147483520, -1.9, DENORMAL],
    [0, 2 ** 31 - 1, -(2 ** 31), 2 ** 31 - 1, -(2 ** 31), 2147483520, -1, 0],
  ],
  [
    "cast to u32",
    (x) => x.cast("u32"),
    [nan, inf, -inf, -1, 5e9, 3e9, 0.9],
    [0, 2 ** 32 - 1, 0, 0, 2 ** 32 - 1, 3e9, 0],
  ],
  ["cast to bool", (x) => x.cast("bool"), [nan, inf, 0, -0, 0.1], [1, 1, 0, 0, 1]],
];

/** x^y, as PyTorch and C. */
const POWERS: readonly (readonly [x: number, y: number, power: number])[] = [
  ...SPECIALS.map((x) => [x, 0, 1] as const),
  ...SPECIALS.map((y) => [1, y, 1] as const),
  [-1, inf, 1],
  [-1, -inf, 1],
  [0, -1, inf],
  [-0, -1, -inf],
  [-0, 3, -0],
  [-0, 2, 0],
  [0, -2, inf],
  [-0, -2, inf],
  [0, inf, 0],
  [0, -inf, inf],
  [-8, 1 / 3, nan],
  [-8, 3, -512],
  [-2, 2, 4],
  [-1, 2 ** 24 + 2, 1],
  [inf, 2, inf],
  [inf, -1, 0],
  [-inf, 3, -inf],
  [-inf, 2, inf],
  [-inf, -3, -0],
  [-inf, 0.5, inf],
  [0.5, inf, 0],
  [0.5, -inf, inf],
  [2, inf, inf],
  [2, -inf, 0],
  [2, 128, inf],
  [2, -1000, 0],
  [nan, 1, nan],
  [2, nan, nan],
];

onEachDevice((kind) => {
  const normal = (x: number): boolean => x === 0 || !(Math.abs(x) < TINY);

  describe.each(BINARY)("all pairs through $name", (item) => {
    test.each(LAYOUTS)("%s", async (_, apply) => {
      expect(wrongPairs(item, await readAll(() => apply(item)), kind)).toEqual([]);
    });

    test("a number as the second operand", async () => {
      for (const [j, b] of SPECIALS.entries()) {
        const found = await readAll(() => item.apply(column(), b));
        const wrong = SPECIALS.flatMap((a, i) =>
          allowed(item, a, b, kind).some((want) => matches(found[i]!, want, kind))
            ? []
            : [`${item.name}(${show(a)}, ${show(b)}) is ${show(found[i]!)}`],
        );
        expect(wrong, `number ${j}`).toEqual([]);
      }
    });
  });

  test.each(EDGES)("the edges of %s", async (_, apply, inputs, outputs) => {
    const points = inputs.map((input, i) => [input, outputs[i]!] as const);
    const kept = points.filter(
      ([input, output]) => kind === "wasm" || (normal(input) && normal(Math.fround(output))),
    );
    const found = await readAll(() => apply(tensor(Float32Array.from(kept, ([input]) => input))));
    const wrong = kept.flatMap(([input, output], i) => {
      const value = found[i]!;
      return isClose(value, output, kind)
        ? []
        : [`at ${show(input)}: ${show(value)} instead of ${show(output)}`];
    });
    expect(wrong).toEqual([]);
  });

  test("the edges of pow", async () => {
    const kept = POWERS.filter(([x, y]) => kind === "wasm" || (normal(x) && normal(y)));
    const found = await readAll(() =>
      tensor(Float32Array.from(kept, ([x]) => x)).pow(
        tensor(Float32Array.from(kept, ([, y]) => y)),
      ),
    );
    const wrong = kept.flatMap(([x, y, power], i) => {
      const value = found[i]!;
      return isClose(value, power, kind)
        ? []
        : [`${show(x)}^${show(y)} is ${show(value)} instead of ${show(power)}`];
    });
    expect(wrong).toEqual([]);
  });
});
