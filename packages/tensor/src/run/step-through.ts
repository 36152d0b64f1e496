// Stepping through: evaluates a graph node by node, unfused, and marks every element that is not finite, or that was
// chosen by one that is not a number.
import { machineType, type TypedArray } from "../dtype.ts";
import { sourcesOf, type Element } from "../graph/element-sources.ts";
import { Node, type Placement } from "../graph/node.ts";
import { topologicalOrder } from "../graph/order.ts";
import { PrismaError } from "../errors.ts";
import { sizeOf } from "../shape.ts";
import type { Device } from "./devices.ts";
import { PlanCache } from "./plan-cache.ts";
import { runOnce, valuesAt } from "./run-once.ts";

/** What is to be said of one element. */
export const MARKS = {
  fine: 0,
  /** Finite, or no float, but some NaN had a part in it. */
  touched: 1,
  /** Infinite, as a constant or an input is. */
  given: 2,
  /** Infinite, out of values that are finite. */
  made: 3,
  nan: 4,
} as const;

/** One of {@link MARKS}. */
export type Mark = (typeof MARKS)[keyof typeof MARKS];

/** Kinds that only say where values are read: each element is one element of an input. */
const VIEWS: ReadonlySet<string> = new Set([
  "reshape",
  "permute",
  "expand",
  "slice",
  "pad",
  "concat",
]);

/** A leaf with the values of `node` at `placement`. */
function leafAt(node: Node, { storage, form }: Placement): Node {
  const leaf = new Node({ kind: "leaf" }, [], node.shape, node.dtype, node.device, node.label);
  storage.retain();
  leaf.place({ storage, form });
  return leaf;
}

/** Whether `node` asks what is finite and what is not: what it answers is not a consequence of a NaN but care about it. */
const isCareful = ({ op }: Node): boolean =>
  op.kind === "map" && (op.fn === "isNaN" || op.fn === "isFinite");

/** Nodes and elements of them that are waited for at once. */
const BATCH = { nodes: 64, elements: 2 ** 24 };

/** `order` in runs of at most {@link BATCH}, or of one node. */
function batches(order: readonly Node[]): Node[][] {
  const all: Node[][] = [];
  let elements = 0;
  for (const node of order) {
    const last = all.at(-1);
    elements += sizeOf(node.shape);
    if (last !== undefined && last.length < BATCH.nodes && elements <= BATCH.elements) {
      last.push(node);
      continue;
    }
    all.push([node]);
    elements = sizeOf(node.shape);
  }
  return all;
}

/** A graph whose every node was evaluated by itself. */
export class StepThrough {
  readonly #placements = new Map<Node, Placement>();
  readonly #marks = new Map<Node, Uint8Array>();
  /** Of nodes that are no floats, since they decide what is read. */
  readonly #numbers = new Map<Node, TypedArray>();
  readonly #plans = new PlanCache();

  private constructor(readonly device: Device) {}

  /** Evaluates what is below `outputs`. Only values that are still needed stay on the device. */
  static async run(outputs: readonly Node[], device: Device): Promise<StepThrough> {
    const steps = new StepThrough(device);
    const order = topologicalOrder(outputs);
    const users = new Map<Node, number>();
    for (const node of order)
      for (const input of new Set(node.inputs)) users.set(input, (users.get(input) ?? 0) + 1);
    try {
      // Another run may meanwhile make leaves of nodes, and so let go of what they stood on.
      for (const node of order) steps.#hold(node);
      for (const batch of batches(order)) {
        await steps.#evaluate(batch);
        for (const input of batch.flatMap((node) => [...new Set(node.inputs)])) {
          const left = (users.get(input) ?? 0) - 1;
          users.set(input, left);
          if (left === 0) steps.#drop(input);
        }
      }
    } finally {
      for (const node of order) steps.#drop(node);
    }
    return steps;
  }

  #hold(node: Node): void {
    if (node.placement === null || this.#placements.has(node)) return;
    node.placement.storage.retain();
    this.#placements.set(node, node.placement);
  }

  #drop(node: Node): void {
    this.#placements.get(node)?.storage.release();
    this.#placements.delete(node);
  }

  #placementOf(node: Node): Placement {
    const placement = this.#placements.get(node);
    if (placement === undefined)
      throw new PrismaError("INTERNAL", `debug: "${node.label}" has no values`);
    return placement;
  }

  /** Queues the steps of `batch`, waits for all their values at once, and marks them. */
  async #evaluate(batch: readonly Node[]): Promise<void> {
    const values = await Promise.all(batch.map((node) => this.#valuesOf(node)));
    batch.forEach((node, i) => {
      const own = values[i] ?? null;
      if (own !== null && machineType(node.dtype) !== "f32") this.#numbers.set(node, own);
      this.#markAll(node, own);
    });
  }

  /** Computes `node` and reads it; null of a view, whose marks are those of what it shows. */
  async #valuesOf(node: Node): Promise<TypedArray | null> {
    this.#hold(node);
    const placement = this.#placements.get(node) ?? this.#compute(node);
    this.#placements.set(node, placement);
    return VIEWS.has(node.op.kind) && machineType(node.dtype) === "f32"
      ? null
      : valuesAt(node, placement);
  }

  #compute(node: Node): Placement {
    const inputs = node.inputs.map((input) => leafAt(input, this.#placementOf(input)));
    const step = new Node(node.op, inputs, node.shape, node.dtype, node.device, node.label);
    step.retain();
    try {
      const [placement] = runOnce([step], this.device, this.#plans);
      if (placement === undefined)
        throw new PrismaError("INTERNAL", `debug: "${node.label}" was not computed`);
      return placement;
    } finally {
      step.release();
    }
  }

  #markAll(node: Node, values: TypedArray | null): void {
    const inherits = node.inputs.some((input) => this.#marks.has(input)) && !isCareful(node);
    if (values === null && !inherits) return;
    let marks: Uint8Array | null = null;
    const size = sizeOf(node.shape);
    for (let place = 0; place < size; place++) {
      const value = values?.[place] ?? 0;
      if (!inherits && Number.isFinite(value)) continue;
      const mark = this.#markOf({ node, place }, values === null ? null : value);
      if (mark !== MARKS.fine) (marks ??= new Uint8Array(size))[place] = mark;
    }
    if (marks !== null) this.#marks.set(node, marks);
  }

  /** The mark of an element by its value and its sources; null stands for whatever its one source is. */
  #markOf(at: Element, value: number | null): Mark {
    if (value !== null && Number.isNaN(value)) return MARKS.nan;
    const found = new Set(this.sourcesOf(at).map((source) => this.markOf(source)));
    if (value === null) return [...found][0] ?? MARKS.fine;
    if (Number.isFinite(value))
      return found.has(MARKS.nan) || found.has(MARKS.touched) ? MARKS.touched : MARKS.fine;
    if (found.has(MARKS.made)) return MARKS.made;
    const isGiven = at.node.op.kind === "leaf" || at.node.op.kind === "scalar";
    return isGiven || found.has(MARKS.given) ? MARKS.given : MARKS.made;
  }

  /** What is to be said of the element `at`. */
  markOf({ node, place }: Element): Mark {
    return (this.#marks.get(node)?.[place] ?? MARKS.fine) as Mark;
  }

  /** Elements from which `at` is computed. */
  sourcesOf(at: Element): readonly Element[] {
    return sourcesOf(at, ({ node, place }) => this.#numbers.get(node)?.[place] ?? 0);
  }

  /** The first element of `node` with `mark`, or null. */
  firstOf(node: Node, mark: Mark): Element | null {
    const place = this.#marks.get(node)?.indexOf(mark) ?? -1;
    return place < 0 ? null : { node, place };
  }

  /** Whether any element of `node` is not plainly finite. */
  isMarked(node: Node): boolean {
    return this.#marks.has(node);
  }

  /** The first of `nodes`' elements with `mark`, or null. */
  firstAmong(nodes: readonly Node[], mark: Mark): Element | null {
    for (const node of nodes) {
      const found = this.firstOf(node, mark);
      if (found !== null) return found;
    }
    return null;
  }
}
