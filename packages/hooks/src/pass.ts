// A pass: one call of a model while its graph is built; hands activations to hook points and to the cache.
import { alias, Tensor } from "@prisma/tensor";
import type { HookPoint, RunRequests } from "./hook-point.ts";

/** What a {@link Pass} is for. */
export interface PassOptions<Name extends string> {
  readonly points: ReadonlyMap<Name, HookPoint<Name>>;
  /** Activations to keep. */
  readonly names: ReadonlySet<Name>;
  /** Whether gradients at the kept activations will be asked for. */
  readonly gradients: boolean;
}

/** What a model's forward function talks to at every named place. */
export class Pass<Name extends string = string> {
  /** What hooks asked to keep and to read. */
  readonly requests: RunRequests = { kept: [], tapped: [] };
  /** Activations asked for, after all hooks of their points, in firing order. Each is a handle of its own. */
  readonly cached = new Map<Name, Tensor>();
  /** Every point passed so far. */
  readonly fired = new Set<Name>();
  readonly #options: PassOptions<Name>;
  /** Values that bear the name of the first point they passed, under `init({ debug: true })`. */
  readonly #named = new WeakSet<Tensor["node"]>();

  constructor(options: PassOptions<Name>) {
    this.#options = options;
  }

  /**
   * True when somebody hooks or caches `name`: a place that costs something is computed only then.
   * @example
   * const pass = new Pass({ points: new Map(), names: new Set(["hook_embed"]), gradients: false });
   * pass.wants("hook_embed"); // true
   */
  wants(name: Name): boolean {
    return this.#options.names.has(name) || (this.#options.points.get(name)?.size ?? 0) > 0;
  }

  /**
   * The activation that goes on from `name`: what the functions there made of `activation`.
   * @example
   * const pass = new Pass({ points: new Map(), names: new Set(["hook_embed"]), gradients: false });
   * await pass.at("hook_embed", tensor([1, 2])).array(); // [1, 2]
   * [...pass.cached.keys()]; // ["hook_embed"]
   */
  at(name: Name, activation: Tensor): Tensor {
    const { points, names, gradients } = this.#options;
    this.fired.add(name);
    this.#name(activation, name);
    const point = points.get(name);
    const result =
      point === undefined || point.size === 0 ? activation : point.run(activation, this.requests);
    this.#name(result, name);
    const kept = names.has(name) ? this.#keep(name, gradients ? alias(result) : result) : result;
    return point === undefined ? kept : point.runBackward(kept, this.requests);
  }

  /** Several points may see one value; with a node each, a gradient counts only what went through that point. */
  #keep(name: Name, activation: Tensor): Tensor {
    this.cached.set(name, new Tensor(activation.node));
    return activation;
  }

  /** Lets errors of an activation, and of what a hook made of it, name the point; weights keep their own names. */
  #name({ node }: Tensor, name: Name): void {
    if (node.made === null || node.op.kind === "leaf" || this.#named.has(node)) return;
    this.#named.add(node);
    node.rename(name);
  }
}
