// Programs on tensors of 20 KiB, which bindings of 4 KiB do not hold: one or more for every family of kernels.
import { arange, concat, tensor, type Tensor, uniform, valueAndGrad } from "@prisma/tensor";
import type { Program } from "./programs.ts";

const values = (shape: readonly number[], seed: number): Float32Array<ArrayBuffer> => {
  const size = shape.reduce((product, n) => product * n, 1);
  return Float32Array.from({ length: size }, (_, i) => Math.sin((i + 1) * (seed + 0.7)) * 2);
};

/** A leaf: its values come from the host. */
const leaf = (shape: readonly number[], seed: number): Tensor =>
  tensor(values(shape, seed), { shape });

const places = (length: number, below: number): Tensor =>
  tensor(
    Int32Array.from({ length }, (_, i) => (i * 37 + 11) % below),
    { dtype: "i32" },
  );

/** A self-attention of two heads over 40 tokens of 32 numbers, with its norm, and a loss. */
function attend(x: Tensor, weights: Tensor): { readonly out: Tensor; readonly pattern: Tensor } {
  const heads = x.layerNorm().matmul(weights).reshape([40, 3, 2, 16]).permute([1, 2, 0, 3]);
  const [q, k, v] = [0, 1, 2].map((i) => heads.get([i])) as [Tensor, Tensor, Tensor];
  const pattern = q.matmul(k.transpose()).mul(0.2).softmax();
  return { pattern, out: pattern.matmul(v).permute([1, 0, 2]).reshape([40, 32]) };
}

/** Every one of them needs windows or parts. */
export const WIDE: readonly Program[] = [
  [
    "elements one by one",
    () => [
      leaf([5000], 1)
        .mul(2)
        .sin()
        .add(leaf([5000], 2)),
    ],
  ],
  ["one binding more or less", () => [1023, 1024, 1025, 2049].map((n) => leaf([n], n).add(1))],
  ["numbers made on the way", () => [uniform([71, 72], { seed: 3 }), arange(5000).mul(0.5)]],
  [
    "a transposed copy",
    () => [
      leaf([70, 73], 4)
        .transpose()
        .add(leaf([73, 70], 5)),
    ],
  ],
  [
    "broadcasts",
    () => [
      leaf([70, 1], 6)
        .mul(leaf([1, 73], 7))
        .add(leaf([70, 73], 8)),
    ],
  ],
  [
    "a reversed and a strided view",
    () => [
      leaf([5001], 9)
        .flip([0])
        .add(leaf([5001], 10)),
    ],
  ],
  [
    "one slice",
    () => [
      leaf([5000], 11)
        .get([[4100, 4700]])
        .mul(3),
    ],
  ],
  [
    "pieces put together, padded, and shifted",
    () => {
      const x = leaf([50, 100], 12);
      const shifted = concat([x.get([[30, 50]]), x.get([[0, 30]])]);
      return [
        concat([x, leaf([7, 100], 13), x.neg()]),
        x.pad([
          [3, 2],
          [1, 4],
        ]),
        shifted.sub(x),
      ];
    },
  ],
  [
    "f16 read and stored, larger than all that one kernel binds",
    () => {
      const halves = leaf([30_001], 43).cast("f16");
      return [
        halves,
        tensor(values([30_001], 44), { dtype: "f16" }).mul(3),
        halves.get([[1, 9001]]),
      ];
    },
  ],
  ["rows", () => [leaf([50, 100], 14).softmax(), leaf([50, 100], 15).layerNorm()]],
  ["a value a row", () => [leaf([50, 100], 16).argmax(1), leaf([1300, 4], 17).variance(1)]],
  ["columns", () => [leaf([40, 128], 18).sum(0), leaf([40, 128], 19).max(0)]],
  ["everything to one number", () => [leaf([71, 71], 20).sum(), leaf([71, 71], 21).argmin()]],
  [
    "products, long along m, n, k and the batch",
    () => [
      leaf([150, 33], 22)
        .matmul(leaf([33, 20], 23))
        .add(leaf([20], 24))
        .gelu(),
      leaf([5, 33], 25).matmul(leaf([150, 33], 26).transpose()),
      leaf([5, 33], 27).matmul(leaf([33, 150], 28)),
      leaf([3, 1500], 29).matmul(leaf([1500, 2], 30)),
      leaf([9, 20, 30], 31).matmul(leaf([9, 30, 20], 32)),
    ],
  ],
  [
    "rows of a table, and their gradient",
    () => {
      const read = (table: Tensor): Tensor => table.take(places(60, 300), 0).square().sum();
      const { value, gradient } = valueAndGrad(read)(leaf([300, 17], 33));
      return [leaf([300, 17], 34).take(places(320, 300), 0), value, gradient];
    },
  ],
  [
    "adding up at given places",
    () => {
      const index = places(5000, 40).reshape([100, 50]);
      return [leaf([100, 40], 35).scatterAdd(1, index, leaf([100, 50], 36))];
    },
  ],
  [
    "places in order",
    () => [
      leaf([60, 90], 37).sort(),
      leaf([60, 90], 38).topK(5).indices,
      leaf([30, 900], 39).argsort(),
    ],
  ],
  ["running sums", () => [leaf([60, 90], 40).cumsum(1)]],
  [
    "attention, forward and backward",
    () => {
      const [x, w] = [leaf([40, 32], 41), leaf([32, 96], 42).mul(0.3)];
      const { out, pattern } = attend(x, w);
      const loss = (weights: Tensor): Tensor => attend(x, weights).out.square().mean();
      const { value, gradient } = valueAndGrad(loss)(w);
      return [out, pattern, value, gradient];
    },
  ],
];
