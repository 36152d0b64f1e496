// The residual stream as what every head, every neuron, the embeddings and the biases write.
import { concat, type Tensor } from "@prisma/tensor";
import type { ActivationCache } from "./activation-cache.ts";
import { applyLn } from "./apply-ln.ts";
import { atPositions, blockCount, type LabelledRow, type LabelledStack } from "./cache-view.ts";
import { blockRows, embeddingRows } from "./decompose-resid.ts";
import { stackHeadResults } from "./head-results.ts";
import { neuronRows } from "./neuron-results.ts";
import { projectionOf, projectRows, type Projection, type ProjectOptions } from "./project-rows.ts";
import { stackRows } from "./stack-rows.ts";

/** Whether neurons are rows of their own. */
export interface FullResidOptions extends ProjectOptions {
  /** Default true; false leaves an MLP one row. */
  readonly expandNeurons?: boolean;
}

const DOING = "getFullResidDecomposition";

interface Parts {
  readonly cache: ActivationCache;
  /** Blocks whose attention counts, and whose MLP does. */
  readonly heads: number;
  readonly mlps: number;
  readonly options: FullResidOptions;
  readonly projection: Projection | null;
}

/** Stacked rows at the positions and along the direction asked for. */
function shaped(
  { cache, options, projection }: Parts,
  rows: readonly LabelledRow[],
): LabelledStack {
  const { values, labels } = stackRows(rows, DOING);
  const here = atPositions(cache, values, { slice: options.posSlice, axis: -2, doing: DOING });
  return { values: projection === null ? here : projectRows(here, projection), labels };
}

function headPart({ cache, heads, options, projection }: Parts): LabelledStack[] {
  if (heads === 0) return [];
  const { posSlice } = options;
  const slice = posSlice === undefined ? {} : { posSlice };
  const { values, labels } = stackHeadResults(cache, { layer: heads, ...slice });
  return [{ values: projection === null ? values : projectRows(values, projection), labels }];
}

function mlpPart(parts: Parts): LabelledStack[] {
  const { cache, mlps, options, projection } = parts;
  const { posSlice, expandNeurons = true } = options;
  if (mlps === 0 || !cache.model.hookNames.includes("blocks.0.hook_mlp_out")) return [];
  if (!expandNeurons) return [shaped(parts, blockRows(cache, mlps, { mode: "mlp" }))];
  return [neuronRows(cache, mlps, { projection, ...(posSlice === undefined ? {} : { posSlice }) })];
}

/** Biases of what counts: of attention outputs, and of MLPs whose neurons are rows. `[D]` */
function biasSum({ cache, heads, mlps, options }: Parts): Tensor | null {
  const named = (count: number, name: string): string[] =>
    Array.from({ length: count }, (_, layer) => `blocks.${layer}.${name}`);
  const ofMlps = options.expandNeurons === false ? [] : named(mlps, "mlp.b_out");
  const biases = [...named(heads, "attn.b_O"), ...ofMlps].flatMap((name) => {
    const bias = cache.model.parameters.get(name);
    return bias === undefined ? [] : [bias];
  });
  const [first, ...rest] = biases;
  return first === undefined ? null : rest.reduce((sum, bias) => sum.add(bias), first);
}

function embeddingPart(parts: Parts): LabelledStack {
  const rows = embeddingRows(parts.cache);
  const [[, like] = []] = rows;
  const bias = biasSum(parts);
  const all = bias === null || like === undefined ? rows : [...rows, biasRow(bias, like)];
  return shaped(parts, all);
}

const biasRow = (bias: Tensor, like: Tensor): LabelledRow => ["bias", bias.expand(like.shape)];

/** All summands of the stream before block `layer`. `[N, ..., P, D]`, or along a direction `[N, ..., P]` */
export function fullDecomposition(
  cache: ActivationCache,
  options: FullResidOptions,
): LabelledStack {
  const mlps = blockCount(cache, options.layer, DOING);
  const half = options.mlpInput === true && mlps < cache.model.layers ? 1 : 0;
  const projection = projectionOf(cache, { ...options, doing: DOING });
  const parts: Parts = { cache, heads: mlps + half, mlps, options, projection };
  const stacks = [...headPart(parts), ...mlpPart(parts), embeddingPart(parts)];
  const values = concat(stacks.map((one) => one.values));
  const norm = options.applyLn === true && projection === null;
  return {
    values: norm ? applyLn(cache, values, options) : values,
    labels: stacks.flatMap(({ labels }) => labels),
  };
}
