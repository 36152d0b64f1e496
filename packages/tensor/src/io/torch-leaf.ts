// A tensor of a PyTorch checkpoint as a leaf that reads its own part of its storage, under the view that it is of it.
import type { DType } from "../dtype.ts";
import { expandNode, permuteNode, reshapeNode } from "../graph/build.ts";
import { Node, type DeviceTag } from "../graph/node.ts";
import { sizeOf } from "../shape.ts";
import type { ReadOptions } from "./byte-source.ts";
import { FILE_DTYPE_BITS, heldAs, leafValues, type FloatType } from "./decode-dtype.ts";
import { swapBytes } from "./swap-bytes.ts";
import type { TorchCheck } from "./torch-limits.ts";
import { spanOf } from "./torch-tensor-check.ts";
import type { TorchTensor } from "./torch-values.ts";

/** An axis that is read: those of one element, or that repeat one, are not. */
interface Axis {
  readonly axis: number;
  readonly size: number;
  readonly stride: number;
}

/** How a leaf is read and held. */
export interface TorchReading {
  readonly check: TorchCheck;
  readonly device: DeviceTag;
  readonly dtype: FloatType;
  readonly bigEndian: boolean;
  /** Bytes `[begin, end)` of the storage `key`. */
  readonly read: (
    key: string,
    range: readonly [begin: number, end: number],
    options: ReadOptions,
  ) => Promise<Uint8Array<ArrayBuffer>>;
}

/** The axes that are read, slowest first as they lie in the storage; `dense` when nothing lies between. */
function layoutOf({ shape, strides }: TorchTensor): {
  readonly axes: readonly Axis[];
  readonly dense: boolean;
} {
  const axes = shape
    .map((size, axis) => ({ axis, size, stride: strides[axis] ?? 0 }))
    .filter(({ size, stride }) => size !== 1 && stride !== 0)
    .sort((a, b) => b.stride - a.stride);
  let expected = 1;
  for (const { size, stride } of [...axes].reverse()) {
    if (stride !== expected) return { axes, dense: false };
    expected *= size;
  }
  return { axes, dense: true };
}

/** The elements of `axes` out of `bytes`, which start at the first; `width` bytes each. */
function gathered(
  bytes: Uint8Array<ArrayBuffer>,
  axes: readonly Axis[],
  width: number,
): Uint8Array<ArrayBuffer> {
  const count = axes.reduce((product, { size }) => product * size, 1);
  const dense = new Uint8Array(count * width);
  const place = axes.map(() => 0);
  let from = 0;
  for (let i = 0; i < count; i++) {
    for (let byte = 0; byte < width; byte++)
      dense[i * width + byte] = bytes[from * width + byte] ?? 0;
    for (let k = axes.length - 1; k >= 0; k--) {
      const { size, stride } = axes[k] ?? { size: 1, stride: 0 };
      const next = (place[k] ?? 0) + 1;
      from += next === size ? stride * (1 - size) : stride;
      place[k] = next === size ? 0 : next;
      if (next !== size) break;
    }
  }
  return dense;
}

/** The bytes of `tensor`, in the order of `axes`. */
async function readElements(
  tensor: TorchTensor,
  reading: TorchReading,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  if (tensor.shape.includes(0)) return new Uint8Array(0);
  const width = (FILE_DTYPE_BITS[tensor.dtype] ?? 8) / 8;
  const begin = tensor.offset * width;
  const end = begin + spanOf(tensor) * width;
  const options = signal === undefined ? {} : { signal };
  const read = await reading.read(tensor.storage.key, [begin, end], options);
  const bytes = reading.bigEndian ? swapBytes(read, width) : read;
  const { axes, dense } = layoutOf(tensor);
  return dense ? bytes : gathered(bytes, axes, width);
}

/** The leaf: the axes that are read, in the order of the storage. */
function leafOf(tensor: TorchTensor, reading: TorchReading): Node {
  const { check } = reading;
  const dtype: DType = heldAs(tensor.dtype, reading.dtype) ?? "f32";
  const empty = tensor.shape.includes(0);
  const shape = empty ? tensor.shape : layoutOf(tensor).axes.map(({ size }) => size);
  const label = `${check.file}: storage ${tensor.storage.key}`;
  const node = new Node({ kind: "leaf" }, [], shape, dtype, reading.device, label);
  node.setSource({
    load: async (signal) => {
      if (heldAs(tensor.dtype) === null)
        check.fail(
          "PT_DTYPE_UNSUPPORTED",
          `elements of type ${tensor.dtype} cannot be held; convert the tensor with .float()`,
          { dtype: tensor.dtype },
        );
      const bytes = await readElements(tensor, reading, signal);
      const file = { dtype: tensor.dtype, bytes, size: sizeOf(shape) };
      return leafValues(file, dtype, { name: label, outOfRange: "PT_VALUE_RANGE" });
    },
  });
  return node;
}

/** `tensor`, not read yet. */
export function torchNode(tensor: TorchTensor, reading: TorchReading): Node {
  const { shape } = tensor;
  const leaf = leafOf(tensor, reading);
  if (shape.includes(0)) return leaf;
  const { axes } = layoutOf(tensor);
  const order = axes.map((_, k) => k);
  const axisOf = (k: number): number => axes[k]?.axis ?? 0;
  order.sort((a, b) => axisOf(a) - axisOf(b));
  const kept = new Set(axes.map(({ axis }) => axis));
  const single = shape.map((size, axis) => (kept.has(axis) ? size : 1));
  return expandNode(reshapeNode(permuteNode(leaf, order), single), shape);
}
