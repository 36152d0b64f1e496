// Hooked models: any model that passes its activations through named hook points.
import { gradientsOf, PrismaError, scope, Tensor } from "@prisma/tensor";
import { ActivationCache } from "./activation-cache.ts";
import { bytesOf, checkBudget } from "./check-budget.ts";
import { finishRun, ignoreFault, type BuiltRun } from "./built-run.ts";
import type { HookEntry, HookFunction, HookPoint, HookSelection } from "./hook-point.ts";
import { HookRegistry } from "./hook-registry.ts";
import { findLabel } from "./find-label.ts";
import { matchNames, type NameFilters } from "./name-filter.ts";
import { Pass } from "./pass.ts";
import { positionCut } from "./position-slice.ts";
import { resolveRange } from "./resolve-range.ts";
import type {
  AddHookOptions,
  CachedRun,
  HookHandle,
  HookRow,
  HookSpec,
  LayerRange,
  ResetHooksOptions,
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

type Kept<Name extends string> = Pick<BuiltRun<Name>, "cached" | "gradients">;

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
   * The class that `label` means: its number, its exact name, a synonym that its name lists, or a part of exactly one name.
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
   * As {@link addHook} with `permanent: true`: survives `resetHooks()`.
   * @throws PrismaError HOOK_UNKNOWN, HOOK_FILTER_EMPTY
   * @example
   * const handle = model.addPermaHook("hook_embed", (x) => x.mul(2));
   * model.resetHooks();
   * model.hookPoint("hook_embed").size; // 1
   * handle.remove();
   */
  addPermaHook(
    filter: NameFilters<Name>,
    fn: HookFunction<Name>,
    options: Omit<AddHookOptions, "permanent"> = {},
  ): HookHandle {
    return this.#registry.add(filter, fn, { ...options, permanent: true, doing: "addPermaHook" });
  }

  /**
   * Removes all functions, or those of one direction, permanent ones only with `{ includingPermanent: true }`; what they
   * left in the contexts of their points goes too, unless `clearContexts` is false.
   * @throws PrismaError ARGUMENT_INVALID for a direction that there is not
   * @example
   * model.addHook("hook_embed", (x) => x.mul(2));
   * model.addHook("hook_embed", (gradient) => gradient.mul(0), { dir: "bwd" });
   * model.resetHooks({ direction: "bwd" });
   * model.hookPoint("hook_embed").size; // 1
   * model.resetHooks();
   * model.hookPoint("hook_embed").size; // 0
   */
  resetHooks(options: ResetHooksOptions = {}): void {
    const { direction = "both", includingPermanent = false, clearContexts = true } = options;
    this.#registry.reset({ dir: direction, includingPermanent });
    if (clearContexts) this.clearContexts();
  }

  /**
   * Drops what functions left in the `ctx` of every point.
   * @example
   * model.hookPoint("hook_embed").ctx.set("seen", 3);
   * model.clearContexts();
   * model.hookPoint("hook_embed").ctx.size; // 0
   */
  clearContexts(): void {
    for (const point of this.#registry.points.values()) point.clearContext();
  }

  /**
   * Whether any function is attached to a point that `filter` means, or to any point.
   * @throws PrismaError HOOK_UNKNOWN, HOOK_FILTER_EMPTY
   * @example
   * using scoped = model.hooks([["hook_embed", (gradient) => gradient.mul(0), { dir: "bwd" }]]);
   * model.hasHooks(); // true
   * model.hasHooks("blocks.*.attn.hook_z"); // false
   * model.hasHooks("hook_embed", { dir: "fwd" }); // false
   */
  hasHooks(filter: NameFilters<Name> = () => true, selection: HookSelection = {}): boolean {
    return this.#registry.find(filter, "hasHooks").some((point) => point.hasHooks(selection));
  }

  /**
   * What is attached, by point in firing order and in the order it runs; points without functions are left out.
   * @throws PrismaError HOOK_UNKNOWN, HOOK_FILTER_EMPTY
   * @example
   * using scoped = model.hooks([["blocks.*.hook_mlp_out", (x) => x.mul(0)]]);
   * [...model.listHooks().keys()][0]; // "blocks.0.hook_mlp_out"
   * model.listHooks("blocks.1.hook_mlp_out").get("blocks.1.hook_mlp_out")?.length; // 1
   */
  listHooks(
    filter: NameFilters<Name> = () => true,
    selection: HookSelection = {},
  ): ReadonlyMap<Name, readonly HookEntry[]> {
    const points = this.#registry.find(filter, "listHooks");
    const rows = points.map((point) => [point.name, point.entries(selection)] as const);
    return new Map(rows.filter(([, entries]) => entries.length > 0));
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
        requests.closed = true;
        const kept = this.#cut({ cached, gradients }, options);
        if (options.budget !== undefined)
          checkBudget(options.budget, [kept.cached, kept.gradients], doing);
        return { output, ...kept, requests };
      });
    } finally {
      attached.remove();
    }
  }

  /** What is kept of every position, or of those asked for. */
  #cut(kept: Kept<Name>, { posSlice, doing }: BuildOptions<Name>): Kept<Name> {
    if (posSlice === undefined) return kept;
    const cut = positionCut(posSlice, this.tokens, doing);
    const cutAll = (tensors: ReadonlyMap<Name, Tensor>): ReadonlyMap<Name, Tensor> =>
      new Map([...tensors].map(([name, tensor]) => [name, cut(name, tensor)]));
    return { cached: cutAll(kept.cached), gradients: cutAll(kept.gradients) };
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
    const built = this.#buildCached(input, options, "runWithCache");
    const run = this.#cachedRun(built);
    try {
      await finishRun(built);
    } catch (error) {
      run.dispose();
      built.requests.kept.forEach((tensor) => tensor.dispose());
      throw error;
    }
    return run;
  }

  /**
   * As {@link runWithCache}, and nothing is computed: output, activations and gradients are lazy, for `explain`,
   * `referenceValues`, or to realize a part of them. What hooks keep is not waited for, and what they tap not read.
   * @throws PrismaError as {@link runWithHooks}
   * @example
   * using lazy = model.trace(images, { names: "hook_embed" });
   * lazy.cache.get("hook_embed").shape; // [1, 32, 96]
   */
  trace(input: Tensor, options: RunWithCacheOptions<Name> = {}): CachedRun<Name> {
    const built = this.#buildCached(input, options, "trace");
    built.requests.tapped.forEach(({ tensor }) => tensor.dispose());
    return this.#cachedRun(built);
  }

  #buildCached(input: Tensor, options: RunWithCacheOptions<Name>, doing: string): BuiltRun<Name> {
    const cache =
      options.names === undefined
        ? this.hookNames.filter((name) => !this.#costly.has(name))
        : matchNames(options.names, this.hookNames, doing);
    return this.#buildGraph(input, { ...options, cache, doing });
  }

  #cachedRun({ output, cached, gradients }: BuiltRun<Name>): CachedRun<Name> {
    const cache = new ActivationCache<Name>(cached, gradients, this);
    const dispose = (): void => {
      output.dispose();
      cache.dispose();
    };
    return { output, cache, dispose, [Symbol.dispose]: dispose };
  }

  /**
   * Every hook point in firing order, with the shape and bytes of its activation for `batch` images; nothing is run. `textTable(rows)` prints it.
   * @example
   * model.hooksTable()[0]; // { name: "hook_embed", shape: [1, 32, 96], bytes: 12288, hooks: 0, byDefault: true }
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
        const { shape } = activation;
        return [
          {
            name,
            shape,
            bytes: bytesOf(activation),
            hooks: this.#registry.points.get(name)?.size ?? 0,
            byDefault: !this.#costly.has(name),
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
