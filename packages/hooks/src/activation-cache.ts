// The activation cache: what a run kept, by hook name or shorthand.
import { PrismaError, quoteName, type Tensor } from "@prisma/tensor";
import { getActName, type LayerType, type Shorthand } from "./hook-names.ts";
import { nearestName } from "./nearest-name.ts";

/** Activations of one run in firing order, and, when asked for, their gradients. Disposing it frees them all. */
export class ActivationCache<Name extends string = string> implements Disposable {
  readonly #activations: ReadonlyMap<Name, Tensor>;
  readonly #gradients: ReadonlyMap<Name, Tensor>;

  constructor(
    activations: ReadonlyMap<Name, Tensor>,
    gradients: ReadonlyMap<Name, Tensor>,
    /** Blocks of the model, from which negative layers count. */
    readonly layers: number,
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
    const at = layer !== undefined && layer < 0 ? layer + this.layers : layer;
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
