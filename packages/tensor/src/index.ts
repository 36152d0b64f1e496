// The public surface of @prisma/tensor.
export { gradientsOf, grad, valueAndGrad, type TensorTree } from "./autograd/grad.ts";
export { concat, einsum, explain, realize, shareViews, stack, where } from "./combine.ts";
export { compile } from "./compile.ts";
export { arange, eye, full, ones, randn, tensor, uniform, zeros, type CreateOptions, type RandomOptions, type TensorValues } from "./create.ts";
export type { DType, TypedArray } from "./dtype.ts";
export type { Operand } from "./elementwise-tensor.ts";
export * from "./errors.ts";
export { memory, type Memory } from "./memory.ts";
export type { Axes } from "./ops/reduction.ts";
export type { Range } from "./ops/indexing.ts";
export { currentDevice, init, type Device, type InitOptions } from "./run/devices.ts";
export type { Explanation, KernelExplanation } from "./run/explain.ts";
export type { RealizeOptions } from "./run/realize.ts";
export { scope } from "./scope.ts";
export { formatShape, sameShape, type Shape } from "./shape.ts";
export { Tensor, type KeepDims } from "./tensor.ts";
export type { NestedArray } from "./tensor-handle.ts";
