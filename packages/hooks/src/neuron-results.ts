// What each MLP neuron writes into the residual stream, or how much of it lies along one direction.
import { concat, PrismaError, type Tensor } from "@prisma/tensor";
import type { ActivationCache } from "./activation-cache.ts";
import { applyLn } from "./apply-ln.ts";
import {
  atPositions,
  blockCount,
  keptActivation,
  weightOfCache,
  type LabelledStack,
} from "./cache-view.ts";
import { projectionOf, projectRows, type Projection, type ProjectOptions } from "./project-rows.ts";

/** Which neurons, and what of them. */
export interface NeuronOptions extends Pick<ProjectOptions, "posSlice" | "projectOutputOnto"> {
  /** Neurons `[from, to)` of an MLP. Default all. */
  readonly neurons?: readonly [from: number, to: number];
}

/** Which blocks' neurons, and whether the rest of the stream is a row. */
export interface StackNeuronOptions
  extends NeuronOptions, Pick<ProjectOptions, "layer" | "applyLn"> {
  /** Last row `remainder`: the stream less these neurons. */
  readonly inclRemainder?: boolean;
}

const DOING = "stackNeuronResults";

/** Neurons of one MLP. */
export interface Neurons {
  /** Activations, `[..., P, n]`. */
  readonly post: Tensor;
  /** What each writes, `[n, D]`. */
  readonly out: Tensor;
  /** Number of the first. */
  readonly first: number;
}

function neuronsOf(
  cache: ActivationCache,
  layer: number,
  { neurons, posSlice: slice }: StackNeuronOptions,
): Neurons {
  const post = keptActivation(cache, `blocks.${layer}.mlp.hook_post`, DOING);
  const out = weightOfCache(cache, `blocks.${layer}.mlp.W_out`, DOING);
  const here = atPositions(cache, post, { slice, axis: -2, doing: DOING });
  if (neurons === undefined) return { post: here, out, first: 0 };
  const axes = Array<null>(here.rank - 1).fill(null);
  return { post: here.get([...axes, neurons]), out: out.get([neurons]), first: neurons[0] };
}

/** The last axis first. */
const neuronsFirst = (x: Tensor): Tensor =>
  x.permute([x.rank - 1, ...Array.from({ length: x.rank - 1 }, (_, axis) => axis)]);

/** `[n, ..., P, D]`, or along a direction `[n, ..., P]`: neurons are then never vectors of the stream. */
function rowsOf({ post, out }: Neurons, projection: Projection | null): Tensor {
  if (projection !== null) {
    const along = neuronsFirst(post.mul(out.matmul(projection.direction)));
    return projection.scale === null ? along : along.div(projection.scale);
  }
  const [n = 0, width = 0] = out.shape;
  const ones = Array<number>(post.rank - 1).fill(1);
  return neuronsFirst(post)
    .unsqueeze(-1)
    .mul(out.reshape([n, ...ones, width]));
}

/** Sum of what the neurons write. `[..., P, D]` */
const written = ({ post, out }: Neurons): Tensor => post.matmul(out);

function remainder(
  cache: ActivationCache,
  blocks: readonly Neurons[],
  options: StackNeuronOptions,
): Tensor {
  const stream = keptActivation(cache, `blocks.${blocks.length - 1}.hook_resid_post`, DOING);
  const here = atPositions(cache, stream, { slice: options.posSlice, axis: -2, doing: DOING });
  return blocks.reduce((rest, block) => rest.sub(written(block)), here).unsqueeze(0);
}

/** Neurons of block `layer`, counted from the end where it is negative. `[n, ..., P, D]`, or along a direction `[n, ..., P]`. */
export function neuronResults(
  cache: ActivationCache,
  layer: number,
  options: NeuronOptions,
): Tensor {
  const at = layer < 0 ? layer + cache.model.layers : layer;
  if (!Number.isInteger(at) || at < 0 || at >= cache.model.layers)
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `getNeuronResults: layer is ${layer}; give 0 to ${cache.model.layers - 1}, or a negative number that counts from the end`,
      { layer, layers: cache.model.layers },
    );
  const projection = projectionOf(cache, { ...options, doing: "getNeuronResults" });
  return rowsOf(neuronsOf(cache, at, options), projection);
}

/** Rows of the blocks' neurons, and their names. `[L * n, ..., P, D]`, or along a direction `[L * n, ..., P]`. */
export function neuronRows(
  cache: ActivationCache,
  count: number,
  options: StackNeuronOptions & { readonly projection: Projection | null },
): LabelledStack & { readonly blocks: readonly Neurons[] } {
  const blocks = Array.from({ length: count }, (_, layer) => neuronsOf(cache, layer, options));
  const labels = blocks.flatMap(({ out, first }, layer) =>
    Array.from({ length: out.shape[0] ?? 0 }, (_, n) => `L${layer}N${first + n}`),
  );
  return {
    values: concat(blocks.map((block) => rowsOf(block, options.projection))),
    labels,
    blocks,
  };
}

/** Neurons of all blocks before `layer`. `[L * n, ..., P, D]`, or `[L * n, ..., P]` along a direction. */
export function stackNeuronResults(
  cache: ActivationCache,
  options: StackNeuronOptions,
): LabelledStack {
  const count = blockCount(cache, options.layer, DOING);
  if (count === 0)
    throw new PrismaError("ARGUMENT_INVALID", `${DOING}: there is no neuron before layer 0`);
  const projection = projectionOf(cache, { ...options, doing: DOING });
  const { values, labels, blocks } = neuronRows(cache, count, { ...options, projection });
  if (options.inclRemainder !== true) return { values: normed(cache, values, options), labels };
  const rest = remainder(cache, blocks, options);
  const row = projection === null ? rest : projectRows(rest, projection);
  return {
    values: normed(cache, concat([values, row]), options),
    labels: [...labels, "remainder"],
  };
}

/** Rows over the scale of the norm, unless they are along a direction, which has seen to it. */
function normed(cache: ActivationCache, rows: Tensor, options: StackNeuronOptions): Tensor {
  const { applyLn: norm = false, projectOutputOnto } = options;
  return norm && projectOutputOnto === undefined ? applyLn(cache, rows, options) : rows;
}
