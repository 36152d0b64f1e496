// Hooked models: any model that passes its activations through named hook points.
import { gradientsOf, PrismaError, realize, scope, type Tensor } from "@prisma/tensor";
import { ActivationCache } from "./activation-cache.ts";
import { HookPoint, type HookEntry, type HookFunction } from "./hook-point.ts";
import { matchNames, type NameFilters } from "./name-filter.ts";
import { Pass } from "./pass.ts";
import type { Tokens } from "./tokens.ts";

/** Which blocks a call runs. */
export interface LayerRange {
  /** Stop before this block and return the residual stream; negatives count from the end. */
  readonly stopAtLayer?: number;
  /** Start at this block: the input is then the residual stream before it. */
  readonly startAtLayer?: number;
}

/** Blocks `[start, stop)` of a model, whether the embeddings come before them, and the head after. */
export interface ResolvedRange {
  readonly embed: boolean;
  readonly start: number;
  readonly stop: number;
  readonly head: boolean;
}

/** A filter and the function to run at every point it means. */
export type HookSpec<Name extends string> = readonly [filter: NameFilters<Name>, fn: HookFunction<Name>];

/** What {@link HookedModel.runWithHooks} may be told. */
export interface RunWithHooksOptions<Name extends string> extends LayerRange {
  readonly hooks?: readonly HookSpec<Name>[];
}

/** What {@link HookedModel.runWithCache} may be told. */
export interface RunWithCacheOptions<Name extends string> extends RunWithHooksOptions<Name> {
  /** What to keep. Default: every point but those that cost something only when named (`attn.hook_result`, the split inputs). */
  readonly names?: NameFilters<Name>;
  /** A scalar of the output; its gradient at every kept activation is kept too. Sum over the batch to have each image's own. */
  readonly gradientOf?: (output: Tensor) => Tensor;
  readonly signal?: AbortSignal;
}

/** Output and cache of one run. Disposing it frees both. */
export interface CachedRun<Name extends string> extends Disposable {
  readonly output: Tensor;
  readonly cache: ActivationCache<Name>;
  dispose(): void;
}

/** Functions added together; removed together. */
export interface HookHandle extends Disposable {
  /** Removes what was added. A second call does nothing. */
  remove(): void;
}

/** How {@link HookedModel.addHook} adds a function. */
export interface AddHookOptions {
  /** Survives `resetHooks()`. */
  readonly permanent?: boolean;
  /** Runs before the functions already there. */
  readonly prepend?: boolean;
}

/** One row of {@link HookedModel.hooksTable}. */
export interface HookRow<Name extends string> {
  readonly name: Name;
  readonly shape: readonly number[];
  readonly bytes: number;
  /** Functions attached. */
  readonly hooks: number;
}

interface Built<Name extends string> {
  readonly output: Tensor;
  readonly names: readonly Name[];
  readonly cached: readonly Tensor[];
  readonly gradients: readonly Tensor[];
  readonly kept: readonly Tensor[];
  readonly tapped: readonly Tensor[];
  readonly pass: Pass<Name>;
}

let nextModel = 0;

/** Base of every model with hook points. A subclass says what its points are and builds the graph. */
export abstract class HookedModel<Name extends string = string> {
  readonly #points: ReadonlyMap<Name, HookPoint<Name>>;
  readonly #costly: ReadonlySet<Name>;
  readonly #id = nextModel++;
  #epoch = 0;

  /** `costly` points are computed only when hooked or named, and are not in the default cache. */
  protected constructor(
    readonly hookNames: readonly Name[],
    costly: ReadonlySet<Name>,
  ) {
    this.#points = new Map(hookNames.map((name) => [name, new HookPoint(name)]));
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

  /** Builds the graph from `input` to the output of `range`, passing every activation through `pass`. */
  protected abstract build(input: Tensor, pass: Pass<Name>, range: ResolvedRange): Tensor;
  /** An input of `batch` images of which only the shape matters. */
  protected abstract exampleInput(batch: number): Tensor;

  /** Changes whenever hooks do, so that compiled functions notice. */
  get compileKey(): string {
    return `model ${this.#id} hooks ${this.#epoch}`;
  }

  /**
   * The hook point `name`.
   * @throws PrismaError HOOK_UNKNOWN naming the nearest valid name
   */
  hookPoint(name: Name): HookPoint<Name> {
    const [found] = matchNames(name, this.hookNames, "hookPoint");
    const point = found === undefined ? undefined : this.#points.get(found);
    if (point === undefined) throw new PrismaError("HOOK_UNKNOWN", `hookPoint: no hook point ${name}`);
    return point;
  }

  // ---- adding and removing ----

  #add(filter: NameFilters<Name>, fn: HookFunction<Name>, options: AddHookOptions, doing: string): () => void {
    const entry: HookEntry = { fn: fn as HookFunction, permanent: options.permanent ?? false };
    const points = matchNames(filter, this.hookNames, doing).flatMap((name) => this.#points.get(name) ?? []);
    points.forEach((point) => point.add(entry, options.prepend ?? false));
    this.#epoch++;
    return () => {
      points.forEach((point) => point.remove(entry));
      this.#epoch++;
    };
  }

  /**
   * Adds `fn` at every point that `filter` means, until the handle or `resetHooks` removes it.
   * @throws PrismaError HOOK_UNKNOWN, HOOK_FILTER_EMPTY
   */
  addHook(filter: NameFilters<Name>, fn: HookFunction<Name>, options: AddHookOptions = {}): HookHandle {
    const remove = this.#add(filter, fn, options, "addHook");
    return { remove, [Symbol.dispose]: remove };
  }

  /** Removes all functions, permanent ones only with `{ includingPermanent: true }`. */
  resetHooks(options: { readonly includingPermanent?: boolean } = {}): void {
    for (const point of this.#points.values()) point.reset(options.includingPermanent ?? false);
    this.#epoch++;
  }

  /**
   * Adds several functions at once; disposing the result removes exactly these.
   * @throws PrismaError HOOK_UNKNOWN, HOOK_FILTER_EMPTY; nothing is then added
   */
  hooks(specs: readonly HookSpec<Name>[]): HookHandle {
    const removals: (() => void)[] = [];
    const remove = (): void => removals.splice(0).forEach((one) => one());
    try {
      for (const [filter, fn] of specs) removals.push(this.#add(filter, fn, {}, "hooks"));
    } catch (error) {
      remove();
      throw error;
    }
    return { remove, [Symbol.dispose]: remove };
  }

  // ---- running ----

  #range(options: LayerRange): ResolvedRange {
    const resolve = (layer: number | undefined, fallback: number, name: string): number => {
      if (layer === undefined) return fallback;
      const at = layer < 0 ? layer + this.layers : layer;
      if (Number.isInteger(at) && at >= 0 && at <= this.layers) return at;
      throw new PrismaError("ARGUMENT_INVALID", `${name} is ${layer}; the model has layers 0 to ${this.layers - 1}`, { layer, layers: this.layers });
    };
    const start = resolve(options.startAtLayer, 0, "startAtLayer");
    const stop = resolve(options.stopAtLayer, this.layers, "stopAtLayer");
    if (start > stop) throw new PrismaError("ARGUMENT_INVALID", `startAtLayer ${start} is after stopAtLayer ${stop}`);
    return { embed: options.startAtLayer === undefined, start, stop, head: options.stopAtLayer === undefined };
  }

  #buildPass(input: Tensor, options: RunWithHooksOptions<Name>, names: readonly Name[], gradientOf?: (output: Tensor) => Tensor): Built<Name> {
    const range = this.#range(options);
    const handle = this.hooks(options.hooks ?? []);
    try {
      const pass = new Pass(this.#points, new Set(names));
      const built = scope(() => {
        const output = this.build(input, pass, range);
        const cached = [...pass.cached.values()];
        const gradients = gradientOf === undefined ? [] : gradientsOf(gradientOf(output), cached);
        return { output, cached, gradients, kept: pass.requests.kept, tapped: pass.requests.tapped.map((tap) => tap.tensor) };
      });
      return { ...built, names: [...pass.cached.keys()], pass };
    } finally {
      handle.remove();
    }
  }

  /**
   * The model's output for `input`, lazily: nothing runs until a value is asked for. Hooks run now.
   * @throws PrismaError SHAPE_MISMATCH, ARGUMENT_INVALID, and what hooks throw
   */
  forward(input: Tensor, options: LayerRange = {}): Tensor {
    return this.runWithHooks(input, options);
  }

  /**
   * As {@link forward}, with `hooks` added for this call only.
   * @throws PrismaError HOOK_UNKNOWN, HOOK_FILTER_EMPTY, HOOK_RESULT_INVALID, HOOK_RETURNED_PROMISE
   */
  runWithHooks(input: Tensor, options: RunWithHooksOptions<Name> = {}): Tensor {
    const built = this.#buildPass(input, options, []);
    const { kept, tapped } = built;
    // Kept and tapped tensors are computed with the output, in one run, as soon as the caller yields.
    if (kept.length + tapped.length > 0) void deliver(built, realize(built.output, ...kept, ...tapped)).catch(ignore);
    return built.output;
  }

  /**
   * Runs the model and keeps activations, each after all hooks of its point.
   * @throws PrismaError as {@link runWithHooks}; OUT_OF_MEMORY, DEVICE_LOST, CANCELLED
   */
  async runWithCache(input: Tensor, options: RunWithCacheOptions<Name> = {}): Promise<CachedRun<Name>> {
    const names = options.names === undefined ? this.hookNames.filter((name) => !this.#costly.has(name)) : matchNames(options.names, this.hookNames, "runWithCache");
    const built = this.#buildPass(input, options, names, options.gradientOf);
    const { output, cached, gradients, kept, tapped } = built;
    await realize(output, ...cached, ...gradients, ...kept, ...tapped);
    await deliver(built, Promise.resolve());
    const byName = (tensors: readonly Tensor[]): Map<Name, Tensor> => new Map(built.names.flatMap((name, i) => (tensors[i] === undefined ? [] : [[name, tensors[i]] as const])));
    const cache = new ActivationCache<Name>(byName(cached), byName(gradients), this.layers);
    const dispose = (): void => {
      output.dispose();
      cache.dispose();
    };
    return { output, cache, dispose, [Symbol.dispose]: dispose };
  }

  /** Every hook point with the shape and bytes of its activation for `batch` images; nothing is run. */
  hooksTable(options: { readonly batch?: number } = {}): HookRow<Name>[] {
    return scope(() => {
      const pass = new Pass(new Map<Name, HookPoint<Name>>(), new Set(this.hookNames));
      this.build(this.exampleInput(options.batch ?? 1), pass, this.#range({}));
      return this.hookNames.flatMap((name) => {
        const activation = pass.cached.get(name);
        const point = this.#points.get(name);
        return activation === undefined ? [] : [{ name, shape: activation.shape, bytes: activation.size * 4, hooks: point?.size ?? 0 }];
      });
    });
  }
}

/** A run that fails says so to whoever reads its output; taps then simply do not fire. */
function ignore(error: unknown): void {
  if (!(error instanceof PrismaError)) throw error;
}

/** Reads tapped tensors once `ready`, hands over their numbers, and lets go of them. */
async function deliver<Name extends string>(built: Built<Name>, ready: Promise<unknown>): Promise<void> {
  await ready;
  for (const { tensor, fn } of built.pass.requests.tapped) {
    fn(await tensor.data());
    if (!built.kept.includes(tensor) && tensor !== built.output && !built.cached.includes(tensor)) tensor.dispose();
  }
}
