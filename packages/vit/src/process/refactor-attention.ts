// The two products inside every head, by their singular values: TransformerLens' `refactor_factored_attn_matrices`.
import { einsum, tensor, type Tensor } from "@prisma/tensor";
import { factorProduct, type Columns } from "./factor-product.ts";
import { editWeights, type ModelWeights } from "./model-weights.ts";

/** Values of a parameter, head by head: `[H, rows, columns]`. */
interface HeadMatrices {
  readonly shape: readonly [heads: number, rows: number, columns: number];
  readonly values: ArrayLike<number>;
}

/** Numbers by the names of parameters. */
type Written = Map<string, { readonly shape: readonly number[]; readonly values: Float32Array }>;

async function readHeads(weights: ModelWeights, name: string): Promise<HeadMatrices | null> {
  const parameter = weights.parameters.get(name);
  if (parameter === undefined) return null;
  const [heads = 1, rows = 1, columns = 1] =
    parameter.shape.length === 2 ? [parameter.shape[0], 1, parameter.shape[1]] : parameter.shape;
  return { shape: [heads, rows, columns], values: await parameter.data() };
}

/** The columns of head `head` of matrices that stand one below the other. */
function columnsOf(parts: readonly HeadMatrices[], head: number): Columns {
  const width = parts[0]?.shape[2] ?? 0;
  return Array.from({ length: width }, (_, column) =>
    Float64Array.from(
      parts.flatMap(({ shape: [, rows, columns], values }) =>
        Array.from(
          { length: rows },
          (__, row) => values[(head * rows + row) * columns + column] ?? 0,
        ),
      ),
    ),
  );
}

/** The rows of head `head` as columns. */
function rowsOf({ shape: [, rows, columns], values }: HeadMatrices, head: number): Columns {
  return Array.from({ length: rows }, (_, row) =>
    Float64Array.from(
      { length: columns },
      (__, at) => values[(head * rows + row) * columns + at] ?? 0,
    ),
  );
}

/** Columns of all heads, scaled, as `[H, rows, columns]` from row `from` to `to`. */
function packed(
  heads: readonly Columns[],
  scale: (head: number, column: number) => number,
  [from, to]: readonly [from: number, to: number],
): Float32Array {
  const width = heads[0]?.length ?? 0;
  const rows = to - from;
  const out = new Float32Array(heads.length * rows * width);
  heads.forEach((columns, head) =>
    columns.forEach((column, at) => {
      for (let row = 0; row < rows; row++)
        out[(head * rows + row) * width + at] = (column[from + row] ?? 0) * scale(head, at);
    }),
  );
  return out;
}

/** Queries and keys of `attn`: `[W; b]` of both, made even. */
async function writeScores(weights: ModelWeights, attn: string, written: Written): Promise<void> {
  const read = (name: string): Promise<HeadMatrices | null> =>
    readHeads(weights, `${attn}.${name}`);
  const [wq, bq, wk, bk] = [
    await read("W_Q"),
    await read("b_Q"),
    await read("W_K"),
    await read("b_K"),
  ];
  if (wq === null || bq === null || wk === null || bk === null) return;
  const [heads, rows, width] = wq.shape;
  const products = Array.from({ length: heads }, (_, head) =>
    factorProduct(columnsOf([wq, bq], head), columnsOf([wk, bk], head)),
  );
  const root = (head: number, at: number): number => Math.sqrt(products[head]?.values[at] ?? 0);
  for (const [letter, side] of [
    ["Q", "left"],
    ["K", "right"],
  ] as const) {
    const columns = products.map((product) => product[side]);
    const values = packed(columns, root, [0, rows]);
    written.set(`${attn}.W_${letter}`, { shape: [heads, rows, width], values });
    const biases = packed(columns, root, [rows, rows + 1]);
    written.set(`${attn}.b_${letter}`, { shape: [heads, width], values: biases });
  }
}

/** Values and outputs of `attn`: `W_V = U S`, `W_O = V^T`. */
async function writeValues(weights: ModelWeights, attn: string, written: Written): Promise<void> {
  const [wv, wo] = [
    await readHeads(weights, `${attn}.W_V`),
    await readHeads(weights, `${attn}.W_O`),
  ];
  if (wv === null || wo === null) return;
  const [heads, rows, width] = wv.shape;
  const products = Array.from({ length: heads }, (_, head) =>
    factorProduct(columnsOf([wv], head), rowsOf(wo, head)),
  );
  const scaled = packed(
    products.map(({ left }) => left),
    (head, at) => products[head]?.values[at] ?? 0,
    [0, rows],
  );
  written.set(`${attn}.W_V`, { shape: [heads, rows, width], values: scaled });
  const outputs = products.flatMap(({ right }) => right.flatMap((column) => [...column]));
  written.set(`${attn}.W_O`, { shape: wo.shape, values: Float32Array.from(outputs) });
}

/**
 * The products `W_Q W_K^T` and `W_V W_O` of every head taken apart anew by their singular values, the largest first:
 * `W_Q`, with `b_Q` as one more row, becomes `U sqrt(S)`, `W_K` with `b_K` becomes `V sqrt(S)`, `W_V` becomes `U S` and `W_O` becomes
 * `V^T`; value biases are folded into `b_O` as by `foldValueBiases`. Scores, patterns and output stay; inside, `hook_q`, `hook_k`,
 * `hook_v` and `hook_z` have other axes, sorted by how much they matter. Computed on the host in float64, for the current device.
 * TransformerLens' `refactor_factored_attn_matrices`. The caller disposes the parameters.
 * @throws PrismaError ARGUMENT_INVALID when it was done before; DEVICE_MISMATCH for a model of another device
 * @example
 * const { config, parameters, processing } = model;
 * const refactored = await refactorAttention({ config, parameters, processing });
 * refactored.processing; // ["refactorAttention"]
 */
export async function refactorAttention(weights: ModelWeights): Promise<ModelWeights> {
  const { nLayers } = weights.config;
  const blocks = Array.from({ length: nLayers }, (_, layer) => `blocks.${layer}.attn`);
  const written: Written = new Map();
  for (const attn of [...blocks, "attn_pool"]) {
    await writeScores(weights, attn, written);
    await writeValues(weights, attn, written);
  }
  return editWeights(weights, "refactorAttention", ({ get, set }) => {
    for (const attn of [...blocks, "attn_pool"]) {
      const part = (name: string): Tensor | null => get(`${attn}.${name}`);
      const [value, out, bias] = [part("b_V"), part("W_O"), part("b_O")];
      if (value === null || out === null || bias === null) continue;
      set(`${attn}.b_O`, bias.add(einsum("he,hed->d", value, out)));
      set(`${attn}.b_V`, value.mul(0));
    }
    for (const [name, { shape, values }] of written) set(name, tensor(values, { shape }));
  });
}
