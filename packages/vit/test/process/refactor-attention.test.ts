// Attention refactored by singular values: those of PyTorch, orthogonal axes, the same products; and products of low rank.
import { init, type Device, type Tensor } from "@prisma/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadViT } from "../../src/index.ts";
import { factorProduct, type Columns } from "../../src/process/factor-product.ts";
import { goldenFolder, readExpected } from "../golden-set.ts";

let device: Device;
beforeAll(async () => {
  device = await init({ device: "wasm" });
});
afterAll(() => device.dispose());

type Matrix = readonly (readonly number[])[];

const product = (a: Matrix, b: Matrix): number[][] =>
  a.map((row) => b[0]!.map((_, column) => row.reduce((sum, x, i) => sum + x * b[i]![column]!, 0)));
const transposed = (a: Matrix): number[][] =>
  a[0]!.map((_, column) => a.map((row) => row[column]!));
const largest = (a: Matrix): number => Math.max(...a.flat().map(Math.abs));
const difference = (a: Matrix, b: Matrix): number =>
  Math.max(...a.flatMap((row, i) => row.map((x, j) => Math.abs(x - b[i]![j]!))));

async function headOf(
  parameters: ReadonlyMap<string, Tensor>,
  name: string,
  head: number,
): Promise<number[][]> {
  const [weight, bias] = [parameters.get(name)!, parameters.get(name.replace("W_", "b_"))!];
  const rows = ((await weight.array()) as number[][][])[head]!;
  return /W_[QK]$/.test(name) ? [...rows, ((await bias.array()) as number[][])[head]!] : rows;
}

test("singular values are PyTorch's, products and outputs stay, axes are orthogonal", async () => {
  const folder = goldenFolder("processing");
  const expected = await readExpected(folder, ["processed.safetensors"]);
  using model = await loadViT(folder);
  using refactored = await model.process(["refactorAttention"]);
  const { nLayers, nHeads, dHead } = model.config;
  for (let layer = 0; layer < nLayers; layer++)
    for (let head = 0; head < nHeads; head++) {
      const read = (from: typeof model, part: string): Promise<number[][]> =>
        headOf(from.parameters, `blocks.${layer}.attn.${part}`, head);
      const values = (kind: string): number[] => {
        const all = expected.get(`singular/blocks.${layer}.attn.${kind}`)!.values;
        return Array.from(all.subarray(head * dHead, (head + 1) * dHead));
      };
      const [q, k] = [await read(refactored, "W_Q"), await read(refactored, "W_K")];
      const scores = product(await read(model, "W_Q"), transposed(await read(model, "W_K")));
      expect(difference(product(q, transposed(k)), scores)).toBeLessThan(1e-5 * largest(scores));
      const diagonal = (s: readonly number[]): number[][] =>
        s.map((x, i) => s.map((_, j) => (i === j ? x : 0)));
      const qk = diagonal(values("QK"));
      // Made even: queries and keys share the values.
      expect(difference(product(transposed(q), q), qk)).toBeLessThan(1e-5 * largest(qk));
      expect(difference(product(transposed(k), k), qk)).toBeLessThan(1e-5 * largest(qk));
      const [v, o] = [await read(refactored, "W_V"), await read(refactored, "W_O")];
      const moved = product(await read(model, "W_V"), await read(model, "W_O"));
      expect(difference(product(v, o), moved)).toBeLessThan(1e-5 * largest(moved));
      expect(
        difference(product(o, transposed(o)), diagonal(Array<number>(dHead).fill(1))),
      ).toBeLessThan(1e-5);
      const ov = diagonal(values("OV").map((x) => x * x));
      expect(difference(product(transposed(v), v), ov)).toBeLessThan(1e-5 * largest(ov));
    }
});

const columns = (...rows: readonly (readonly number[])[]): Columns =>
  transposed(rows).map((column) => Float64Array.from(column));
const composed = ({ left, values, right }: ReturnType<typeof factorProduct>): number[][] =>
  Array.from(left[0]!, (_, row) =>
    Array.from(right[0]!, (__, column) =>
      left.reduce((sum, one, i) => sum + one[row]! * values[i]! * right[i]![column]!, 0),
    ),
  );

test.each<readonly [string, Matrix, Matrix]>([
  [
    "a column twice",
    [
      [1, 1],
      [2, 2],
      [3, 3],
    ],
    [
      [1, 0],
      [0, 1],
      [1, 1],
    ],
  ],
  [
    "nothing but zeros",
    [
      [0, 0],
      [0, 0],
    ],
    [
      [1, 2],
      [3, 4],
    ],
  ],
  [
    "a column of zeros",
    [
      [1, 0],
      [2, 0],
      [0, 0],
    ],
    [
      [1, 5],
      [0, 5],
      [2, 5],
    ],
  ],
  [
    "wider than tall",
    [[1, 2, 3]],
    [
      [4, 5, 6],
      [7, 8, 10],
    ],
  ],
  [
    "sizes far apart",
    [
      [1e-8, 1e8],
      [1e-8, -1e8],
      [3e-8, 0],
    ],
    [
      [1, 0],
      [0, 1],
      [0, 0],
    ],
  ],
])("%s", (_, a, b) => {
  const found = factorProduct(columns(...a), columns(...b));
  const wanted = product(a, transposed(b));
  expect(difference(composed(found), wanted)).toBeLessThanOrEqual(
    1e-13 * Math.max(largest(wanted), 1e-300),
  );
  expect([...found.values]).toEqual([...found.values].sort((x, y) => y - x));
});
