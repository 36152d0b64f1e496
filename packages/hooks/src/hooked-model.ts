// Hooked models: any model that passes its activations through named hook points.
import { gradientsOf, PrismaError, scope, Tensor } from "@prisma/tensor";
import { ActivationCache } from "./activation-cache.ts";
import { finishRun, ignoreFault, type BuiltRun } from "./built-run.ts";
import type { HookFunction, HookPoint } from "./hook-point.ts";
import { HookRegistry } from "./hook-registry.ts";
import { findLabel } from "./find-label.ts";
import { matchNames, type NameFilters } from "./name-filter.ts";
import { Pass } from "./pass.ts";
import { resolveRange } from "./resolve-range.ts";
import type {
  AddHookOptions,
  CachedRun,
  HookHandle,
  HookRow,
  HookSpec,
  LayerRange,
  ResolvedRange,
  RunWithCacheOptions,
  RunWithHooksOptions,
} from "./run-options.ts";
import type { Tokens } from "./tokens.ts";
import { hashWeights } from "./weight-hash.ts";

/** How a graph is built. */
interface BuildOptions<Name extends string> extends RunWithCacheOptions<Name> {
  /** Points to cache. */
  readonly cache: readonly Name[];
  /** What the caller calls this. */
  readonly doing: string;
}

let nextModel = 0;

/** Base of every model with hook points. A subclass says what its points are and builds the graph. */
export abstract class HookedModel<Name extends string = string> {
  readonly #registry: HookRegistry<Name>;
  readonly #costly: ReadonlySet<Name>;
  readonly #id = nextModel++;
  #weightHash: Promise<string> | null = null;

  /** `costly` points are computed only when hooked or named, and are not in the default cache. */
  protected constructor(
    /** Every hook point, in firing order. */
    readonly hookNames: readonly Name[],
    costly: ReadonlySet<Name>,
  ) {
    this.#registry = new HookRegistry(hookNames);
    this.#costly = costly;
  }

  /** Number of blocks. */
  abstract readonly layers: number;
  /** Weights by name. */
  abstract readonly parameters: ReadonlyMap<string, Tensor>;
  /** What stands at each position. */
  abstract readonly tokens: Tokens;
  /** Class names, when the checkpoint has them. */
  abstract readonly labels: readonly string[] | null;

  /** What was done to the weights after loading, in order; nothing by default. */
  get processing(): readonly string[] {
    return [];
  }

  /**
   * SHA-256 of the weights in hex, computed once: results carry it, so that numbers of other weights are never mixed in.
   * @throws PrismaError PLATFORM_UNSUPPORTED in pages that are neither https nor localhost
   * @example
   * (await model.weightHash()).length; // 64
   */
  weightHash(): Promise<string> {
    this.#weightHash ??= hashWeights(this.parameters);
    return this.#weightHash;
  }

  /** Builds the graph from `input` to the output of `range`, passing every activation through `pass`. */
  protected abstract build(input: Tensor, pass: Pass<Name>, range: ResolvedRange): Tensor;
  /** An input of `batch` images of which only the shape matters. */
  protected abstract exampleInput(batch: number): Tensor;

  /** Changes whenever hooks do, so that compiled functions notice. */
  get compileKey(): string {
    return `model ${this.#id} hooks ${this.#registry.epoch}`;
  }

  /**
   * The hook point `name`.
   * @throws PrismaError HOOK_UNKNOWN naming the nearest valid name
   * @example
   * model.hookPoint("blocks.2.attn.hook_z").layer; // 2
   */
  hookPoint(name: Name): HookPoint<Name> {
    const [point] = this.#registry.find(name, "hookPoint");
    if (point !== undefined) return point;
    throw new PrismaError("INTERNAL", `hookPoint: ${name} has no point`);
  }

  /**
   * The class that `label` means: its number, its exact name, or a part of exactly one name.
   * @throws PrismaError ARGUMENT_INVALID; several matches are listed
   * @example
   * model.labelIndex("trouser"); // 1
   */
  labelIndex(label: string | number): number {
    if (this.labels !== null) return findLabel(this.labels, label);
    throw new PrismaError("ARGUMENT_INVALID", "labelIndex: the model has no class names");
  }

  // ---- adding and removing ----

  /**
   * Adds `fn` at every point that `filter` means, until the handle or `resetHooks` removes it.
   * @throws PrismaError HOOK_UNKNOWN, HOOK_FILTER_EMPTY
   * @example
   * const handle = model.addHook("blocks.*.hook_mlp_out", (x) => x.mul(0));
   * model.hookPoint("blocks.0.hook_mlp_out").size; // 1
   * handle.remove();
   * model.hookPoint("blocks.0.hook_mlp_out").size; // 0
   */
  addHook(
    filter: NameFilters<Name>,
    fn: HookFunction<Name>,
    options: AddHookOptions = {},
  ): HookHandle {
    return this.#registry.add(filter, fn, { ...options, doing: "addHook" });
  }

  /**
   * Removes all functions, permanent ones only with `{ includingPermanent: true }`.
   * @example
   * model.addHook("hook_embed", (x) => x.mul(2));
   * model.resetHooks();
   * model.hookPoint("hook_embed").size; // 0
   */
  resetHooks(options: { readonly includingPermanent?: boolean } = {}): void {
    this.#registry.reset(options.includingPermanent ?? false);
  }

  /**
   * Adds several functions at once; disposing the result removes exactly these.
   * @throws PrismaError HOOK_UNKNOWN, HOOK_FILTER_EMPTY; nothing is then added
   * @example
   * {
   *   using scoped = model.hooks([["hook_embed", (x) => x.mul(0)]]);
   *   await model.forward(images).data();
   * }
   * model.hookPoint("hook_embed").size; // 0
   */
  hooks(specs: readonly HookSpec<Name>[]): HookHandle {
    return this.#registry.addAll(specs, "hooks");
  }

  // ---- running ----

  #buildGraph(input: Tensor, options: BuildOptions<Name>): BuiltRun<Name> {
    const { hooks = [], gradientOf, cache, doing } = options;
    const range = resolveRange(options, this.layers);
    const attached = this.#registry.addAll(hooks, doing);
    try {
      return scope(() => {
        const pass = new Pass<Name>({
          points: this.#registry.points,
          names: new Set(cache),
          gradients: gradientOf !== undefined,
        });
        // A handle of its own: a hook may have put in a tensor that belongs to the caller.
        const output = new Tensor(this.build(input, pass, range).node);
        for (const [filter] of hooks) this.#assertFired(filter, pass, doing);
        if (options.names !== undefined) this.#assertFired(options.names, pass, doing);
        const { cached, requests } = pass;
        const found =
          gradientOf === undefined ? [] : gradientsOf(gradientOf(output), [...cached.values()]);
        const gradients = new Map(
          [...cached.keys()].flatMap((name, i) =>
            found[i] === undefined ? [] : [[name, found[i]] as const],
          ),
        );
        return { output, cached, gradients, requests };
      });
    } finally {
      attached.remove();
    }
  }

  /** A hook that cannot fire, or a name that cannot be kept, would pass unseen. */
  #assertFired(filter: NameFilters<Name>, pass: Pass<Name>, doing: string): void {
    const meant = matchNames(filter, this.hookNames, doing);
    if (meant.some((name) => pass.fired.has(name))) return;
    throw new PrismaError(
      "HOOK_FILTER_EMPTY",
      `${doing}: ${meant[0]} is not passed between startAtLayer and stopAtLayer`,
      { names: meant },
    );
  }

  /**
   * The model's output for `input`, lazily: nothing runs until a value is asked for. Hooks run now.
   * @throws PrismaError SHAPE_MISMATCH, ARGUMENT_INVALID, and what hooks throw
   * @example
   * const logits = model.forward(images);
   * logits.shape; // [1, 10]
   * await logits.argmax().item(); // 3
   */
  forward(input: Tensor, options: LayerRange = {}): Tensor {
    return this.runWithHooks(input, options);
  }

  /**
   * As {@link forward}, with `hooks` added for this call only.
   * @throws PrismaError HOOK_UNKNOWN, HOOK_FILTER_EMPTY, HOOK_RESULT_INVALID, HOOK_RETURNED_PROMISE
   * @example
   * const logits = model.runWithHooks(images, {
   *   hooks: [["hook_post_head_pre_normalize", (x) => x.neg()]],
   * });
   * await logits.argmin().item(); // 3
   */
  runWithHooks(input: Tensor, options: RunWithHooksOptions<Name> = {}): Tensor {
    const built = this.#buildGraph(input, { ...options, cache: [], doing: "runWithHooks" });
    const { kept, tapped } = built.requests;
    // What hooks asked for is computed now, with the output, in one run.
    if (kept.length + tapped.length > 0) void finishRun(built).catch(ignoreFault);
    return built.output;
  }

  /**
   * Runs the model and keeps activations, each after all hooks of its point.
   * @throws PrismaError as {@link runWithHooks}; OUT_OF_MEMORY, DEVICE_LOST, NOT_DIFFERENTIABLE
   * @example
   * using run = await model.runWithCache(images, { names: "blocks.*.attn.hook_pattern" });
   * run.cache.get("pattern", 0).shape; // [1, 4, 33, 33]
   */
  async runWithCache(
    input: Tensor,
    options: RunWithCacheOptions<Name> = {},
  ): Promise<CachedRun<Name>> {
    const doing = "runWithCache";
    const cheap = (): readonly Name[] => this.hookNames.filter((name) => !this.#costly.has(name));
    const names =
      options.names === undefined ? cheap() : matchNames(options.names, this.hookNames, doing);
    const built = this.#buildGraph(input, { ...options, cache: names, doing });
    const { output } = built;
    const cache = new ActivationCache<Name>(built.cached, built.gradients, this.layers);
    const dispose = (): void => {
      output.dispose();
      cache.dispose();
    };
    try {
      await finishRun(built);
    } catch (error) {
      dispose();
      built.requests.kept.forEach((tensor) => tensor.dispose());
      throw error;
    }
    return { output, cache, dispose, [Symbol.dispose]: dispose };
  }

  /**
   * Every hook point in firing order, with the shape and bytes of its activation for `batch` images; nothing is run.
   * @example
   * model.hooksTable()[0]; // { name: "hook_embed", shape: [1, 32, 96], bytes: 12288, hooks: 0 }
   */
  hooksTable(options: { readonly batch?: number } = {}): HookRow<Name>[] {
    const { batch = 1 } = options;
    return scope(() => {
      const plain = this.#shapes(
        batch,
        this.hookNames.filter((name) => !this.#costly.has(name)),
      );
      // Costly points change the shapes of others when they are looked at; each is listed as it is by itself.
      const all = this.#costly.size === 0 ? plain : this.#shapes(batch, this.hookNames);
      return this.hookNames.flatMap((name) => {
        const activation = plain.get(name) ?? all.get(name);
        if (activation === undefined) return [];
        const { shape, size } = activation;
        return [
          {
            name,
            shape,
            bytes: size * BYTES_PER_NUMBER,
            hooks: this.#registry.points.get(name)?.size ?? 0,
          },
        ];
      });
    });
  }

  #shapes(batch: number, names: readonly Name[]): ReadonlyMap<Name, Tensor> {
    const pass = new Pass<Name>({
      points: new Map<Name, HookPoint<Name>>(),
      names: new Set(names),
      gradients: false,
    });
    this.build(this.exampleInput(batch), pass, resolveRange({}, this.layers));
    return pass.cached;
  }
}

/** Most bytes that a number takes in memory; an f16 takes half. */
const BYTES_PER_NUMBER = 4;
