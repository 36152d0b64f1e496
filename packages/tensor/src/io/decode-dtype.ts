// Element types of files by their safetensors names, and how their bytes become values of ours.
import type { DType, TypedArray } from "../dtype.ts";
import { PrismaError } from "../errors.ts";

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

/** The type in which a file's type is held, or null where it cannot be. */
export function heldAs(fileDtype: string): DType | null {
  switch (fileDtype) {
    case "F32":
    case "F16":
    case "BF16":
    case "F64":
      return "f32";
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

/** The f32 with the value of an IEEE half. */
function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** What is read, for messages, and the code of a value that does not fit. */
interface Place {
  readonly name: string;
  readonly outOfRange: "ST_VALUE_RANGE" | "NPY_VALUE_RANGE";
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
      return { bytes: 2, read: (view, byte) => halfToFloat(view.getUint16(byte, true)) };
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
