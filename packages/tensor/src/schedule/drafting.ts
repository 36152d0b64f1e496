// The drafts of a schedule in the making: where expressions become values of kernels, and values become buffers.
import type { MachineType } from "../dtype.ts";
import { PrismaError } from "../errors.ts";
import type { BufferId, Expr, Load, ValueExpr } from "../graph/expr.ts";
import type { Node } from "../graph/node.ts";
import { buffersOf, costOf, rewriteLeaves, valuesOf } from "../graph/rewrite.ts";
import type { Shape } from "../shape.ts";
import { Draft, type DraftValue, type Source } from "./draft.ts";
import type { Trace } from "./trace.ts";

/** Cost up to which an expression is computed again by each of its users rather than stored. */
const CHEAP = 4;
/** Cost beyond which an expression is stored: planning walks expressions for each newcomer, and by recursion. */
const LARGE = 256;
/** Values beyond which nothing joins a kernel, for the same reason. */
const MOST_VALUES = 128;
/** Buffers left free in a kernel for values that turn out to be needed outside. */
const RESERVED_BUFFERS = 2;

/** A node's value as an expression over the node's own shape. */
export interface Lazy {
  readonly shape: Shape;
  readonly expr: Expr;
}

/** Size and type of a buffer that a schedule writes. */
export interface BufferSpec {
  readonly size: number;
  readonly writer: number;
}

/** The drafts of one trace and the buffers they write; used once. */
export class Drafting {
  readonly drafts: Draft[] = [];
  readonly buffers = new Map<BufferId, BufferSpec>();
  readonly #asked: ReadonlySet<Node>;
  readonly #numbers: ReadonlyMap<Node, number>;
  /** Expressions of no kernel that had to be stored, so that it happens once. */
  readonly #stored = new Map<Expr, Load>();

  /** No kernel will touch more than `maxBuffers` buffers. */
  constructor(
    readonly trace: Trace,
    readonly maxBuffers: number,
  ) {
    this.#asked = new Set(trace.outputs);
    this.#numbers = new Map(trace.nodes.map((node, number) => [node, number]));
  }

  /** A new kernel over `domain`, launched after those before it. */
  newDraft(source: Source, domain: Shape): Draft {
    const draft = new Draft(this.drafts.length, source, domain);
    this.drafts.push(draft);
    return draft;
  }

  /** `value` as one more value of `draft`, read over `shape`. */
  addValue(
    draft: Draft,
    value: Pick<DraftValue, "level" | "expr" | "dtype" | "step">,
    shape: Shape,
    node: Node,
  ): ValueExpr {
    draft.values.push({
      ...value,
      label: node.label,
      node: this.#numbers.get(node) ?? 0,
      buffer: null,
      wanted: this.#isWanted(node),
    });
    return draft.reference(draft.values.length - 1, shape);
  }

  /** `expr` as the value of a map kernel of its own. */
  mapDraft(expr: Expr, shape: Shape, node: Node): ValueExpr {
    const stored = this.withoutValues(expr);
    const draft = this.newDraft({ family: "map" }, shape);
    return this.addValue(
      draft,
      { level: "element", expr: stored, dtype: expr.dtype, step: null },
      shape,
      node,
    );
  }

  /** The value as a load from the buffer it is stored in from now on. */
  store(value: ValueExpr): Load {
    const draft = this.drafts[value.kernel];
    const own = draft?.values[value.value];
    if (draft === undefined || own === undefined)
      throw new PrismaError("INTERNAL", "schedule: an unknown value is stored");
    if (own.buffer === null) {
      own.buffer = this.trace.storages.length + this.buffers.size;
      this.buffers.set(own.buffer, { size: draft.sizeAt(own.level), writer: draft.index });
    }
    return { kind: "load", dtype: value.dtype, buffer: own.buffer, form: value.form, guards: [] };
  }

  /** `expr` with every value it uses stored. */
  withoutValues(expr: Expr): Expr {
    return rewriteLeaves(expr, (leaf) => (leaf.kind === "value" ? this.store(leaf) : leaf));
  }

  /** `expr` with every value that is not of `draft` stored. */
  storeOthers(expr: Expr, draft: Draft): Expr {
    return rewriteLeaves(expr, (leaf) =>
      leaf.kind === "value" && leaf.kernel !== draft.index ? this.store(leaf) : leaf,
    );
  }

  /** `expr` as a plain view of a buffer of f32 or integers, storing it first where it is none. */
  operand(lazy: Lazy, node: Node): Load {
    const view = this.view(lazy, node);
    return view.packed ? this.#storeOnce(lazy, node) : view;
  }

  /** `expr` as a plain view of a buffer, which may hold f16, storing it first where it is none. */
  view(lazy: Lazy, node: Node): Load {
    const expr = lazy.expr.kind === "value" ? this.store(lazy.expr) : lazy.expr;
    return expr.kind === "load" && expr.guards.length === 0 ? expr : this.#storeOnce(lazy, node);
  }

  #storeOnce(lazy: Lazy, node: Node): Load {
    const known = this.#stored.get(lazy.expr);
    if (known !== undefined) return known;
    const load = this.store(this.mapDraft(lazy.expr, lazy.shape, node));
    this.#stored.set(lazy.expr, load);
    return load;
  }

  /** Stores arguments, the widest first, until together they read few enough buffers. */
  fewBuffers(args: Expr[], node: Node): Expr[] {
    const result = [...args];
    while (buffersOf(...result).size > this.readable) {
      const widest = result.reduce(
        (best, arg, i) => (buffersOf(arg).size > buffersOf(result[best] ?? arg).size ? i : best),
        0,
      );
      const expr = result[widest];
      if (expr === undefined || expr.kind === "load") break;
      result[widest] = this.store(this.mapDraft(expr, node.shape, node));
    }
    return result;
  }

  /** An expression that joins no kernel: inlined in its users when cheap, or used once and not large; else a kernel of its own. */
  alone(expr: Expr, node: Node): Expr {
    const uses = this.trace.uses.get(node) ?? 0;
    return costOf(expr) <= (uses <= 1 ? LARGE : CHEAP)
      ? expr
      : this.mapDraft(expr, node.shape, node);
  }

  /** Makes `expr` a value of the latest unfinished kernel it uses, if it can be one. */
  joinLatest(expr: Expr, shape: Shape, node: Node): ValueExpr | null {
    const latest = latestDraft(expr);
    const draft = latest === null ? undefined : this.drafts[latest];
    if (draft === undefined) return null;
    const others = this.storeOthers(expr, draft);
    const level = draft.levelOf(shape);
    if (level === null) return null;
    const restated =
      draft.restate(others, shape, level) ?? this.#restateOnShape(draft, others, shape);
    if (restated === null || !this.fits(draft, restated, node)) return null;
    return this.addValue(
      draft,
      { level, expr: restated, dtype: expr.dtype, step: null },
      shape,
      node,
    );
  }

  /** A map kernel may take over the finer shape of a newcomer whose views its own shape cannot say. */
  #restateOnShape(draft: Draft, expr: Expr, shape: Shape): Expr | null {
    if (draft.source.family !== "map" || !draft.reshapeDomain(shape)) return null;
    return draft.restate(expr, shape, "element");
  }

  /** Whether `draft` can compute `expr`: what it reads is written before, and is few buffers. */
  fits(draft: Draft, expr: Expr, node: Node): boolean {
    if (draft.values.length >= MOST_VALUES) return false;
    if (!draft.available(expr, (buffer) => this.#writer(buffer))) return false;
    const wanted = this.#isWanted(node) ? 1 : 0;
    return draft.bufferCount([expr]) + wanted <= this.readable;
  }

  #isWanted(node: Node): boolean {
    return this.#asked.has(node) || (this.trace.uses.get(node) ?? 0) > 1;
  }

  #writer(buffer: BufferId): number {
    return this.buffers.get(buffer)?.writer ?? -1;
  }

  /** Buffers that one expression may read. */
  get readable(): number {
    return this.maxBuffers - RESERVED_BUFFERS;
  }
}

/** The value of a draft that its family makes itself. */
export function accumulator(
  dtype: MachineType,
): Pick<DraftValue, "level" | "expr" | "dtype" | "step"> {
  return { level: "element", expr: null, dtype, step: null };
}

/** The latest of the kernels whose values `expr` uses, null when it uses none. */
export function latestDraft(expr: Expr): number | null {
  const used = valuesOf(expr).map((value) => value.kernel);
  return used.length === 0 ? null : Math.max(...used);
}
