// Safetensors files as tensors: leaves that read their own byte range when they are first needed, and a writer.
import { checkOptions } from "./check-options.ts";
import type { DType } from "./dtype.ts";
import { kindOf, PrismaError, quoteName } from "./errors.ts";
import { Node } from "./graph/node.ts";
import { byteSource, type ByteInput, type ByteSource, type ReadOptions } from "./io/byte-source.ts";
import { assertFloatType, heldAs, leafValues, type FloatType } from "./io/decode-dtype.ts";
import { encodeSafetensors } from "./io/encode-safetensors.ts";
import { encodeValues } from "./io/encode-values.ts";
import type { SafetensorsEntry } from "./io/safetensors-entry.ts";
import { readSafetensorsHeader } from "./io/safetensors-header.ts";
import type { SafetensorsLimits } from "./io/safetensors-limits.ts";
import { checkDevice, currentDevice, type Device } from "./run/devices.ts";
import { sizeOf } from "./shape.ts";
import { nodeOf } from "./tensor-handle.ts";
import { Tensor } from "./tensor.ts";

/** A file opened: its tensors, not read yet, and its metadata. */
export interface Safetensors {
  /** Lazy tensors by name; each reads its bytes when it is first realized. The caller disposes them. */
  readonly tensors: Map<string, Tensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** How a file is opened. */
export interface ReadSafetensorsOptions extends SafetensorsLimits, ReadOptions {
  /** Default: the device of the last `init`. */
  readonly device?: Device;
  /** In what floats are held; "f16" takes half the memory and rounds what is wider. Default: "f32". */
  readonly dtype?: FloatType;
}

function lazyTensor(
  source: ByteSource,
  name: string,
  entry: SafetensorsEntry,
  dataStart: number,
  held: { readonly device: Device; readonly dtype: FloatType },
): Tensor {
  const dtype: DType = heldAs(entry.dtype, held.dtype) ?? "f32";
  const label = `${source.name}: tensor ${quoteName(name)}`;
  const node = new Node({ kind: "leaf" }, [], entry.shape, dtype, held.device, label);
  node.setSource({
    load: async (signal) => {
      if (heldAs(entry.dtype) === null) {
        throw new PrismaError(
          "ST_DTYPE_UNSUPPORTED",
          `${label}: elements of type ${entry.dtype} cannot be held; convert the file to F32`,
          { dtype: entry.dtype },
        );
      }
      const bytes = await source.read(
        dataStart + entry.begin,
        dataStart + entry.end,
        signal === undefined ? {} : { signal },
      );
      const file = { dtype: entry.dtype, bytes, size: sizeOf(entry.shape) };
      return leafValues(file, dtype, { name: label, outOfRange: "ST_VALUE_RANGE" });
    },
  });
  return new Tensor(node);
}

const READ_OPTIONS: readonly (keyof ReadSafetensorsOptions)[] = [
  "headerBytes",
  "tensors",
  "nameBytes",
  "rank",
  "metadataPairs",
  "signal",
  "device",
  "dtype",
];

/**
 * Opens a safetensors file. Only its header is read now, and checked whole: nothing of a damaged file is believed.
 * F16, BF16 and F64 become f32, or f16 where `dtype` says so; integers of other sizes i32 or u32. A value that its type
 * cannot hold (ST_VALUE_RANGE) is found when the data is read.
 * @throws PrismaError ST_* naming what is wrong; DTYPE_UNSUPPORTED, SOURCE_NOT_FOUND, SOURCE_TRUNCATED, NETWORK_FAILED, CANCELLED
 * @example
 * const file = writeSafetensors(new Map([["w", await tensor([1, 2]).realize()]]));
 * const { tensors } = await readSafetensors(await file);
 * await tensors.get("w")!.array(); // [1, 2]
 */
export async function readSafetensors(
  input: ByteInput,
  options: ReadSafetensorsOptions = {},
): Promise<Safetensors> {
  checkOptions("readSafetensors", options, READ_OPTIONS);
  checkDevice("readSafetensors", options.device);
  const { dtype = "f32" } = options;
  assertFloatType("readSafetensors", dtype);
  const source = byteSource(input);
  const device = options.device ?? currentDevice();
  const header = await readSafetensorsHeader(source, options);
  const tensors = new Map<string, Tensor>();
  for (const [name, entry] of header.entries)
    tensors.set(name, lazyTensor(source, name, entry, header.dataStart, { device, dtype }));
  return { tensors, metadata: header.metadata };
}

const FILE_DTYPES: Readonly<Record<DType, string>> = {
  f32: "F32",
  f16: "F16",
  i32: "I32",
  u32: "U32",
  bool: "BOOL",
};

function checkText(role: string, value: unknown): void {
  if (typeof value !== "string")
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `writeSafetensors: ${role} is ${kindOf(value)}; it must be text`,
    );
}

/** @throws PrismaError ARGUMENT_INVALID when `map` is no map from text, and what `check` throws of its values */
function checkMap(role: string, map: unknown, check: (value: unknown) => void): void {
  if (!(map instanceof Map))
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `writeSafetensors: the ${role} are ${kindOf(map)}; they must be a Map`,
    );
  for (const [name, value] of map) {
    checkText("a name", name);
    check(value);
  }
}

/**
 * The bytes of a safetensors file with `tensors`.
 * @throws PrismaError ARGUMENT_INVALID, ST_NAME_INVALID, ST_DUPLICATE_KEY, DISPOSED
 * @example
 * const bytes = await writeSafetensors(new Map([["w", tensor([1, 2])]]), new Map([["made", "here"]]));
 * const { metadata } = await readSafetensors(bytes);
 * metadata.get("made"); // "here"
 */
export async function writeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Promise<Uint8Array<ArrayBuffer>> {
  checkMap("tensors", tensors, (tensor) => void nodeOf(tensor as Tensor, "one of the tensors"));
  checkMap("metadata", metadata, (value) => checkText("a value of the metadata", value));
  const entries = [];
  for (const [name, tensor] of tensors) {
    const bytes = encodeValues(tensor.dtype, await tensor.data());
    entries.push({ name, dtype: FILE_DTYPES[tensor.dtype], shape: tensor.shape, bytes });
  }
  return encodeSafetensors(entries, metadata);
}
