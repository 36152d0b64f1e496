// Hook points: named places of a model at which functions see, and may replace, the activation that passes.
import {
  formatShape,
  PrismaError,
  sameShape,
  Tensor,
  withGradient,
  type TypedArray,
} from "@prisma/tensor";

/**
 * Sees `activation`, and may return another tensor of its shape, dtype and device to take its place. With `dir: "bwd"` it
 * sees, and may replace, the gradient at the activation.
 */
export type HookFunction<Name extends string = string> = (
  activation: Tensor,
  hookPoint: HookPoint<Name>,
) => Tensor | void;

/** Which way a hook looks: at activations on their way forward, or at gradients on their way back. */
export type HookDirection = "fwd" | "bwd";

/** One added function. */
export interface HookEntry {
  readonly fn: HookFunction;
  readonly permanent: boolean;
  /** Left out: `"fwd"`. */
  readonly dir?: HookDirection;
}

/** Which of the functions of a point are meant; by default all. */
export interface HookSelection {
  readonly dir?: HookDirection | "both";
  readonly includingPermanent?: boolean;
}

/** Receives the numbers of a tapped tensor after the run. */
export type TapFunction = (values: TypedArray) => void;

/** What a run collects from its hooks: tensors to keep, and tensors to read. */
export interface RunRequests {
  readonly kept: Tensor[];
  readonly tapped: { readonly tensor: Tensor; readonly fn: TapFunction }[];
  /** True when the graph of the call is built, and nothing can be added to its outputs. */
  closed?: boolean;
}

/** A named place in a model. Functions run in the order they were added; each sees what the one before it left. */
export class HookPoint<Name extends string = string> {
  #entries: HookEntry[] = [];
  #requests: RunRequests | null = null;
  #scratch = new Map<string, unknown>();

  constructor(
    /** Where it is: `blocks.0.attn.hook_q`. */
    readonly name: Name,
  ) {}

  /** Functions attached now. */
  get size(): number {
    return this.#entries.length;
  }

  /** A place where the functions of this point leave things for one another, and for later calls; `clearContext` empties it. */
  get ctx(): Map<string, unknown> {
    return this.#scratch;
  }

  /**
   * Drops what functions left in {@link ctx}.
   * @example
   * const point = new HookPoint("hook_embed");
   * point.ctx.set("seen", 3);
   * point.clearContext();
   * point.ctx.size; // 0
   */
  clearContext(): void {
    this.#scratch = new Map();
  }

  /**
   * The functions attached now, in the order they run.
   * @example
   * const point = new HookPoint("hook_embed");
   * point.add({ fn: (x) => x.mul(2), permanent: false, dir: "bwd" }, false);
   * point.entries({ dir: "fwd" }).length; // 0
   */
  entries(selection: HookSelection = {}): readonly HookEntry[] {
    return this.#entries.filter((entry) => isMeant(entry, selection));
  }

  /**
   * Whether any function is attached.
   * @example
   * const point = new HookPoint("hook_embed");
   * point.add({ fn: (x) => x.mul(2), permanent: true }, false);
   * point.hasHooks(); // true
   * point.hasHooks({ includingPermanent: false }); // false
   * point.hasHooks({ dir: "bwd" }); // false
   */
  hasHooks(selection: HookSelection = {}): boolean {
    return this.#entries.some((entry) => isMeant(entry, selection));
  }

  /** The block this point is in, or null. */
  get layer(): number | null {
    const match = /^blocks\.(\d+)\./.exec(this.name);
    return match === null ? null : Number(match[1]);
  }

  /**
   * Adds a function after those already there, or before them.
   * @example
   * const point = new HookPoint("hook_embed");
   * point.add({ fn: (x) => x.mul(2), permanent: false }, false);
   * point.size; // 1
   */
  add(entry: HookEntry, prepend: boolean): void {
    this.#entries = prepend ? [entry, ...this.#entries] : [...this.#entries, entry];
  }

  /**
   * Removes one function, if it is there.
   * @example
   * const point = new HookPoint("hook_embed");
   * const doubled = { fn: (x: Tensor) => x.mul(2), permanent: false };
   * point.add(doubled, false);
   * point.remove(doubled);
   * point.size; // 0
   */
  remove(entry: HookEntry): void {
    this.#entries = this.#entries.filter((other) => other !== entry);
  }

  /**
   * Removes every function, or those of one direction; permanent ones only when asked.
   * @example
   * const point = new HookPoint("hook_embed");
   * point.add({ fn: (x) => x.mul(2), permanent: true }, false);
   * point.reset();
   * point.size; // 1
   * point.reset({ includingPermanent: true });
   * point.size; // 0
   */
  reset({ dir = "both", includingPermanent = false }: HookSelection = {}): void {
    this.#entries = this.#entries.filter((entry) => !isMeant(entry, { dir, includingPermanent }));
  }

  /**
   * Makes `tensor` an output of the run that is going on, so that its value is kept; the caller disposes it.
   * @throws PrismaError ARGUMENT_INVALID outside a run
   * @example
   * let doubled: Tensor | undefined;
   * const logits = model.runWithHooks(images, {
   *   hooks: [["hook_embed", (x, point) => void (doubled = point.keep(x.mul(2)))]],
   * });
   * await logits.data();
   * doubled?.shape; // [1, 32, 96]
   */
  keep(tensor: Tensor): Tensor {
    this.#running("keep").kept.push(tensor);
    return tensor;
  }

  /**
   * Calls `fn` with the numbers of `tensor` once the run that is going on has been computed: before `runWithCache`
   * returns, or soon after the output of `runWithHooks` is there.
   * @throws PrismaError ARGUMENT_INVALID outside a run
   * @example
   * let read = 0;
   * using run = await model.runWithCache(images, {
   *   hooks: [["hook_embed", (x, point) => point.tap(x, (values) => (read = values.length))]],
   * });
   * read; // 3072
   */
  tap(tensor: Tensor, fn: TapFunction): void {
    this.#running("tap").tapped.push({ tensor: new Tensor(tensor.node), fn });
  }

  #running(what: string): RunRequests {
    if (this.#requests === null) {
      throw new PrismaError(
        "ARGUMENT_INVALID",
        `${this.name}: ${what} works only inside a hook, while the model is called`,
      );
    }
    return this.#requests;
  }

  /**
   * Passes `activation` through the functions attached here that look at activations.
   * @throws PrismaError HOOK_RESULT_INVALID, HOOK_RETURNED_PROMISE
   * @example
   * const point = new HookPoint("hook_embed");
   * point.add({ fn: (x) => x.mul(2), permanent: false }, false);
   * await point.run(tensor([1, 2]), { kept: [], tapped: [] }).array(); // [2, 4]
   */
  run(activation: Tensor, requests: RunRequests): Tensor {
    return this.#pass(activation, { entries: this.entries({ dir: "fwd" }), requests });
  }

  /**
   * `activation`, and in every gradient taken through it act the functions attached here now that look at gradients.
   * @example
   * const point = new HookPoint("hook_embed");
   * point.add({ fn: (gradient) => gradient.mul(2), permanent: false, dir: "bwd" }, false);
   * const doubled = grad((x: Tensor) => point.runBackward(x, { kept: [], tapped: [] }).sum());
   * await doubled(tensor([1, 2])).array(); // [2, 2]
   */
  runBackward(activation: Tensor, requests: RunRequests): Tensor {
    const entries = this.entries({ dir: "bwd" });
    if (entries.length === 0) return activation;
    return withGradient(activation, (gradient) => this.#pass(gradient, { entries, requests }));
  }

  #pass(
    value: Tensor,
    { entries, requests }: { entries: readonly HookEntry[]; requests: RunRequests },
  ): Tensor {
    const before = this.#requests;
    // Gradients may be taken long after the call whose outputs could be added to.
    this.#requests = requests.closed === true ? null : requests;
    try {
      return entries.reduce((current, entry) => this.#apply(entry, current), value);
    } finally {
      this.#requests = before;
    }
  }

  #apply(entry: HookEntry, current: Tensor): Tensor {
    const result: unknown = entry.fn(current, this);
    if (result === undefined || result === null) return current;
    assertReplacement(this.name, current, result);
    return result;
  }
}

const isMeant = (
  { dir: own = "fwd", permanent }: HookEntry,
  { dir = "both", includingPermanent = true }: HookSelection,
): boolean => (dir === "both" || dir === own) && (includingPermanent || !permanent);

function isThenable(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    "then" in value &&
    typeof value.then === "function"
  );
}

function assertReplacement(
  name: string,
  current: Tensor,
  result: unknown,
): asserts result is Tensor {
  if (isThenable(result)) {
    throw new PrismaError(
      "HOOK_RETURNED_PROMISE",
      `${name}: the hook returned a promise, but hooks run while the graph is built, before there are values. ` +
        "To look at values use hookPoint.tap(x, fn); to decide on them stop with stopAtLayer, await, and go on with startAtLayer.",
      { name },
    );
  }
  if (!(result instanceof Tensor)) {
    throw new PrismaError(
      "HOOK_RESULT_INVALID",
      `${name}: the hook returned ${typeof result}; it may return a tensor or nothing`,
      { name },
    );
  }
  const difference = differenceOf(result, current);
  if (difference === null) return;
  throw new PrismaError("HOOK_RESULT_INVALID", `${name}: the hook returned ${difference}`, {
    name,
    found: [...result.shape],
    expected: [...current.shape],
  });
}

/** What of `result` forbids that it takes the place of `current`, or null. */
function differenceOf(result: Tensor, current: Tensor): string | null {
  if (result.disposed) return "a tensor that is disposed";
  if (!sameShape(result.shape, current.shape))
    return `shape ${formatShape(result.shape)}, expected ${formatShape(current.shape)}`;
  if (result.dtype !== current.dtype) return `dtype ${result.dtype}, expected ${current.dtype}`;
  const elsewhere =
    result.device !== null && current.device !== null && result.device !== current.device;
  return elsewhere ? "a tensor on another device" : null;
}
