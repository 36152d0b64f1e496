// Nodes of the lazy graph: what was asked for, at the level a user speaks of it, with no device knowledge.
import type { DType } from "../dtype.ts";
import type { Shape } from "../shape.ts";
import type { LinearForm } from "./linear-form.ts";
import type { ScalarFunctionName } from "./functions/names.ts";
import { provenanceOf, type Provenance } from "./provenance.ts";

/** How the elements of the reduced axes become one. `argmax`/`argmin` give the i32 place of the first extreme, NaN winning. */
export type Reduction = "sum" | "prod" | "max" | "min" | "argmax" | "argmin";

/**
 * What a node computes from its inputs. Sizes are in `Node.shape`.
 * - `leaf`: realized or to be loaded; no inputs.
 * - `scalar`: a number given per run, so that another number replays the same plan.
 * - `map`: scalar function of inputs of one shape.
 * - `index`: i32 coordinate along `axis`.
 * - `slice`: coordinate c reads `starts[axis] + c * steps[axis]`; starts are per run, steps may be negative.
 * - `pad`: inputs x and a scalar; x stands at `before` (per run), the scalar fills the rest.
 * - `concat`: inputs one after another along `axis`.
 * - `reduce`: reduced axes keep size 1.
 * - `contract`: product of two inputs summed over labels that `out` lacks; each label is one size (einsum without repeats).
 * - `gather`: inputs x and index; out[.., i, ..] = x[.., index[.., i, ..], ..] along `axis`; index has the output's shape,
 *    x has it too except along `axis`. Outside: NaN, 0 for integers.
 * - `scatterAdd`: inputs index and source of one shape; out[.., j, ..] = sum of source where index is j along `axis`, in order.
 * - `argSort`: i32 places that bring the last axis in order, ties by place, NaN counted largest.
 * - `argTopK`: i32 places of the `k` largest along the last axis, largest first, ties by place, NaN counted largest.
 */
export type NodeOp =
  | { readonly kind: "leaf" }
  | { readonly kind: "scalar"; readonly value: number }
  | { readonly kind: "map"; readonly fn: ScalarFunctionName }
  | { readonly kind: "index"; readonly axis: number }
  | {
      readonly kind: "reshape";
      /** The gradient of the input from that of the value, where it is not the same numbers. */
      readonly backward?: (gradient: Node) => Node;
    }
  | { readonly kind: "permute"; readonly axes: readonly number[] }
  | { readonly kind: "expand" }
  | {
      readonly kind: "slice";
      readonly starts: readonly number[];
      readonly steps: readonly number[];
    }
  | { readonly kind: "pad"; readonly before: readonly number[] }
  | { readonly kind: "concat"; readonly axis: number }
  | { readonly kind: "reduce"; readonly fn: Reduction; readonly axes: readonly number[] }
  | {
      readonly kind: "contract";
      readonly a: readonly number[];
      readonly b: readonly number[];
      readonly out: readonly number[];
    }
  | { readonly kind: "gather"; readonly axis: number }
  | { readonly kind: "scatterAdd"; readonly axis: number }
  | { readonly kind: "argSort"; readonly descending: boolean }
  | { readonly kind: "argTopK"; readonly k: number };

/** Kinds of {@link NodeOp}. */
export type NodeKind = NodeOp["kind"];

/** The operation of kind `Kind`. */
export type OpOf<Kind extends NodeKind> = Extract<NodeOp, { kind: Kind }>;

/** Bytes on a device shared by every tensor that is a view of them; counted, freed with the last holder. */
export interface Storage {
  /** Words of four bytes it holds. */
  readonly size: number;
  retain(): void;
  release(): void;
}

/** Where a leaf's values are: a place in a storage, as strides over its shape, both counted in elements. */
export interface Placement {
  readonly storage: Storage;
  readonly form: LinearForm;
}

/** Reads a leaf's values when it is first realized (a byte range of a file, or values still on the host). */
export interface LeafSource {
  /** Dense values in row-major order, as many bytes as they take in device memory. `bool` as 0 and 1, `f16` as its bits. */
  load(signal?: AbortSignal): ArrayBufferView<ArrayBuffer> | Promise<ArrayBufferView<ArrayBuffer>>;
}

/** Names a device without knowing it; see `run/devices.ts`. */
export interface DeviceTag {
  readonly kind: "wasm" | "webgpu";
}

let nextId = 0;

/**
 * One value of the graph. Holders (handles, and held nodes that read it) are counted. A node that nobody holds holds
 * nothing itself, so graphs that were built and not used cost no device memory; the last holder to let go frees the
 * storage. A realized node drops its inputs and becomes a leaf.
 */
export class Node {
  /** Numbers nodes in the order they are made. */
  readonly id = nextId++;
  /** The call that made it, under `init({ debug: true })`. */
  readonly made: Provenance | null;
  #label: string;
  #op: NodeOp;
  #inputs: readonly Node[];
  #holders = 0;
  #placement: Placement | null = null;
  #source: LeafSource | null = null;

  constructor(
    op: NodeOp,
    inputs: readonly Node[],
    readonly shape: Shape,
    readonly dtype: DType,
    /** The device the values live on; null for nodes that stand on no leaf yet (scalars, indices). */
    readonly device: DeviceTag | null,
    label: string,
  ) {
    this.#op = op;
    this.#inputs = inputs;
    this.#label = label;
    this.made = provenanceOf(label);
  }

  /** Number of the node that is made next. */
  static get nextId(): number {
    return nextId;
  }

  /** Its operation, or the name it was given, for errors and `explain`. */
  get label(): string {
    return this.#label;
  }
  get op(): NodeOp {
    return this.#op;
  }
  get inputs(): readonly Node[] {
    return this.#inputs;
  }
  get placement(): Placement | null {
    return this.#placement;
  }
  get source(): LeafSource | null {
    return this.#source;
  }

  /** Adds a holder; the first one makes the node hold its inputs. Loops, because graphs are deeper than stacks. */
  retain(): void {
    const pending: Node[] = [this];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      if (node.#holders++ === 0) pending.push(...node.#inputs);
    }
  }

  /** Takes a holder away; with the last one go the storage and the hold on the inputs. */
  release(): void {
    const pending: Node[] = [this];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      if (--node.#holders > 0) continue;
      node.#free();
      pending.push(...node.#inputs);
    }
  }

  #free(): void {
    this.#placement?.storage.release();
    this.#placement = null;
    this.#source = null;
  }

  /** Calls the value `name` from now on. */
  rename(name: string): void {
    this.#label = name;
    if (this.made !== null) this.made.name = name;
  }

  /** Gives a leaf the values it will have once `source` is loaded. */
  setSource(source: LeafSource): void {
    this.#source = source;
  }

  /** Makes this node, which somebody holds, a leaf at `placement`; takes over one count of its storage. */
  place(placement: Placement): void {
    const inputs = this.#inputs;
    this.#free();
    this.#placement = placement;
    this.#op = { kind: "leaf" };
    this.#inputs = [];
    this.made?.site.settle();
    for (const input of inputs) input.release();
  }
}
