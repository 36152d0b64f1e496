// The public surface of @prisma/tensor.
export { gradientsOf, grad, valueAndGrad, type TensorTree } from "./autograd/grad.ts";
export { alias } from "./alias.ts";
export type { Operand } from "./arithmetic-tensor.ts";
export { concat, einsum, explain, realize, shareViews, stack, where } from "./combine.ts";
export { compile, type Compiled } from "./compile.ts";
export {
  arange,
  eye,
  full,
  ones,
  randn,
  tensor,
  uniform,
  zeros,
  type CreateOptions,
  type RandomOptions,
  type TensorValues,
} from "./create.ts";
export type { DType, TypedArray } from "./dtype.ts";
export * from "./errors.ts";
export { linspace } from "./linspace.ts";
export { memory, type Memory } from "./memory.ts";
export type { Axes } from "./ops/reduction.ts";
export type { Range } from "./ops/indexing.ts";
export type { Descending, KeepDims } from "./reduction-tensor.ts";
export {
  currentDevice,
  init,
  maybeCurrentDevice,
  type Device,
  type InitOptions,
} from "./run/devices.ts";
export type { Explanation, KernelExplanation } from "./run/explain.ts";
export { permutation } from "./permutation.ts";
export type { RealizeOptions } from "./run/realize.ts";
export { listFolder } from "./io/list-folder.ts";
export { byteSource, type ByteInput, type ByteSource } from "./io/byte-source.ts";
export {
  readSafetensors,
  writeSafetensors,
  type ReadSafetensorsOptions,
  type Safetensors,
} from "./safetensors.ts";
export {
  readTorch,
  type ReadTorchOptions,
  type TorchDict,
  type TorchFile,
  type TorchValue,
} from "./torch.ts";
export { readNpy, writeNpy, type ReadNpyOptions } from "./npy.ts";
export { referenceValues } from "./reference-values.ts";
export { scope } from "./scope.ts";
export { formatShape, sameShape, type Shape } from "./shape.ts";
export { Tensor } from "./tensor.ts";
export { withGradient } from "./with-gradient.ts";
export type { NestedArray } from "./tensor-handle.ts";
