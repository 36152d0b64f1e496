// Means of activations over a set of images: what an edit puts in the place of an activation by default.
import type { NameFilters } from "@prisma/hooks";
import { PrismaError, quoteName, realize, scope, Tensor } from "@prisma/tensor";
import type { EditableModel } from "./editable-model.ts";
import { throwIfCancelled, type AnalysisOptions } from "./result.ts";

/** Images of one pass. */
const IMAGES_AT_ONCE = 16;

/** What a {@link ReferenceSet} is made of. */
interface ReferenceParts {
  readonly weights: string;
  readonly description: string;
  readonly inputs: Tensor;
  readonly means: ReadonlyMap<string, Tensor>;
}

/** Images by which edits replace: the mean of their activations, and each of them as another image. Disposing it frees all. */
export class ReferenceSet implements Disposable {
  /** The `weightHash` of the model whose means these are. */
  readonly weights: string;
  /** What the images are, in words. */
  readonly description: string;
  readonly #inputs: Tensor;
  readonly #means: ReadonlyMap<string, Tensor>;

  constructor({ weights, description, inputs, means }: ReferenceParts) {
    this.weights = weights;
    this.description = description;
    this.#inputs = inputs;
    this.#means = means;
  }

  /** Number of images. */
  get count(): number {
    return this.#inputs.shape[0] ?? 0;
  }

  /** Hook names that have means, in firing order. */
  get names(): readonly string[] {
    return [...this.#means.keys()];
  }

  /**
   * Mean of the activation at `name`, for each position its own, `[1, ...]`. The set owns it.
   * @throws PrismaError HOOK_UNKNOWN for a name that was not asked for
   * @example
   * using reference = await referenceMeans(model, images, { names: "blocks.*.attn.hook_z" });
   * reference.mean("blocks.0.attn.hook_z").shape; // [1, 33, 4, 24]
   */
  mean(name: string): Tensor {
    const mean = this.#means.get(name);
    if (mean !== undefined) return mean;
    throw new PrismaError(
      "HOOK_UNKNOWN",
      `the reference set has no mean of ${quoteName(name)}; give it among the names of referenceMeans`,
      { name, names: this.names },
    );
  }

  /**
   * Image number `place`, `[1, C, H, W]`. The caller disposes it.
   * @throws PrismaError INDEX_OUT_OF_RANGE
   * @example
   * using reference = await referenceMeans(model, images, { names: "hook_embed" });
   * using image = reference.image(0);
   * image.shape; // [1, 1, 28, 56]
   */
  image(place: number): Tensor {
    if (Number.isInteger(place) && place >= 0 && place < this.count)
      return this.#inputs.get([[place, place + 1]]);
    throw new PrismaError(
      "INDEX_OUT_OF_RANGE",
      `the reference set has no image ${place}; it has ${this.count}`,
      { place, count: this.count },
    );
  }

  /**
   * Frees the means, and lets go of the images.
   * @example
   * const reference = await referenceMeans(model, images, { names: "hook_embed" });
   * const mean = reference.mean("hook_embed");
   * reference.dispose();
   * mean.disposed; // true
   */
  dispose(): void {
    this.#inputs.dispose();
    for (const mean of this.#means.values()) mean.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** What {@link referenceMeans} may be told. */
export interface ReferenceMeansOptions<Name extends string> extends AnalysisOptions {
  /** Activations to average. */
  readonly names: NameFilters<Name>;
  /** What the images are, for results to say. Default `16 images`. */
  readonly description?: string;
}

/** Sums over images by hook name. */
type Sums = ReadonlyMap<string, Tensor>;

function disposeAll(tensors: Sums): void {
  for (const tensor of tensors.values()) tensor.dispose();
}

/** Every tensor of `tensors` through `fn`, computed. */
async function mapRealized(
  tensors: Iterable<[string, Tensor]>,
  fn: (tensor: Tensor, name: string) => Tensor,
): Promise<Sums> {
  const made = scope(() => new Map([...tensors].map(([name, x]) => [name, fn(x, name)])));
  try {
    await realize(...made.values());
    return made;
  } catch (error) {
    disposeAll(made);
    throw error;
  }
}

/** `before` and the activations of `images`, summed over images. */
async function addImages<Name extends string>(
  model: EditableModel<Name>,
  images: Tensor,
  { before, names }: { before: Sums; names: NameFilters<Name> },
): Promise<Sums> {
  using run = await model.runWithCache(images, { names });
  return mapRealized(run.cache.entries(), (activation, name) => {
    const sum = activation.sum(0, { keepDims: true });
    return before.get(name)?.add(sum) ?? sum;
  });
}

/**
 * Means of activations of `model` over `inputs` `[N, C, H, W]`, position by position. A mean is of nothing but its set:
 * take images as the ones you will edit, not the one image itself. The set keeps hold of `inputs`.
 * @throws PrismaError HOOK_UNKNOWN, HOOK_FILTER_EMPTY, SHAPE_MISMATCH; ARGUMENT_INVALID without images; CANCELLED: the mean of
 *   some of the images would be another one
 * @example
 * using reference = await referenceMeans(model, images, { names: "blocks.*.hook_mlp_out" });
 * reference.count; // 1
 * reference.description; // "1 image"
 */
export async function referenceMeans<Name extends string>(
  model: EditableModel<Name>,
  inputs: Tensor,
  options: ReferenceMeansOptions<NoInfer<Name>>,
): Promise<ReferenceSet> {
  const [count = 0] = inputs.shape;
  if (count === 0) throw new PrismaError("ARGUMENT_INVALID", "referenceMeans: no images");
  const { names, signal, onProgress } = options;
  const description = options.description ?? (count === 1 ? "1 image" : `${count} images`);
  const weights = await model.weightHash();
  let sums: Sums = new Map();
  try {
    for (let from = 0; from < count; from += IMAGES_AT_ONCE) {
      throwIfCancelled(signal, "referenceMeans");
      const to = Math.min(count, from + IMAGES_AT_ONCE);
      using images = inputs.get([[from, to]]);
      const before = sums;
      sums = await addImages(model, images, { before, names });
      disposeAll(before);
      onProgress?.({ done: to, total: count });
    }
    const means = await mapRealized(sums, (sum) => sum.div(count));
    return new ReferenceSet({ weights, description, inputs: new Tensor(inputs.node), means });
  } finally {
    disposeAll(sums);
  }
}
