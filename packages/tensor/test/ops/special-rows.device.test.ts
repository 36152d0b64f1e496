// NaN and infinities in rows: softmax, reductions, normalisation, the largest of a row, products, masks.
import { tensor, where, type Tensor } from "@prisma/tensor";
import { expect, test } from "vitest";
import { onEachDevice } from "../each-device.ts";
import { isClose, readAll, show } from "./special-values.ts";

const { NaN: nan } = Number;
const inf = Infinity;
const MAX = 3.4028234663852886e38;

/** Rows of three, and what each function gives for each, as PyTorch. */
const ROWS: readonly (readonly [
  name: string,
  apply: (x: Tensor) => Tensor,
  rows: readonly (readonly number[])[],
  results: readonly (readonly number[])[],
])[] = [
  [
    "softmax",
    (x) => x.softmax(),
    [
      [0, 0, 0],
      [-inf, -inf, -inf],
      [-inf, 0, -inf],
      [1, -inf, 1],
      [inf, 0, 0],
      [nan, 0, 0],
      [MAX, -MAX, 0],
      [1000, 1000, -1000],
    ],
    [
      [1 / 3, 1 / 3, 1 / 3],
      [nan, nan, nan],
      [0, 1, 0],
      [0.5, 0, 0.5],
      [nan, nan, nan],
      [nan, nan, nan],
      [1, 0, 0],
      [0.5, 0.5, 0],
    ],
  ],
  [
    "logSoftmax",
    (x) => x.logSoftmax(),
    [
      [-inf, -inf, -inf],
      [-inf, 0, -inf],
      [1, -inf, 1],
      [inf, 0, 0],
      [0, nan, 0],
      [1000, 0, -1000],
    ],
    [
      [nan, nan, nan],
      [-inf, 0, -inf],
      [-Math.LN2, -inf, -Math.LN2],
      [nan, nan, nan],
      [nan, nan, nan],
      [0, -1000, -2000],
    ],
  ],
  [
    "logsumexp",
    (x) => x.logsumexp(-1, { keepDims: true }),
    [
      [-inf, -inf, -inf],
      [-inf, 0, -inf],
      [inf, 0, 0],
      [inf, -inf, 0],
      [nan, 0, inf],
      [1000, 1000, -inf],
    ],
    [[-inf], [0], [inf], [inf], [nan], [1000 + Math.LN2]],
  ],
  [
    "max",
    (x) => x.max(-1, { keepDims: true }),
    [
      [1, nan, 3],
      [nan, inf, 3],
      [-inf, -inf, -inf],
      [-inf, inf, 0],
      [-MAX, -inf, -MAX],
    ],
    [[nan], [nan], [-inf], [inf], [-MAX]],
  ],
  [
    "min",
    (x) => x.min(-1, { keepDims: true }),
    [
      [1, 2, nan],
      [inf, inf, inf],
      [MAX, inf, MAX],
    ],
    [[nan], [inf], [MAX]],
  ],
  [
    "argmax",
    (x) => x.argmax(-1, { keepDims: true }),
    [
      [1, nan, 3],
      [nan, nan, inf],
      [-inf, -inf, -inf],
      [0, inf, inf],
    ],
    [[1], [0], [0], [1]],
  ],
  [
    "argmin",
    (x) => x.argmin(-1, { keepDims: true }),
    [
      [1, 0, nan],
      [inf, inf, inf],
      [inf, -inf, -inf],
    ],
    [[2], [0], [1]],
  ],
  [
    "topK values",
    (x) => x.topK(3).values,
    [
      [inf, nan, 1],
      [-inf, 2, -MAX],
    ],
    [
      [nan, inf, 1],
      [2, -MAX, -inf],
    ],
  ],
  [
    "topK indices",
    (x) => x.topK(3).indices,
    [
      [inf, nan, 1],
      [nan, 5, nan],
      [-inf, -inf, -inf],
    ],
    [
      [1, 0, 2],
      [0, 2, 1],
      [0, 1, 2],
    ],
  ],
  [
    "sum",
    (x) => x.sum(-1, { keepDims: true }),
    [
      [inf, -inf, 0],
      [inf, 1, 2],
      [nan, 1, 2],
      [MAX, MAX, 0],
    ],
    [[nan], [inf], [nan], [inf]],
  ],
  [
    "mean",
    (x) => x.mean(-1, { keepDims: true }),
    [
      [inf, -inf, 0],
      [-inf, 1, 2],
    ],
    [[nan], [-inf]],
  ],
  [
    "layerNorm",
    (x) => x.layerNorm(),
    [
      [nan, 1, 2],
      [inf, 1, 2],
      [5, 5, 5],
    ],
    [
      [nan, nan, nan],
      [nan, nan, nan],
      [0, 0, 0],
    ],
  ],
];

/** Products of a row and a column. */
const DOTS: readonly (readonly [a: readonly number[], b: readonly number[], dot: number])[] = [
  [[1, 2, 3], [4, 5, 6], 32],
  [[nan, 0, 0], [0, 1, 1], nan],
  [[inf, 0, 0], [0, 1, 1], nan],
  [[inf, 1, 1], [2, 1, 1], inf],
  [[inf, inf, 0], [1, -1, 0], nan],
  [[-inf, 1, 1], [1, 1, 1], -inf],
  [[MAX, 0, 0], [2, 0, 0], inf],
];

onEachDevice((kind) => {
  test.each(ROWS)("rows through %s", async (_, apply, rows, results) => {
    const input = (): Tensor => tensor(rows);
    for (const build of [
      () => apply(input()),
      // The row in a strided view, behind another operation.
      () => apply(input().transpose().mul(1).transpose()),
      // A row of one batch among others, so that rows do not infect each other.
      () => apply(input().unsqueeze(0).expand([2, rows.length, 3])).get([1]),
    ]) {
      const found = await readAll(build);
      const wrong = results.flat().flatMap((want, i) => {
        const fine = want === 0 ? found[i] === 0 : isClose(found[i]!, want, kind);
        return fine ? [] : [`element ${i}: ${show(found[i]!)} instead of ${show(want)}`];
      });
      expect(wrong).toEqual([]);
    }
  });

  test("a NaN anywhere in a row of any length reaches the maximum and the minimum", async () => {
    for (const length of [1, 2, 4, 5, 16, 67, 300]) {
      const rows = Array.from({ length }, (_, at) =>
        Array.from({ length }, (__, i) => (i === at ? nan : i - 3)),
      ).slice(0, 70);
      for (const build of [
        (x: Tensor) => x.max(1),
        (x: Tensor) => x.min(1),
        (x: Tensor) => x.transpose().max(0),
        (x: Tensor) => x.maximum(0).sum(1),
      ])
        expect(new Set(await readAll(() => build(tensor(rows)))), `length ${length}`).toEqual(
          new Set([nan]),
        );
    }
  });

  test("products", async () => {
    const found = await readAll(() => {
      const a = tensor(DOTS.map(([left]) => [left]));
      const b = tensor(DOTS.map(([, right]) => right.map((x) => [x])));
      return a.matmul(b);
    });
    expect(found).toEqual(DOTS.map(([, , dot]) => dot));
  });

  test("a mask of -inf before a softmax leaves exact zeros, and no NaN, in every row that has a place", async () => {
    const size = 9;
    const found = await readAll(() => {
      const places = tensor(Array.from({ length: size }, (_, i) => i));
      const mask = places.unsqueeze(0).greater(places.unsqueeze(1));
      return where(mask, -inf, places.mul(0.1).expand([size, size])).softmax();
    });
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) {
        const value = found[i * size + j]!;
        expect(j > i ? Object.is(value, 0) : value > 0, `${i}, ${j}: ${value}`).toBe(true);
      }
  });
});
