// Lowering: turns the nodes of a trace into drafts of kernels, fusing as it goes.
import { PrismaError } from "../errors.ts";
import { addScaled, affine, slotValue, type Affine } from "../graph/affine.ts";
import { apply, type BufferId, type Expr, type Load, type ValueExpr } from "../graph/expr.ts";
import { FUNCTIONS } from "../graph/functions/index.ts";
import {
  denseForm,
  expandForm,
  permuteForm,
  reshapeForm,
  sliceForm,
  type Guard,
  type LinearForm,
} from "../graph/linear-form.ts";
import type { Node, NodeOp } from "../graph/node.ts";
import { sizeOf, type Shape } from "../shape.ts";
import { Draft, type DraftValue, type Source } from "./draft.ts";
import {
  addGuards,
  buffersOf,
  costOf,
  rewriteForms,
  rewriteLeaves,
  valuesOf,
} from "../graph/rewrite.ts";
import type { Trace } from "./trace.ts";

/** Cost up to which an expression is computed again by each of its users rather than stored. */
const CHEAP = 4;
/** Buffers left free in a kernel for values that turn out to be needed outside. */
const RESERVED_BUFFERS = 2;

/** A node's value as an expression over the node's own shape. */
interface Lazy {
  readonly shape: Shape;
  readonly expr: Expr;
}

/** Size and type of a buffer that a schedule writes. */
export interface BufferSpec {
  readonly size: number;
  readonly writer: number;
}

/** Where an output of the trace lies. */
export interface OutputPlace {
  readonly buffer: BufferId;
  readonly form: LinearForm;
}

/** Result of lowering: drafts in launch order, the buffers they write, and where each output is. */
export interface Lowered {
  readonly drafts: readonly Draft[];
  readonly buffers: ReadonlyMap<BufferId, BufferSpec>;
  readonly outputs: readonly OutputPlace[];
}

type OpOf<Kind extends NodeOp["kind"]> = Extract<NodeOp, { kind: Kind }>;

/** Lowers the nodes of one trace; used once. */
class Lowering {
  readonly drafts: Draft[] = [];
  readonly buffers = new Map<BufferId, BufferSpec>();
  readonly #lazies = new Map<Node, Lazy>();
  readonly #asked: Set<Node>;
  /** Expressions of no kernel that had to be stored, so that it happens once. */
  readonly #stored = new Map<Expr, Load>();

  constructor(
    readonly trace: Trace,
    readonly maxBuffers: number,
  ) {
    this.#asked = new Set(trace.outputs);
  }

  run(): Lowered {
    for (const node of this.trace.nodes)
      this.#lazies.set(node, { shape: node.shape, expr: this.#lower(node) });
    const outputs = this.trace.outputs.map((node) => this.#place(node));
    return { drafts: this.drafts, buffers: this.buffers, outputs };
  }

  // ---- one node ----

  #lower(node: Node): Expr {
    const op = node.op;
    switch (op.kind) {
      case "leaf":
        return this.#leaf(node);
      case "scalar":
        return { kind: "slot", dtype: node.dtype, slot: this.#slot(node) };
      case "index": {
        const strides = node.shape.map((_, axis) => (axis === op.axis ? 1 : 0));
        return { kind: "index", dtype: "i32", form: { strides, offset: affine(0) } };
      }
      case "map":
        return this.#map(node, op);
      case "reshape":
        return this.#reshape(node);
      case "permute":
        return this.#view(node, (form) => permuteForm(form, op.axes));
      case "expand":
        return this.#view(node, (form, from) => expandForm(form, from, node.shape));
      case "slice": {
        const starts = op.starts.map((_, axis) => slotValue(this.#slot(node) + axis));
        return this.#view(node, (form) => sliceForm(form, starts, op.steps));
      }
      case "pad":
        return this.#pad(node);
      case "concat":
        return this.#concat(node, op);
      case "reduce":
        return this.#reduce(node, op);
      case "contract":
        return this.#contract(node, op);
      case "gather":
        return this.#gather(node, op);
      case "scatterAdd":
        return this.#scatter(node, op);
      case "argTopK":
        return this.#topK(node, op);
    }
  }

  #leaf(node: Node): Expr {
    const place = this.trace.leaves.get(node);
    if (place === undefined)
      throw new PrismaError(
        "INTERNAL",
        `schedule: the leaf "${node.label}" has no values: it was disposed`,
      );
    return { kind: "load", dtype: node.dtype, ...place, guards: [] };
  }

  #slot(node: Node): number {
    return this.trace.slotOf.get(node) ?? 0;
  }

  #input(node: Node, position = 0): Lazy {
    const input = node.inputs[position];
    const lazy = input === undefined ? undefined : this.#lazies.get(input);
    if (lazy === undefined)
      throw new PrismaError(
        "INTERNAL",
        `schedule: "${node.label}" is read before its input ${position}`,
      );
    return lazy;
  }

  // ---- views ----

  #view(node: Node, change: (form: LinearForm, from: Shape) => LinearForm): Expr {
    const { shape, expr } = this.#input(node);
    return rewriteForms(expr, (form) => change(form, shape)) ?? expr;
  }

  #reshape(node: Node): Expr {
    const { shape, expr } = this.#input(node);
    const reshaped = rewriteForms(expr, (form) => reshapeForm(form, shape, node.shape));
    if (reshaped !== null) return reshaped;
    const stored = this.#store(this.#mapDraft(expr, shape, node));
    return { ...stored, form: denseForm(node.shape) };
  }

  #pad(node: Node): Expr {
    const { shape, expr } = this.#input(node);
    const fill = this.#input(node, 1).expr;
    const starts = shape.map((_, axis) =>
      addScaled(affine(0), slotValue(this.#slot(node) + axis), -1),
    );
    const guards = shape.flatMap((size, axis) =>
      size === node.shape[axis]
        ? []
        : [axisGuard(node.shape, axis, size, starts[axis] ?? affine(0))],
    );
    const inside = this.#guarded(expr, starts, guards);
    return apply("select", { kind: "inside", dtype: "bool", guards }, inside, fill);
  }

  #guarded(expr: Expr, starts: readonly Affine[], guards: readonly Guard[]): Expr {
    const stored = this.#withoutValues(expr);
    const moved =
      rewriteForms(stored, (form) =>
        sliceForm(
          form,
          starts,
          starts.map(() => 1),
        ),
      ) ?? stored;
    return addGuards(moved, guards);
  }

  #concat(node: Node, op: OpOf<"concat">): Expr {
    const parts: { expr: Expr; inside: Expr }[] = [];
    let start = 0;
    for (let i = 0; i < node.inputs.length; i++) {
      const { shape, expr } = this.#input(node, i);
      const size = shape[op.axis] ?? 1;
      const starts = node.shape.map((_, axis) => affine(axis === op.axis ? -start : 0));
      const guards = [axisGuard(node.shape, op.axis, size, affine(-start))];
      parts.push({
        expr: this.#guarded(expr, starts, guards),
        inside: { kind: "inside", dtype: "bool", guards },
      });
      start += size;
    }
    return this.#chain(parts, node);
  }

  /** Picks the part whose guard holds; long chains are cut by storing the tail. */
  #chain(parts: readonly { expr: Expr; inside: Expr }[], node: Node): Expr {
    let rest: Expr | null = null;
    for (const part of [...parts].reverse()) {
      if (rest !== null && buffersOf(rest, part.expr).size > this.#readable)
        rest = this.#store(this.#mapDraft(rest, node.shape, node));
      rest = rest === null ? part.expr : apply("select", part.inside, part.expr, rest);
    }
    if (rest === null) throw new PrismaError("INTERNAL", "schedule: concat of nothing");
    return rest;
  }

  get #readable(): number {
    return this.maxBuffers - RESERVED_BUFFERS;
  }

  // ---- elementwise ----

  #map(node: Node, op: OpOf<"map">): Expr {
    const args = this.#fewBuffers(
      node.inputs.map((_, i) => this.#input(node, i).expr),
      node,
    );
    const expr = FUNCTIONS[op.fn].expression(args, node.dtype);
    return this.#joinLatest(expr, node.shape, node) ?? this.#alone(this.#withoutValues(expr), node);
  }

  /** Stores arguments, the widest first, until together they read few enough buffers. */
  #fewBuffers(args: Expr[], node: Node): Expr[] {
    const result = [...args];
    while (buffersOf(...result).size > this.#readable) {
      const widest = result.reduce(
        (best, arg, i) => (buffersOf(arg).size > buffersOf(result[best] ?? arg).size ? i : best),
        0,
      );
      const expr = result[widest];
      if (expr === undefined || expr.kind === "load") break;
      result[widest] = this.#store(this.#mapDraft(expr, node.shape, node));
    }
    return result;
  }

  /** An expression that joins no kernel: inlined in its users when cheap or used once, else a kernel of its own. */
  #alone(expr: Expr, node: Node): Expr {
    const uses = this.trace.uses.get(node) ?? 0;
    return uses <= 1 || costOf(expr) <= CHEAP ? expr : this.#mapDraft(expr, node.shape, node);
  }

  /** Makes `expr` a value of the latest unfinished kernel it uses, if it can be one. */
  #joinLatest(expr: Expr, shape: Shape, node: Node): ValueExpr | null {
    const latest = latestDraft(expr);
    const draft = latest === null ? undefined : this.drafts[latest];
    if (draft === undefined) return null;
    const others = this.#storeOthers(expr, draft);
    const level = draft.levelOf(shape);
    if (level === null) return null;
    const restated =
      draft.restate(others, shape, level) ?? this.#restateOnShape(draft, others, shape);
    if (restated === null || !this.#fits(draft, restated, node)) return null;
    return this.#addValue(
      draft,
      { level, expr: restated, dtype: node.dtype, step: null },
      shape,
      node,
    );
  }

  /** A map kernel may take over the finer shape of a newcomer whose views its own shape cannot say. */
  #restateOnShape(draft: Draft, expr: Expr, shape: Shape): Expr | null {
    if (draft.source.family !== "map" || !draft.reshapeDomain(shape)) return null;
    return draft.restate(expr, shape, "element");
  }

  #fits(draft: Draft, expr: Expr, node: Node): boolean {
    if (!draft.available(expr, (buffer) => this.#writer(buffer))) return false;
    const wanted = this.#isWanted(node) ? 1 : 0;
    return draft.bufferCount([expr]) + wanted <= this.#readable;
  }

  #isWanted(node: Node): boolean {
    return this.#asked.has(node) || (this.trace.uses.get(node) ?? 0) > 1;
  }

  #addValue(
    draft: Draft,
    value: Pick<DraftValue, "level" | "expr" | "dtype" | "step">,
    shape: Shape,
    node: Node,
  ): ValueExpr {
    draft.values.push({ ...value, label: node.label, buffer: null, wanted: this.#isWanted(node) });
    return draft.reference(draft.values.length - 1, shape);
  }

  // ---- storing ----

  #writer(buffer: BufferId): number {
    return this.buffers.get(buffer)?.writer ?? -1;
  }

  /** The value as a load from the buffer it is stored in from now on. */
  #store(value: ValueExpr): Load {
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

  #withoutValues(expr: Expr): Expr {
    return rewriteLeaves(expr, (leaf) => (leaf.kind === "value" ? this.#store(leaf) : leaf));
  }

  #storeOthers(expr: Expr, draft: Draft): Expr {
    return rewriteLeaves(expr, (leaf) =>
      leaf.kind === "value" && leaf.kernel !== draft.index ? this.#store(leaf) : leaf,
    );
  }

  /** `expr` as a plain view of a buffer, storing it first where it is none. */
  #operand(lazy: Lazy, node: Node): Load {
    const expr = lazy.expr.kind === "value" ? this.#store(lazy.expr) : lazy.expr;
    if (expr.kind === "load" && expr.guards.length === 0) return expr;
    const known = this.#stored.get(lazy.expr);
    if (known !== undefined) return known;
    const load = this.#store(this.#mapDraft(lazy.expr, lazy.shape, node));
    this.#stored.set(lazy.expr, load);
    return load;
  }

  #newDraft(source: Source, domain: Shape): Draft {
    const draft = new Draft(this.drafts.length, source, domain);
    this.drafts.push(draft);
    return draft;
  }

  #mapDraft(expr: Expr, shape: Shape, node: Node): ValueExpr {
    const stored = this.#withoutValues(expr);
    const draft = this.#newDraft({ family: "map" }, shape);
    return this.#addValue(
      draft,
      { level: "element", expr: stored, dtype: expr.dtype, step: null },
      shape,
      node,
    );
  }

  /** Where an asked-for node lies; a view of less than half of its buffer is copied. */
  #place(node: Node): OutputPlace {
    const lazy = this.#lazies.get(node);
    if (lazy === undefined)
      throw new PrismaError("INTERNAL", "schedule: an output was not lowered");
    const load = this.#operand(lazy, node);
    const base = this.buffers.get(load.buffer)?.size ?? this.trace.sizes[load.buffer] ?? 0;
    if (this.trace.share || sizeOf(node.shape) * 2 >= base)
      return { buffer: load.buffer, form: load.form };
    const copy = this.#store(this.#mapDraft(load, node.shape, node));
    return { buffer: copy.buffer, form: copy.form };
  }

  // ---- reductions ----

  #reduce(node: Node, op: OpOf<"reduce">): Expr {
    const { shape, expr } = this.#input(node);
    const reduced = new Set(op.axes);
    const outer = shape.filter((_, axis) => !reduced.has(axis));
    const inner = op.axes.map((axis) => shape[axis] ?? 1);
    const trailing = isTrailing(shape, reduced);
    const rows = trailing ? this.#rowStep(node, op, expr, shape, [...outer, sizeOf(inner)]) : null;
    return rows ?? this.#reduceDraft(node, op, this.#withoutValues(expr), shape, outer, inner);
  }

  #rowStep(node: Node, op: OpOf<"reduce">, expr: Expr, shape: Shape, domain: Shape): Expr | null {
    const joined = this.#joinRows(node, op, expr, shape, domain);
    if (joined !== null) return joined;
    const body = rewriteForms(this.#withoutValues(expr), (form) =>
      reshapeForm(form, shape, domain),
    );
    if (body === null) return null;
    const draft = this.#newDraft({ family: "rows" }, domain);
    return this.#addValue(
      draft,
      { level: "row", expr: body, dtype: node.dtype, step: op.fn },
      node.shape,
      node,
    );
  }

  /** Adds the step to the kernel that makes the row's elements, turning a map kernel into a rows kernel. */
  #joinRows(node: Node, op: OpOf<"reduce">, expr: Expr, shape: Shape, domain: Shape): Expr | null {
    const latest = latestDraft(expr);
    const draft = latest === null ? undefined : this.drafts[latest];
    if (draft === undefined || (draft.source.family !== "rows" && draft.source.family !== "map"))
      return null;
    const length = domain[domain.length - 1] ?? 1;
    if (sizeOf(draft.domain) !== sizeOf(domain)) return null;
    if (draft.source.family === "rows" && (draft.domain[draft.domain.length - 1] ?? 1) !== length)
      return null;
    const others = this.#storeOthers(expr, draft);
    if (draft.source.family === "map") {
      if (!draft.reshapeDomain(domain)) return null;
    }
    const restated = draft.restate(others, shape, "element");
    if (restated === null || !this.#fits(draft, restated, node)) return null;
    draft.source = { family: "rows" };
    return this.#addValue(
      draft,
      { level: "row", expr: restated, dtype: node.dtype, step: op.fn },
      node.shape,
      node,
    );
  }

  #reduceDraft(
    node: Node,
    op: OpOf<"reduce">,
    expr: Expr,
    shape: Shape,
    outer: Shape,
    inner: Shape,
  ): Expr {
    const reduced = new Set(op.axes);
    const order = [...shape.keys()].filter((axis) => !reduced.has(axis)).concat(op.axes);
    const body = rewriteForms(expr, (form) => permuteForm(form, order)) ?? expr;
    const draft = this.#newDraft({ family: "reduce", inner, fn: op.fn, body }, outer);
    return this.#addValue(
      draft,
      { level: "element", expr: null, dtype: node.dtype, step: null },
      node.shape,
      node,
    );
  }

  // ---- contractions, gathers and the rest ----

  #contract(node: Node, op: OpOf<"contract">): Expr {
    const left = { load: this.#operand(this.#input(node, 0), node), labels: op.a };
    const right = { load: this.#operand(this.#input(node, 1), node), labels: op.b };
    // The innermost axis of the output should be an n axis, along which kernels are vectorised.
    const last = op.out.findLast((_, i) => (node.shape[i] ?? 1) > 1);
    const swap = last !== undefined && left.labels.includes(last) && !right.labels.includes(last);
    const [a, b] = swap ? [right, left] : [left, right];
    const summed = op.a.filter((label) => !op.out.includes(label));
    const k = summed.map((label) => this.#input(node, 0).shape[op.a.indexOf(label)] ?? 1);
    const labels = [...op.out, ...summed];
    const roles = op.out.map((label) =>
      !a.labels.includes(label) ? "n" : b.labels.includes(label) ? "batch" : "m",
    );
    const source: Source = {
      family: "contract",
      a: operandOver(a.load, a.labels, labels),
      b: operandOver(b.load, b.labels, labels),
      roles,
      k,
    };
    const draft = this.#newDraft(source, node.shape);
    return this.#addValue(
      draft,
      { level: "element", expr: null, dtype: node.dtype, step: null },
      node.shape,
      node,
    );
  }

  #gather(node: Node, op: OpOf<"gather">): Expr {
    const table = this.#operand(this.#input(node, 0), node);
    const size = this.#input(node, 0).shape[op.axis] ?? 1;
    const index = this.#withoutValues(this.#input(node, 1).expr);
    const strides = table.form.strides.map((stride, axis) => (axis === op.axis ? 0 : stride));
    const form = { strides, offset: table.form.offset };
    const expr: Expr = {
      kind: "gather",
      dtype: node.dtype,
      buffer: table.buffer,
      form,
      guards: [],
      index,
      stride: table.form.strides[op.axis] ?? 0,
      size,
    };
    return this.#alone(expr, node);
  }

  #scatter(node: Node, op: OpOf<"scatterAdd">): Expr {
    const index = this.#operand(this.#input(node, 0), node);
    const source = this.#operand(this.#input(node, 1), node);
    const sources = this.#input(node, 1).shape[op.axis] ?? 1;
    const draft = this.#newDraft(
      { family: "scatter", axis: op.axis, sources, index, source },
      node.shape,
    );
    return this.#store(
      this.#addValue(
        draft,
        { level: "element", expr: null, dtype: node.dtype, step: null },
        node.shape,
        node,
      ),
    );
  }

  #topK(node: Node, op: OpOf<"argTopK">): Expr {
    const input = this.#input(node);
    const length = input.shape[input.shape.length - 1] ?? 1;
    const rows = sizeOf(input.shape) / Math.max(1, length);
    let source = this.#operand(input, node);
    let form = reshapeForm(source.form, input.shape, [rows, length]);
    if (form === null) {
      source = this.#store(this.#mapDraft(source, input.shape, node));
      form = denseForm([rows, length]);
    }
    const operand = { buffer: source.buffer, form };
    const draft = this.#newDraft(
      { family: "topK", k: op.k, length, source: operand, sourceDtype: source.dtype },
      node.shape,
    );
    return this.#store(
      this.#addValue(
        draft,
        { level: "element", expr: null, dtype: "i32", step: null },
        node.shape,
        node,
      ),
    );
  }
}

function latestDraft(expr: Expr): number | null {
  const used = valuesOf(expr).map((value) => value.kernel);
  return used.length === 0 ? null : Math.max(...used);
}

/** True when the reduced axes are the last ones, sizes of 1 aside. */
function isTrailing(shape: Shape, reduced: ReadonlySet<number>): boolean {
  const wide = [...shape.keys()].filter((axis) => shape[axis] !== 1);
  const kept = wide.filter((axis) => !reduced.has(axis));
  return kept.every((axis, i) => wide[i] === axis);
}

function axisGuard(shape: Shape, axis: number, size: number, offset: Affine): Guard {
  return { form: { strides: shape.map((_, a) => (a === axis ? 1 : 0)), offset }, size };
}

/** The operand's strides over the axes named by `labels`, 0 where it lacks one. */
function operandOver(
  load: Load,
  own: readonly number[],
  labels: readonly number[],
): { buffer: BufferId; form: LinearForm } {
  const strides = labels.map((label) => {
    const axis = own.indexOf(label);
    return axis < 0 ? 0 : (load.form.strides[axis] ?? 0);
  });
  return { buffer: load.buffer, form: { strides, offset: load.form.offset } };
}

/** Turns a trace into drafts; no kernel touches more than `maxBuffers` buffers. */
export function lower(trace: Trace, maxBuffers: number): Lowered {
  return new Lowering(trace, maxBuffers).run();
}
