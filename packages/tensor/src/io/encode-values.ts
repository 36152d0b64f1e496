// How tensors lie in files: the bytes of values as safetensors and npy hold them, little-endian.
import type { DType, TypedArray } from "../dtype.ts";
import { encodeHalves } from "../half.ts";

/** `values` of a tensor of `dtype` as bytes: two for an f16, one for a bool, else four. */
export function encodeValues(dtype: DType, values: TypedArray): Uint8Array<ArrayBuffer> {
  if (dtype === "bool") return Uint8Array.from(values);
  if (dtype === "f16") return new Uint8Array(encodeHalves(values).buffer);
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
