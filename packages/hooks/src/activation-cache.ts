// The activation cache: what a run kept, by hook name or shorthand.
import { PrismaError, quoteName, scope, stack, type Tensor } from "@prisma/tensor";
import { accumulatedResid, type AccumulatedResidOptions } from "./accumulated-resid.ts";
import { applyLn, type ApplyLnOptions } from "./apply-ln.ts";
import { batchSliced } from "./batch-slice.ts";
import { blockCount, keptActivation, type LabelledStack } from "./cache-view.ts";
import type { CachedModel } from "./cached-model.ts";
import { decomposeResid, type DecomposeResidOptions } from "./decompose-resid.ts";
import { fullDecomposition, type FullResidOptions } from "./full-decomposition.ts";
import { stackHeadResults, type StackHeadOptions } from "./head-results.ts";
import { logitAttrs, type LogitAttrsOptions } from "./logit-attrs.ts";
import type { LogitTarget } from "./logit-directions.ts";
import { getActName, type LayerType, type Shorthand } from "./hook-names.ts";
import {
  neuronResults,
  stackNeuronResults,
  type NeuronOptions,
  type StackNeuronOptions,
} from "./neuron-results.ts";
import { nearestName } from "./nearest-name.ts";

/** Activations of one run in firing order, and, when asked for, their gradients. Disposing it frees them all. */
export class ActivationCache<Name extends string = string> implements Disposable {
  readonly #activations: ReadonlyMap<Name, Tensor>;
  readonly #gradients: ReadonlyMap<Name, Tensor>;

  constructor(
    activations: ReadonlyMap<Name, Tensor>,
    gradients: ReadonlyMap<Name, Tensor>,
    /** The model that was run. */
    readonly model: CachedModel,
    /** Whether the first axis of activations counts images. */
    readonly hasBatchDim = true,
  ) {
    this.#activations = activations;
    this.#gradients = gradients;
  }

  /** Number of activations. */
  get size(): number {
    return this.#activations.size;
  }

  /**
   * Names in firing order.
   * @example
   * using run = await model.runWithCache(images, { names: "blocks.*.hook_resid_post" });
   * [...run.cache.keys()][0]; // "blocks.0.hook_resid_post"
   */
  keys(): IterableIterator<Name> {
    return this.#activations.keys();
  }

  /**
   * Names and activations in firing order.
   * @example
   * using run = await model.runWithCache(images, { names: "blocks.*.hook_resid_post" });
   * [...run.cache.entries()].map(([name]) => name).at(-1); // "blocks.3.hook_resid_post"
   */
  entries(): IterableIterator<[Name, Tensor]> {
    return this.#activations.entries();
  }

  [Symbol.iterator](): IterableIterator<[Name, Tensor]> {
    return this.entries();
  }

  #resolve(name: string, layer?: number, layerType?: string): string {
    const at = layer !== undefined && layer < 0 ? layer + this.model.layers : layer;
    return getActName(name, at, layerType);
  }

  /**
   * True when the run kept `name`, or the shorthand of a name.
   * @example
   * using run = await model.runWithCache(images, { names: "blocks.*.hook_resid_post" });
   * run.cache.has("resid_post", -1); // true
   * run.cache.has("resid_pre", 0); // false
   */
  has(name: Name | Shorthand, layer?: number, layerType?: LayerType): boolean {
    return this.#activations.has(this.#resolve(name, layer, layerType) as Name);
  }

  #find(map: ReadonlyMap<Name, Tensor>, full: string, what: string): Tensor {
    const found = map.get(full as Name);
    if (found !== undefined) return found;
    const nearest = nearestName(full, map.keys());
    const hint = nearest === null ? "nothing was kept" : `did you mean "${nearest}"?`;
    throw new PrismaError(
      "HOOK_UNKNOWN",
      `cache: no ${what} of ${quoteName(full)} was kept; ${hint}`,
      { name: full, nearest },
    );
  }

  /**
   * An activation by full name, or by shorthand and layer as in TransformerLens: `get("resid_post", -1)`, `get("q3")`,
   * `get("scale", 0, "ln1")`. The cache owns it.
   * @throws PrismaError HOOK_UNKNOWN naming the nearest name that was kept
   * @example
   * using run = await model.runWithCache(images, { names: "blocks.*.hook_resid_post" });
   * run.cache.get("resid_post", -1).shape; // [1, 33, 96]
   */
  get(name: Name | Shorthand, layer?: number, layerType?: LayerType): Tensor {
    return this.#find(this.#activations, this.#resolve(name, layer, layerType), "activation");
  }

  /**
   * The gradient at an activation, when the run was given `gradientOf`. The cache owns it.
   * @throws PrismaError HOOK_UNKNOWN
   * @example
   * using run = await model.runWithCache(images, {
   *   names: "blocks.3.hook_resid_post",
   *   gradientOf: (logits) => logits.get([0, 3]),
   * });
   * run.cache.grad("resid_post", 3).shape; // [1, 33, 96]
   */
  grad(name: Name | Shorthand, layer?: number, layerType?: LayerType): Tensor {
    return this.#find(this.#gradients, this.#resolve(name, layer, layerType), "gradient");
  }

  // ---- decompositions ----

  /**
   * Summands of the residual stream before block `layer`, as `decompose_resid` of TransformerLens: `embed`, `cls_embed`,
   * `pos_embed`, `0_attn_out`, `0_mlp_out` ... Each is zero where it adds nothing, and all sum to the stream. `[N, B, P, D]`
   * @throws PrismaError HOOK_UNKNOWN naming the hook to keep, ARGUMENT_INVALID, INDEX_OUT_OF_RANGE
   * @example
   * using run = await model.runWithCache(images);
   * const { values, labels } = run.cache.decomposeResid({ layer: 1, posSlice: "cls" });
   * values.shape; // [5, 1, 1, 96]
   * labels; // ["embed", "cls_embed", "pos_embed", "0_attn_out", "0_mlp_out"]
   */
  decomposeResid(options: DecomposeResidOptions = {}): LabelledStack {
    return scope(() => decomposeResid(this, options));
  }

  /**
   * The residual stream after each part up to block `layer`, as `accumulated_resid` of TransformerLens: `0_pre`, `0_mid`,
   * `1_pre`, `final_post`. With `applyLn` of all blocks each row has its own scale: the logit lens. `[N, B, P, D]`
   * @throws PrismaError HOOK_UNKNOWN naming the hook to keep, ARGUMENT_INVALID, INDEX_OUT_OF_RANGE
   * @example
   * using run = await model.runWithCache(images);
   * run.cache.accumulatedResid({ layer: 1, inclMid: true }).labels; // ["0_pre", "0_mid", "1_pre"]
   */
  accumulatedResid(options: AccumulatedResidOptions = {}): LabelledStack {
    return scope(() => accumulatedResid(this, options));
  }

  /**
   * What each head of the blocks before `layer` writes, `L0H0`, `L0H1` ..., as `stack_head_results` of TransformerLens;
   * `remainder` is the rest of the stream. `[N, B, P, D]`
   * @throws PrismaError HOOK_UNKNOWN naming the hook to keep, ARGUMENT_INVALID, INDEX_OUT_OF_RANGE
   * @example
   * using run = await model.runWithCache(images);
   * run.cache.stackHeadResults({ posSlice: "cls" }).values.shape; // [16, 1, 1, 96]
   */
  stackHeadResults(options: StackHeadOptions = {}): LabelledStack {
    return scope(() => stackHeadResults(this, options));
  }

  /**
   * What each neuron of the MLP of block `layer` writes, as `get_neuron_results` of TransformerLens, neurons first.
   * `[n, B, P, D]`, or along `projectOutputOnto` `[n, B, P]`
   * @throws PrismaError HOOK_UNKNOWN naming the hook to keep, ARGUMENT_INVALID, INDEX_OUT_OF_RANGE, SHAPE_MISMATCH
   * @example
   * using run = await model.runWithCache(images);
   * run.cache.getNeuronResults(-1, { neurons: [0, 5], posSlice: "cls" }).shape; // [5, 1, 1, 96]
   */
  getNeuronResults(layer: number, options: NeuronOptions = {}): Tensor {
    return scope(() => neuronResults(this, layer, options));
  }

  /**
   * What each MLP neuron of the blocks before `layer` writes, `L0N0`, `L0N1` ..., as `stack_neuron_results` of
   * TransformerLens. `[N, B, P, D]`; with `projectOutputOnto` only how much of it lies along a direction, `[N, B, P]`,
   * without a vector of the stream for any neuron.
   * @throws PrismaError HOOK_UNKNOWN naming the hook to keep, ARGUMENT_INVALID, INDEX_OUT_OF_RANGE, SHAPE_MISMATCH
   * @example
   * using run = await model.runWithCache(images);
   * const { directions } = model.logitDirections([[3, 8]]);
   * const onto = { projectOutputOnto: directions.get([0]), posSlice: "cls" } as const;
   * run.cache.stackNeuronResults(onto).values.shape; // [1536, 1, 1]
   */
  stackNeuronResults(options: StackNeuronOptions = {}): LabelledStack {
    return scope(() => stackNeuronResults(this, options));
  }

  /**
   * The whole stream before block `layer`, as `get_full_resid_decomposition` of TransformerLens: heads, neurons (or MLPs,
   * without `expandNeurons`), embeddings in parts, and last `bias`, the sum of the biases. All sum to the stream.
   * `[N, B, P, D]`, or along `projectOutputOnto` `[N, B, P]`
   * @throws PrismaError HOOK_UNKNOWN naming the hook to keep, ARGUMENT_INVALID, INDEX_OUT_OF_RANGE, SHAPE_MISMATCH
   * @example
   * using run = await model.runWithCache(images);
   * const { labels } = run.cache.getFullResidDecomposition({ expandNeurons: false, posSlice: "cls" });
   * labels.slice(-4); // ["embed", "cls_embed", "pos_embed", "bias"]
   */
  getFullResidDecomposition(options: FullResidOptions = {}): LabelledStack {
    return scope(() => fullDecomposition(this, options));
  }

  /**
   * Rows of the stream less their mean, over the kept scale of a norm, as `apply_ln_to_stack` of TransformerLens: its
   * weight and bias are left out. `[N, B, P, D]` to the same.
   * @throws PrismaError HOOK_UNKNOWN naming the hook to keep, ARGUMENT_INVALID, INDEX_OUT_OF_RANGE
   * @example
   * using run = await model.runWithCache(images);
   * const { values } = run.cache.stackHeadResults({ posSlice: "cls" });
   * run.cache.applyLnToStack(values, { posSlice: "cls" }).shape; // [16, 1, 1, 96]
   */
  applyLnToStack(rows: Tensor, options: ApplyLnOptions = {}): Tensor {
    return scope(() => applyLn(this, rows, options));
  }

  /**
   * What rows of the stream add to each target, as `logit_attrs` of TransformerLens, and the same whether or not the
   * final norm is folded into the head. `[N, B, P, D]` to `[N, B, P, n]` of n targets
   * @throws PrismaError HOOK_UNKNOWN naming the hook to keep, ARGUMENT_INVALID, INDEX_OUT_OF_RANGE
   * @example
   * using run = await model.runWithCache(images);
   * const { values } = run.cache.stackHeadResults({ posSlice: "cls" });
   * run.cache.logitAttrs(values, [[3, 8]], { posSlice: "cls" }).shape; // [16, 1, 1, 1]
   */
  logitAttrs(
    rows: Tensor,
    targets: readonly LogitTarget[],
    options: LogitAttrsOptions = {},
  ): Tensor {
    return scope(() => logitAttrs(this, rows, { ...options, targets }));
  }

  /**
   * One activation of every block before `layer`, as `stack_activation` of TransformerLens. `[L, ...]`
   * @throws PrismaError HOOK_UNKNOWN naming the hook to keep, ARGUMENT_INVALID
   * @example
   * using run = await model.runWithCache(images, { names: "blocks.*.attn.hook_pattern" });
   * run.cache.stackActivation("pattern").shape; // [4, 1, 4, 33, 33]
   */
  stackActivation(
    name: Shorthand,
    options: { readonly layer?: number; readonly sublayerType?: LayerType } = {},
  ): Tensor {
    const doing = "stackActivation";
    const count = blockCount(this, options.layer, doing);
    const names = Array.from({ length: count }, (_, at) =>
      getActName(name, at, options.sublayerType),
    );
    return scope(() => stack(names.map((full) => keptActivation(this, full, doing))));
  }

  // ---- images ----

  /**
   * A cache of one image, by its number, without the axis of images, or of images `[from, to)`; disposing either leaves
   * the other.
   * @throws PrismaError INDEX_OUT_OF_RANGE; ARGUMENT_INVALID where the axis is gone
   * @example
   * using run = await model.runWithCache(images);
   * using one = run.cache.applySliceToBatchDim(0);
   * one.get("resid_post", -1).shape; // [33, 96]
   */
  applySliceToBatchDim(slice: number | readonly [from: number, to: number]): ActivationCache<Name> {
    if (!this.hasBatchDim)
      throw new PrismaError(
        "ARGUMENT_INVALID",
        "applySliceToBatchDim: the cache has no axis of images",
      );
    const activations = batchSliced(this.#activations, slice);
    const gradients = batchSliced(this.#gradients, slice);
    return new ActivationCache(activations, gradients, this.model, typeof slice !== "number");
  }

  /**
   * A cache without the axis of images, of a run of one; disposing either leaves the other.
   * @throws PrismaError ARGUMENT_INVALID where there are more, or the axis is gone
   * @example
   * using run = await model.runWithCache(images);
   * using flat = run.cache.removeBatchDim();
   * flat.decomposeResid().values.shape; // [11, 33, 96]
   */
  removeBatchDim(): ActivationCache<Name> {
    const [first] = this.#activations.values();
    const images = first?.shape[0] ?? 1;
    if (images === 1) return this.applySliceToBatchDim(0);
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `removeBatchDim: the cache holds ${images} images; take one with applySliceToBatchDim`,
      { images },
    );
  }

  /**
   * Frees every activation and gradient.
   * @example
   * const { cache } = await model.runWithCache(images, { names: "hook_embed" });
   * const embed = cache.get("hook_embed");
   * cache.dispose();
   * embed.disposed; // true
   */
  dispose(): void {
    for (const tensor of this.#activations.values()) tensor.dispose();
    for (const tensor of this.#gradients.values()) tensor.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
