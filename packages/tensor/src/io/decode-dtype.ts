// Element types of files by their safetensors names, and how their bytes become values of ours.
import { createArray, type DType, type TypedArray } from "../dtype.ts";
import { kindOf, PrismaError, quoteName } from "../errors.ts";
import { decodeHalf, encodeHalves, HALF_OVERFLOW, halfWords } from "../half.ts";

/** Bits of one element by safetensors type name. Types we cannot hold are here too, so that files with them still open. */
export const FILE_DTYPE_BITS: Readonly<Record<string, number>> = Object.assign(
  Object.create(null) as Record<string, number>,
  {
    BOOL: 8,
    U8: 8,
    I8: 8,
    F8_E5M2: 8,
    F8_E4M3: 8,
    F8_E8M0: 8,
    F4: 4,
    F6_E2M3: 6,
    F6_E3M2: 6,
    I16: 16,
    U16: 16,
    F16: 16,
    BF16: 16,
    I32: 32,
    U32: 32,
    F32: 32,
    F64: 64,
    I64: 64,
    U64: 64,
    C64: 64,
  },
);

/** A type in which floats of files can be held. */
export type FloatType = "f32" | "f16";

/** @throws PrismaError DTYPE_UNSUPPORTED when floats cannot be held as `dtype` */
export function assertFloatType(operation: string, dtype: FloatType): void {
  if (dtype === "f32" || dtype === "f16") return;
  const shown = typeof dtype === "string" ? quoteName(dtype) : kindOf(dtype);
  throw new PrismaError(
    "DTYPE_UNSUPPORTED",
    `${operation}: dtype is ${shown}; the floats of a file can be held as f32 or f16`,
    { known: ["f32", "f16"] },
  );
}

/** The type in which a file's type is held, or null where it cannot be; floats are held as `floats`. */
export function heldAs(fileDtype: string, floats: FloatType = "f32"): DType | null {
  switch (fileDtype) {
    case "F32":
    case "F16":
    case "BF16":
    case "F64":
      return floats;
    case "I8":
    case "I16":
    case "I32":
    case "I64":
      return "i32";
    case "U8":
    case "U16":
    case "U32":
      return "u32";
    case "BOOL":
      return "bool";
    default:
      return null;
  }
}

/** What is read, for messages, and the code of a value that does not fit. */
export interface Place {
  readonly name: string;
  readonly outOfRange: "ST_VALUE_RANGE" | "NPY_VALUE_RANGE" | "PT_VALUE_RANGE";
}

function refuseValue({ name, outOfRange }: Place, value: string, target: string): never {
  throw new PrismaError(
    outOfRange,
    `${name}: the value ${value} does not fit the ${target} in which it would be held`,
    { value },
  );
}

function checkedInt64(value: bigint, place: Place): number {
  if (value < -2147483648n || value > 2147483647n) refuseValue(place, `${value} (I64)`, "i32");
  return Number(value);
}

/** Rounds to f32 what has one near; a number is not made infinite. */
function checkedFloat64(value: number, place: Place): number {
  const rounded = Math.fround(value);
  if (Number.isFinite(value) && !Number.isFinite(rounded))
    refuseValue(place, `${value} (F64)`, "f32");
  return rounded;
}

function checkedBool(value: number, place: Place): number {
  if (value > 1) refuseValue(place, `${value} (BOOL)`, "bool");
  return value;
}

type Reader = (view: DataView, byte: number) => number;

function readerOf(
  fileDtype: string,
  place: Place,
): { readonly bytes: number; readonly read: Reader } | null {
  switch (fileDtype) {
    case "F16":
      return { bytes: 2, read: (view, byte) => decodeHalf(view.getUint16(byte, true)) };
    case "F64":
      return { bytes: 8, read: (view, byte) => checkedFloat64(view.getFloat64(byte, true), place) };
    case "I64":
      return { bytes: 8, read: (view, byte) => checkedInt64(view.getBigInt64(byte, true), place) };
    case "I16":
      return { bytes: 2, read: (view, byte) => view.getInt16(byte, true) };
    case "U16":
      return { bytes: 2, read: (view, byte) => view.getUint16(byte, true) };
    case "I8":
      return { bytes: 1, read: (view, byte) => view.getInt8(byte) };
    case "U8":
      return { bytes: 1, read: (view, byte) => view.getUint8(byte) };
    case "BOOL":
      return { bytes: 1, read: (view, byte) => checkedBool(view.getUint8(byte), place) };
    default:
      return null;
  }
}

/**
 * Decodes little-endian `bytes` of `fileDtype` into `target`, whose type is {@link heldAs} of it.
 * @throws PrismaError ST_DTYPE_UNSUPPORTED, and `outOfRange`
 */
export function decodeValues(
  fileDtype: string,
  bytes: Uint8Array<ArrayBuffer>,
  target: TypedArray,
  name: string,
  outOfRange: Place["outOfRange"] = "ST_VALUE_RANGE",
): void {
  if (fileDtype === "F32" || fileDtype === "I32" || fileDtype === "U32") {
    new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(bytes);
    return;
  }
  if (fileDtype === "BF16") {
    const words = new Uint32Array(target.buffer, target.byteOffset, target.length);
    for (let i = 0; i < words.length; i++)
      words[i] = (((bytes[2 * i + 1] ?? 0) << 24) | ((bytes[2 * i] ?? 0) << 16)) >>> 0;
    return;
  }
  const reader = readerOf(fileDtype, { name, outOfRange });
  if (reader === null)
    throw new PrismaError(
      "ST_DTYPE_UNSUPPORTED",
      `${name}: elements of type ${fileDtype} cannot be held; convert the file to F32`,
      { dtype: fileDtype },
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < target.length; i++) target[i] = reader.read(view, i * reader.bytes);
}

/** Rounds to f16; a number is not made infinite. */
function roundToHalves(
  values: TypedArray,
  fileDtype: string,
  place: Place,
): Uint16Array<ArrayBuffer> {
  const large = values.find((value) => Number.isFinite(value) && Math.abs(value) >= HALF_OVERFLOW);
  if (large !== undefined) refuseValue(place, `${large} (${fileDtype})`, "f16");
  return encodeHalves(values);
}

/**
 * The `size` values of little-endian `bytes` of `fileDtype` as a leaf of `dtype` holds them, whose type is {@link heldAs}
 * of it. Halves held as f16 are taken over bit for bit.
 * @throws PrismaError ST_DTYPE_UNSUPPORTED, and `outOfRange` of `place`
 */
export function leafValues(
  file: { readonly dtype: string; readonly bytes: Uint8Array<ArrayBuffer>; readonly size: number },
  dtype: DType,
  place: Place,
): ArrayBufferView<ArrayBuffer> {
  if (dtype === "f16" && file.dtype === "F16")
    return halfWords(new Uint16Array(file.bytes.slice().buffer));
  const values = createArray(dtype, file.size);
  decodeValues(file.dtype, file.bytes, values, place.name, place.outOfRange);
  return dtype === "f16" ? halfWords(roundToHalves(values, file.dtype, place)) : values;
}
