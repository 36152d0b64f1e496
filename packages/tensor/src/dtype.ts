// Element types of tensors, the typed arrays that hold them on the host, and how two types combine.

import { kindOf, PrismaError, quoteName } from "./errors.ts";

/** Element type of a tensor. Every type occupies four bytes in device memory; `bool` is stored as the u32 0 or 1. */
export type DType = "f32" | "i32" | "u32" | "bool";

/** Host array for tensor values; `bool` values are a `Uint32Array` of zeros and ones. */
export type TypedArray =
  | Float32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>;

/** Bytes of one element in device memory. */
export const BYTES_PER_ELEMENT = 4;

const ARRAYS = { f32: Float32Array, i32: Int32Array, u32: Uint32Array, bool: Uint32Array } as const;

/** @throws PrismaError DTYPE_UNSUPPORTED when `dtype` is none of ours */
export function assertKnownDType(operation: string, dtype: DType): void {
  if (Object.hasOwn(ARRAYS, dtype)) return;
  const shown = typeof dtype === "string" ? quoteName(dtype) : kindOf(dtype);
  throw new PrismaError(
    "DTYPE_UNSUPPORTED",
    `${operation}: ${shown} is no type of tensors; those are ${Object.keys(ARRAYS).join(", ")}`,
    { known: Object.keys(ARRAYS) },
  );
}

/** An array of `size` zeros that can hold values of `dtype`. */
export function createArray(dtype: DType, size: number): TypedArray {
  return new ARRAYS[dtype](size);
}

/** The bytes of `buffer` seen as values of `dtype`, without a copy. */
export function viewBytes(dtype: DType, buffer: ArrayBuffer): TypedArray {
  return new ARRAYS[dtype](buffer);
}

const RANK: Record<DType, number> = { bool: 0, u32: 1, i32: 2, f32: 3 };

/** The type both operands are converted to before an arithmetic operation: bool < u32 < i32 < f32. */
export function promote(a: DType, b: DType): DType {
  return RANK[a] >= RANK[b] ? a : b;
}
