// A trace: the part of the graph that a run must compute, in order, with its canonical key, buffers and slots.
import { wordsOf } from "../dtype.ts";
import { formatAffine } from "../graph/affine.ts";
import type { BufferId } from "../graph/expr.ts";
import { denseForm, type LinearForm } from "../graph/linear-form.ts";
import type { Node, Storage } from "../graph/node.ts";
import { topologicalOrder } from "../graph/order.ts";
import { sizeOf } from "../shape.ts";

/** A view of a buffer of the plan. */
export interface LeafPlace {
  readonly buffer: BufferId;
  readonly form: LinearForm;
}

/** Stands for the storage of a leaf that is not loaded yet, so that its plan can be explained. */
class UnloadedStorage implements Storage {
  constructor(readonly size: number) {}
  retain(): void {}
  release(): void {}
}

/** What a plan is looked up by, and what it is bound to. */
export interface Trace {
  /** Equal keys mean: the same plan computes both, given other leaf buffers and slot values. */
  readonly key: string;
  /** Every node to compute and every leaf, inputs before users. */
  readonly nodes: readonly Node[];
  readonly outputs: readonly Node[];
  /** Distinct storages of the leaves; storage i is buffer i of the plan. */
  readonly storages: readonly Storage[];
  /** Words of each storage. */
  readonly sizes: readonly number[];
  /** Where each leaf lies. */
  readonly leaves: ReadonlyMap<Node, LeafPlace>;
  /** Numbers given per run: scalars, slice starts, pad offsets. */
  readonly slots: readonly number[];
  /** First slot of a node that has any. */
  readonly slotOf: ReadonlyMap<Node, number>;
  /** How often each node is read by others or asked for. */
  readonly uses: ReadonlyMap<Node, number>;
  /** True when outputs may be small views of large buffers; otherwise such views are copied. */
  readonly share: boolean;
}

/** Numbers that `node` contributes to the slots of a plan. */
export function slotsOf(node: Node): readonly number[] {
  switch (node.op.kind) {
    case "scalar":
      return [node.op.value];
    case "slice":
      return node.op.starts;
    case "pad":
      return node.op.before;
    default:
      return [];
  }
}

function staticFacts(node: Node): string {
  const op = node.op;
  switch (op.kind) {
    case "map":
      return op.fn;
    case "index":
    case "concat":
    case "gather":
    case "scatterAdd":
      return String(op.axis);
    case "permute":
      return op.axes.join(",");
    case "slice":
      return op.steps.join(",");
    case "reduce":
      return `${op.fn}:${op.axes.join(",")}`;
    case "contract":
      return `${op.a.join(",")}:${op.b.join(",")}:${op.out.join(",")}`;
    case "argSort":
      return String(op.descending);
    case "argTopK":
      return String(op.k);
    case "leaf":
    case "scalar":
    case "reshape":
    case "expand":
    case "pad":
      return "";
  }
}

/** Walks the graph below `outputs` once and says everything a plan needs to know of it. */
export function traceGraph(
  outputs: readonly Node[],
  options: { readonly share?: boolean } = {},
): Trace {
  const nodes = topologicalOrder(outputs);
  const number = new Map<Node, number>();
  const leaves = new Map<Node, LeafPlace>();
  const bufferOf = new Map<Storage, BufferId>();
  const slotOf = new Map<Node, number>();
  const uses = new Map<Node, number>();
  const slots: number[] = [];
  const parts: string[] = [];
  for (const node of nodes) {
    number.set(node, number.size);
    for (const input of node.inputs) uses.set(input, (uses.get(input) ?? 0) + 1);
    let facts = staticFacts(node);
    if (node.op.kind === "leaf") {
      const { storage, form } = node.placement ?? {
        storage: new UnloadedStorage(wordsOf(node.dtype, sizeOf(node.shape))),
        form: denseForm(node.shape),
      };
      const buffer = bufferOf.get(storage) ?? bufferOf.size;
      bufferOf.set(storage, buffer);
      leaves.set(node, { buffer, form });
      facts = `${buffer}/${storage.size}@${formatAffine(form.offset)}/${form.strides.join(",")}`;
    }
    const own = slotsOf(node);
    if (own.length > 0) slotOf.set(node, slots.length);
    slots.push(...own);
    const inputs = node.inputs.map((input) => number.get(input)).join(",");
    parts.push(`${node.op.kind}(${inputs})${facts}:${node.dtype}[${node.shape.join(",")}]`);
  }
  for (const output of outputs) uses.set(output, (uses.get(output) ?? 0) + 1);
  const asked = outputs.map((output) => number.get(output)).join(",");
  const share = options.share ?? false;
  return {
    key: `${parts.join(";")}>${asked}${share ? " shared" : ""}`,
    share,
    nodes,
    outputs,
    storages: [...bufferOf.keys()],
    sizes: [...bufferOf.keys()].map((storage) => storage.size),
    leaves,
    slots,
    slotOf,
    uses,
  };
}
