// Element types of tensors, the typed arrays that hold them on the host, and how two types combine.

import { kindOf, PrismaError, quoteName } from "./errors.ts";

/**
 * Element type of a tensor. In device memory an element is a word of four bytes (`bool` the u32 0 or 1); two `f16` share
 * one. f16 is a way of storing: every operation that computes takes f16 as f32 and gives f32, views and picks keep it.
 */
export type DType = "f32" | "f16" | "i32" | "u32" | "bool";

/** Types that kernels compute in. */
export type MachineType = Exclude<DType, "f16">;

/** Host array for tensor values; `f16` values are a `Float32Array`, `bool` values a `Uint32Array` of zeros and ones. */
export type TypedArray =
  | Float32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>;

/** Bytes of one word of device memory. */
export const BYTES_PER_WORD = 4;

/** What is to be known of a type. */
interface TypeFacts {
  /** Host array of its values. */
  readonly array: Float32ArrayConstructor | Int32ArrayConstructor | Uint32ArrayConstructor;
  /** What kernels compute with. */
  readonly machine: MachineType;
  /** What its values are taken as in arithmetic. */
  readonly number: "f32" | "i32" | "u32";
  /** Elements that share a word of device memory. */
  readonly perWord: 1 | 2;
  /** Place in bool < u32 < i32 < f32. */
  readonly rank: number;
}

const FACTS: Readonly<Record<DType, TypeFacts>> = {
  f32: { array: Float32Array, machine: "f32", number: "f32", perWord: 1, rank: 3 },
  f16: { array: Float32Array, machine: "f32", number: "f32", perWord: 2, rank: 3 },
  i32: { array: Int32Array, machine: "i32", number: "i32", perWord: 1, rank: 2 },
  u32: { array: Uint32Array, machine: "u32", number: "u32", perWord: 1, rank: 1 },
  bool: { array: Uint32Array, machine: "bool", number: "i32", perWord: 1, rank: 0 },
};

/** @throws PrismaError DTYPE_UNSUPPORTED when `dtype` is none of ours */
export function assertKnownDType(operation: string, dtype: DType): void {
  if (Object.hasOwn(FACTS, dtype)) return;
  const shown = typeof dtype === "string" ? quoteName(dtype) : kindOf(dtype);
  throw new PrismaError(
    "DTYPE_UNSUPPORTED",
    `${operation}: ${shown} is no type of tensors; those are ${Object.keys(FACTS).join(", ")}`,
    { known: Object.keys(FACTS) },
  );
}

/** An array of `size` zeros that can hold values of `dtype`. */
export function createArray(dtype: DType, size: number): TypedArray {
  return new FACTS[dtype].array(size);
}

/** The bytes of `buffer` seen as values of `dtype`, without a copy. */
export function viewBytes(dtype: MachineType, buffer: ArrayBuffer): TypedArray {
  return new FACTS[dtype].array(buffer);
}

/** Words of device memory that `size` dense elements of `dtype` take. */
export function wordsOf(dtype: DType, size: number): number {
  return Math.ceil(size / FACTS[dtype].perWord);
}

/** Elements of `dtype` in one word of device memory. */
export function elementsPerWord(dtype: DType): number {
  return FACTS[dtype].perWord;
}

/** The type in which kernels compute with `dtype`. */
export function machineType(dtype: DType): MachineType {
  return FACTS[dtype].machine;
}

/** The type in which values of `dtype` take part in arithmetic: bools are counted as i32, f16 are f32. */
export function numberType(dtype: DType): "f32" | "i32" | "u32" {
  return FACTS[dtype].number;
}

/** The type both operands are converted to: bool < u32 < i32 < f32; f16 goes with nothing but itself, and is f32 otherwise. */
export function promote(a: DType, b: DType): DType {
  const wider = FACTS[a].rank >= FACTS[b].rank ? a : b;
  return a === b ? a : machineType(wider);
}
