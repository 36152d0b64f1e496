// Lowering: turns the nodes of a trace into drafts of kernels, fusing as it goes.
import { machineType, wordsOf } from "../dtype.ts";
import { PrismaError } from "../errors.ts";
import { addScaled, affine, slotValue, type Affine } from "../graph/affine.ts";
import { apply, type BufferId, type Expr, type Load } from "../graph/expr.ts";
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
import type { Node, OpOf } from "../graph/node.ts";
import { addGuards, buffersOf, rewriteForms } from "../graph/rewrite.ts";
import { sizeOf, type Shape } from "../shape.ts";
import type { Draft } from "./draft.ts";
import { Drafting, type BufferSpec, type Lazy } from "./drafting.ts";
import { packHalves } from "./halves.ts";
import {
  lowerContract,
  lowerGather,
  lowerScatter,
  lowerSort,
  lowerTopK,
} from "./lower-families.ts";
import { lowerReduce } from "./lower-reduce.ts";
import type { Trace } from "./trace.ts";

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

/** Lowers the nodes of one trace; used once. */
class Lowering {
  readonly #drafting: Drafting;
  readonly #lazies = new Map<Node, Lazy>();

  constructor(
    readonly trace: Trace,
    maxBuffers: number,
  ) {
    this.#drafting = new Drafting(trace, maxBuffers);
  }

  run(): Lowered {
    for (const node of this.trace.nodes)
      this.#lazies.set(node, { shape: node.shape, expr: this.#lower(node) });
    const outputs = this.trace.outputs.map((node) => this.#place(node));
    const { drafts, buffers } = this.#drafting;
    return { drafts, buffers, outputs };
  }

  // ---- one node ----

  #lower(node: Node): Expr {
    const op = node.op;
    switch (op.kind) {
      case "leaf":
        return this.#leaf(node);
      case "scalar":
        return { kind: "slot", dtype: machineType(node.dtype), slot: this.#slot(node) };
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
        return lowerReduce(this.#drafting, node, op, this.#input(node));
      case "contract":
        return lowerContract(this.#drafting, node, op, [this.#input(node), this.#input(node, 1)]);
      case "gather":
        return lowerGather(this.#drafting, node, op, [this.#input(node), this.#input(node, 1)]);
      case "scatterAdd":
        return lowerScatter(this.#drafting, node, op, [this.#input(node), this.#input(node, 1)]);
      case "argSort":
        return lowerSort(this.#drafting, node, op, this.#input(node));
      case "argTopK":
        return lowerTopK(this.#drafting, node, op, this.#input(node));
    }
  }

  #leaf(node: Node): Expr {
    const place = this.trace.leaves.get(node);
    if (place === undefined)
      throw new PrismaError(
        "INTERNAL",
        `schedule: the leaf "${node.label}" has no values: it was disposed`,
      );
    const load = { kind: "load", dtype: machineType(node.dtype), ...place, guards: [] } as const;
    return node.dtype === "f16" ? { ...load, packed: true } : load;
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
    const stored = this.#drafting.store(this.#drafting.mapDraft(expr, shape, node));
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
    const stored = this.#drafting.withoutValues(expr);
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
      if (rest !== null && buffersOf(rest, part.expr).size > this.#drafting.readable)
        rest = this.#drafting.store(this.#drafting.mapDraft(rest, node.shape, node));
      rest = rest === null ? part.expr : apply("select", part.inside, part.expr, rest);
    }
    if (rest === null) throw new PrismaError("INTERNAL", "schedule: concat of nothing");
    return rest;
  }

  // ---- elementwise ----

  #map(node: Node, op: OpOf<"map">): Expr {
    const args = this.#drafting.fewBuffers(
      node.inputs.map((_, i) => this.#input(node, i).expr),
      node,
    );
    const expr = FUNCTIONS[op.fn].expression(args, machineType(node.dtype));
    return (
      this.#drafting.joinLatest(expr, node.shape, node) ??
      this.#drafting.alone(this.#drafting.withoutValues(expr), node)
    );
  }

  /** Where an asked-for node lies; a view of less than half of its buffer is copied. */
  #place(node: Node): OutputPlace {
    const lazy = this.#lazies.get(node);
    if (lazy === undefined)
      throw new PrismaError("INTERNAL", "schedule: an output was not lowered");
    if (node.dtype === "f16") return this.#placeHalves(node, lazy);
    const load = this.#drafting.operand(lazy, node);
    if (this.#mayShare(load, node)) return { buffer: load.buffer, form: load.form };
    const copy = this.#drafting.store(this.#drafting.mapDraft(load, node.shape, node));
    return { buffer: copy.buffer, form: copy.form };
  }

  /** As {@link #place}; kernels leave f16 as f32, so what is not read from f16 is packed. */
  #placeHalves(node: Node, lazy: Lazy): OutputPlace {
    const { expr } = lazy;
    if (
      expr.kind === "load" &&
      expr.packed &&
      expr.guards.length === 0 &&
      this.#mayShare(expr, node)
    )
      return { buffer: expr.buffer, form: expr.form };
    return { buffer: packHalves(this.#drafting, lazy, node), form: denseForm(node.shape) };
  }

  /** Whether an output of `node` may be the view `load`: not a small part of a large buffer. */
  #mayShare(load: Load, node: Node): boolean {
    const base =
      this.#drafting.buffers.get(load.buffer)?.size ?? this.trace.sizes[load.buffer] ?? 0;
    return this.trace.share || wordsOf(node.dtype, sizeOf(node.shape)) * 2 >= base;
  }
}

function axisGuard(shape: Shape, axis: number, size: number, offset: Affine): Guard {
  return { form: { strides: shape.map((_, a) => (a === axis ? 1 : 0)), offset }, size };
}

/** Turns a trace into drafts; no kernel touches more than `maxBuffers` buffers. */
export function lower(trace: Trace, maxBuffers: number): Lowered {
  return new Lowering(trace, maxBuffers).run();
}
