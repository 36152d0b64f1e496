// The handle: what a tensor is before it has operations; a counted hold on a node of the graph.
import { type DType, type TypedArray } from "./dtype.ts";
import { kindOf, PrismaError } from "./errors.ts";
import type { CallSite } from "./graph/call-site.ts";
import type { DeviceTag, Node } from "./graph/node.ts";
import { currentSite } from "./graph/provenance.ts";
import { atPlace, fullPlace } from "./run/call-site-text.ts";
import { readNode, realizeNodes, type RealizeOptions } from "./run/realize.ts";
import { track } from "./scope.ts";
import { formatShape, sizeOf, type Shape } from "./shape.ts";

/** Values as nested arrays, as deep as the tensor's rank; a number for a scalar. */
export type NestedArray = number | boolean | readonly NestedArray[];

/** Handles alive now. */
let live = 0;

const registry = new FinalizationRegistry<Node>((node) => {
  live--;
  node.release();
});

/** Number of tensors neither disposed nor collected. */
export function liveTensors(): number {
  return live;
}

/** A hold on one value of the graph. */
export abstract class TensorHandle implements Disposable {
  readonly #node: Node;
  #disposed = false;
  /** Where it was disposed, under `init({ debug: true })`. */
  #disposal: CallSite | null = null;

  constructor(node: Node) {
    this.#node = node;
    node.retain();
    live++;
    registry.register(this, node, this);
    track(this);
  }

  /**
   * The graph node this tensor holds.
   * @throws PrismaError DISPOSED
   */
  get node(): Node {
    if (this.#disposed) {
      throw new PrismaError(
        "DISPOSED",
        `a tensor of ${this.#node.dtype}${formatShape(this.#node.shape)} (${this.#node.label}) was used after dispose()${atPlace(this.#disposal)}`,
        { shape: [...this.#node.shape], ...placesOf(this.#node, this.#disposal) },
      );
    }
    return this.#node;
  }

  /** Sizes of the axes, outermost first. */
  get shape(): Shape {
    return this.#node.shape;
  }

  /** Element type. */
  get dtype(): DType {
    return this.#node.dtype;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.#node.shape);
  }

  /** Number of axes. */
  get rank(): number {
    return this.#node.shape.length;
  }

  /** The device its values live on; null while nothing below it lives anywhere. */
  get device(): DeviceTag | null {
    return this.#node.device;
  }

  /** True after {@link dispose}. */
  get disposed(): boolean {
    return this.#disposed;
  }

  /**
   * Computes the tensor if needed and copies its values to the host, row-major.
   * @returns Float32Array (of f16 too), Int32Array or Uint32Array; bools are 0 and 1
   * @throws PrismaError DISPOSED, OUT_OF_MEMORY, DEVICE_LOST, CANCELLED
   * @example
   * await tensor([[1, 2], [3, 4]]).data(); // new Float32Array([1, 2, 3, 4])
   */
  async data(options: RealizeOptions = {}): Promise<TypedArray> {
    return readNode(this.node, options);
  }

  /**
   * As {@link data}, as nested arrays in the tensor's shape.
   * @example
   * await tensor([[1, 2], [3, 4]]).array(); // [[1, 2], [3, 4]]
   */
  async array(options: RealizeOptions = {}): Promise<NestedArray> {
    return nest(await this.data(options), this.shape, this.dtype === "bool");
  }

  /**
   * The only value of a tensor of one element.
   * @throws PrismaError SHAPE_INVALID when it has more or none
   * @example
   * await tensor([1, 2, 3]).sum().item(); // 6
   */
  async item(options: RealizeOptions = {}): Promise<number> {
    if (this.size !== 1)
      throw new PrismaError(
        "SHAPE_INVALID",
        `item: the tensor is ${formatShape(this.shape)}, with ${this.size} elements instead of 1`,
        { shape: [...this.shape] },
      );
    const [value = Number.NaN] = await this.data(options);
    return value;
  }

  /**
   * Computes the tensor and keeps its value on the device; resolves to the tensor.
   * @example
   * const x = await tensor([1, 2]).mul(2).realize();
   * explain(x).kernels.length; // 0
   */
  async realize(options: RealizeOptions = {}): Promise<this> {
    await realizeNodes([this.node], options);
    return this;
  }

  /**
   * Lets go of the value. Results that were built from it are not affected. A second call does nothing.
   * @example
   * const x = tensor([1, 2]);
   * const y = x.mul(2);
   * x.dispose();
   * await y.array(); // [2, 4]
   */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#disposal = currentSite();
    live--;
    registry.unregister(this);
    this.#node.release();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * The node of what should be a tensor; `role` names the argument.
 * @throws PrismaError ARGUMENT_INVALID, DISPOSED
 */
export function nodeOf(value: TensorHandle, role: string): Node {
  if (value instanceof TensorHandle) return value.node;
  throw new PrismaError("ARGUMENT_INVALID", `${role} is ${kindOf(value)}; it must be a tensor`);
}

/** Where a tensor was made and where disposed, as far as that is known. */
function placesOf(
  { made }: Node,
  disposal: CallSite | null,
): { readonly callSite?: string | null; readonly disposedAt?: string | null } {
  return disposal === null
    ? {}
    : { callSite: fullPlace(made?.site), disposedAt: fullPlace(disposal) };
}

function nest(values: TypedArray, shape: Shape, asBool: boolean): NestedArray {
  const build = (axis: number, from: number, step: number): NestedArray => {
    const size = shape[axis];
    if (size === undefined) return asBool ? values[from] !== 0 : (values[from] ?? Number.NaN);
    const inner = step / Math.max(1, size);
    return Array.from({ length: size }, (_, i) => build(axis + 1, from + i * inner, inner));
  };
  return build(0, 0, sizeOf(shape));
}
