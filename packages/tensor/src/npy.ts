// NumPy's files as tensors: a leaf that reads its bytes when it is first needed, and a writer.
import { checkOptions } from "./check-options.ts";
import type { DType } from "./dtype.ts";
import { permuteNode } from "./graph/build.ts";
import { Node } from "./graph/node.ts";
import { byteSource, type ByteInput, type ByteSource, type ReadOptions } from "./io/byte-source.ts";
import {
  assertFloatType,
  FILE_DTYPE_BITS,
  heldAs,
  leafValues,
  type FloatType,
} from "./io/decode-dtype.ts";
import { encodeNpy } from "./io/encode-npy.ts";
import { encodeValues } from "./io/encode-values.ts";
import { readNpyHeader, type NpyHeader } from "./io/npy-header.ts";
import { swapBytes } from "./io/swap-bytes.ts";
import { checkDevice, currentDevice, type Device } from "./run/devices.ts";
import { sizeOf } from "./shape.ts";
import { nodeOf } from "./tensor-handle.ts";
import { Tensor } from "./tensor.ts";

/** How a file is opened. */
export interface ReadNpyOptions extends ReadOptions {
  /** Default: the device of the last `init`. */
  readonly device?: Device;
  /** In what floats are held; "f16" takes half the memory and rounds what is wider. Default: "f32". */
  readonly dtype?: FloatType;
}

/** The array of `source` in the order in which it lies there, read when it is first needed. */
function lazyLeaf(
  source: ByteSource,
  header: NpyHeader,
  held: { readonly device: Device; readonly dtype: FloatType },
): Node {
  const { dtype: fileDtype, bigEndian, fortranOrder, begin, end } = header;
  const dtype: DType = heldAs(fileDtype, held.dtype) ?? "f32";
  const shape = fortranOrder ? [...header.shape].reverse() : header.shape;
  const node = new Node({ kind: "leaf" }, [], shape, dtype, held.device, source.name);
  node.setSource({
    load: async (signal) => {
      const read = await source.read(begin, end, signal === undefined ? {} : { signal });
      const bytes = bigEndian ? swapBytes(read, (FILE_DTYPE_BITS[fileDtype] ?? 8) / 8) : read;
      const file = { dtype: fileDtype, bytes, size: sizeOf(shape) };
      return leafValues(file, dtype, { name: source.name, outOfRange: "NPY_VALUE_RANGE" });
    },
  });
  return node;
}

/**
 * Opens an npy file, versions 1.0 to 3.0, in C or Fortran order and any byte order. The header is read and checked now, the
 * data when the tensor is first realized. f2, f4 and f8 become f32, or f16 where `dtype` says so; i1 to i8 i32; u1 to u4 u32; b1 bool. A value that its
 * type cannot hold (NPY_VALUE_RANGE) is found when the data is read.
 * @throws PrismaError NPY_* naming what is wrong; DTYPE_UNSUPPORTED, SIZE_LIMIT, SOURCE_NOT_FOUND, SOURCE_TRUNCATED, NETWORK_FAILED, CANCELLED
 * @example
 * const file = await writeNpy(tensor([[1, 2], [3, 4]]));
 * await (await readNpy(file)).array(); // [[1, 2], [3, 4]]
 */
export async function readNpy(input: ByteInput, options: ReadNpyOptions = {}): Promise<Tensor> {
  checkOptions("readNpy", options, ["signal", "device", "dtype"]);
  checkDevice("readNpy", options.device);
  const { dtype = "f32" } = options;
  assertFloatType("readNpy", dtype);
  const source = byteSource(input);
  const device = options.device ?? currentDevice();
  const header = await readNpyHeader(source, options);
  const leaf = lazyLeaf(source, header, { device, dtype });
  const axes = header.shape.map((_, axis) => header.shape.length - 1 - axis);
  return new Tensor(header.fortranOrder ? permuteNode(leaf, axes) : leaf);
}

const DESCRS: Readonly<Record<DType, string>> = {
  f32: "<f4",
  f16: "<f2",
  i32: "<i4",
  u32: "<u4",
  bool: "|b1",
};

/**
 * The bytes of an npy file with `tensor`: version 1.0, C order, as `numpy.save` writes it.
 * @throws PrismaError ARGUMENT_INVALID, DISPOSED, OUT_OF_MEMORY, DEVICE_LOST
 * @example
 * (await writeNpy(tensor([1, 2]))).length; // 136
 */
export async function writeNpy(tensor: Tensor): Promise<Uint8Array<ArrayBuffer>> {
  const { dtype, shape } = nodeOf(tensor, "what writeNpy is given");
  return encodeNpy(DESCRS[dtype], shape, encodeValues(dtype, await tensor.data()));
}
