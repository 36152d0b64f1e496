// Checks of a tensor that a PyTorch checkpoint describes: sizes, strides, and that it lies within its storage.
import { formatShape } from "../shape.ts";
import { FILE_DTYPE_BITS } from "./decode-dtype.ts";
import type { TorchCheck } from "./torch-limits.ts";
import type { PickleValue, TorchTensor } from "./torch-values.ts";

/** A dimension is an index, and those have 32 bits on every device. */
const MAX_DIMENSION = 2 ** 32 - 1;

/** `value` as a size. @throws PrismaError PT_TENSOR_INVALID for what is none */
export function wholeNumber(check: TorchCheck, value: PickleValue | undefined): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  return check.fail(
    "PT_TENSOR_INVALID",
    "a size, stride or offset of a tensor is no whole number of at least 0",
  );
}

/** Elements of the storage between the first and the last that the tensor reads, both counted. */
export function spanOf({ shape, strides }: TorchTensor): number {
  return shape.reduce((last, size, axis) => last + (size - 1) * (strides[axis] ?? 0), 0) + 1;
}

/** Elements that are read; an axis of stride 0 repeats one. */
function elementsRead({ shape, strides }: TorchTensor): number {
  return shape.reduce((product, size, axis) => product * (strides[axis] === 0 ? 1 : size), 1);
}

function checkSizes(check: TorchCheck, { shape, strides }: TorchTensor): void {
  check.assertWithin("rank", shape.length, "axes of a tensor");
  if (strides.length !== shape.length)
    check.fail(
      "PT_TENSOR_INVALID",
      `a tensor of shape ${formatShape(shape)} has ${strides.length} strides`,
    );
  const elements = shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
  if (!Number.isSafeInteger(elements * 8) || shape.some((size) => size > MAX_DIMENSION))
    check.fail(
      "PT_TENSOR_INVALID",
      `a tensor of shape ${formatShape(shape)} has more elements than can be counted`,
      { shape },
    );
}

/**
 * `tensor`, which lies within its storage and has no more elements than that, repeated ones aside.
 * @throws PrismaError PT_TENSOR_INVALID, PT_LIMIT
 */
export function checkTensor(check: TorchCheck, tensor: TorchTensor): TorchTensor {
  checkSizes(check, tensor);
  const { storage, dtype, offset, shape } = tensor;
  const bytes = (FILE_DTYPE_BITS[dtype] ?? 8) / 8;
  const held = storage.dtype === null ? Math.floor(storage.count / bytes) : storage.count;
  const end = shape.includes(0) ? offset : offset + spanOf(tensor);
  if (!(end <= held))
    check.fail(
      "PT_TENSOR_INVALID",
      `a tensor of shape ${formatShape(shape)} reads elements ${offset} to ${end} of storage ${storage.key}, which has ${held}`,
      { key: storage.key, offset, end, held },
    );
  if (!shape.includes(0) && elementsRead(tensor) > held)
    check.fail(
      "PT_TENSOR_INVALID",
      `a tensor of shape ${formatShape(shape)} reads the ${held} elements of storage ${storage.key} more than once`,
      { key: storage.key, held },
    );
  return tensor;
}
