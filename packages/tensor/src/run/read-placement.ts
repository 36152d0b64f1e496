// Reading: values at a place in a device's memory, dense on the host.
import {
  BYTES_PER_WORD,
  createArray,
  elementsPerWord,
  viewBytes,
  type DType,
  type TypedArray,
} from "../dtype.ts";
import { affine, evaluateAffine } from "../graph/affine.ts";
import { decodeHalves } from "../half.ts";
import { denseForm, type LinearForm } from "../graph/linear-form.ts";
import type { Placement } from "../graph/node.ts";
import { sameForm } from "../schedule/draft.ts";
import { sizeOf, type Shape } from "../shape.ts";
import { bufferStorage } from "./buffer-storage.ts";

/** Copies `shape` elements at `form` out of `values`. */
function gatherView(
  values: TypedArray,
  form: LinearForm,
  shape: Shape,
  target: TypedArray,
): TypedArray {
  const base = evaluateAffine(form.offset, []);
  const visit = (axis: number, from: number, to: number): number => {
    const size = shape[axis];
    if (size === undefined) {
      target[to] = values[from] ?? Number.NaN;
      return to + 1;
    }
    let next = to;
    for (let i = 0; i < size; i++)
      next = visit(axis + 1, from + i * (form.strides[axis] ?? 0), next);
    return next;
  };
  visit(0, base, 0);
  return target;
}

/** First and one past the last element that `form` touches. */
function spanOf(form: LinearForm, shape: Shape): readonly [number, number] {
  let first = evaluateAffine(form.offset, []);
  let last = first;
  shape.forEach((size, axis) => {
    const reach = (size - 1) * (form.strides[axis] ?? 0);
    if (reach < 0) first += reach;
    else last += reach;
  });
  return [first, last + 1];
}

/**
 * Values of `shape` at `placement`, row-major; the bytes between its first and last element are copied.
 * @throws PrismaError DEVICE_LOST, OUT_OF_MEMORY, KERNEL_FAILED
 */
export async function readPlacement(
  placement: Placement,
  shape: Shape,
  dtype: DType,
): Promise<TypedArray> {
  const storage = bufferStorage(placement.storage);
  const [first, end] = spanOf(placement.form, shape);
  const perWord = elementsPerWord(dtype);
  const firstWord = Math.floor(first / perWord);
  const bytes = await storage.port.read(
    storage.alive(),
    firstWord * BYTES_PER_WORD,
    (Math.ceil(end / perWord) - firstWord) * BYTES_PER_WORD,
  );
  const values = dtype === "f16" ? decodeHalves(new Uint16Array(bytes)) : viewBytes(dtype, bytes);
  const offset = evaluateAffine(placement.form.offset, []) - firstWord * perWord;
  const form = { strides: placement.form.strides, offset: affine(offset) };
  return sameForm(form, denseForm(shape), shape) && values.length === sizeOf(shape)
    ? values
    : gatherView(values, form, shape, createArray(dtype, sizeOf(shape)));
}
