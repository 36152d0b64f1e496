// Tensors from host values, constants, ranges and random numbers.
import { createArray, type DType, type TypedArray } from "./dtype.ts";
import { PrismaError } from "./errors.ts";
import {
  expandNode,
  indexNode,
  mapNode,
  numberLike,
  placeNode,
  scalarNode,
} from "./graph/build.ts";
import { Node } from "./graph/node.ts";
import { castNode, exactScalar } from "./ops/checks.ts";
import { currentDevice, maybeCurrentDevice, type Device } from "./run/devices.ts";
import { assertShape, formatShape, sizeOf, type Shape } from "./shape.ts";
import { Tensor } from "./tensor.ts";
import type { NestedArray } from "./tensor-handle.ts";

/** Where and as what a tensor is made. */
export interface CreateOptions {
  /** Default: f32, or what the values say. */
  readonly dtype?: DType;
  /** Default: the device of the last `init`. */
  readonly device?: Device;
}

/** Values a tensor can be made of. */
export type TensorValues =
  | NestedArray
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Uint8Array
  | Int8Array
  | Int16Array
  | Uint16Array;

function isTyped(values: TensorValues): values is Exclude<TensorValues, NestedArray> {
  return ArrayBuffer.isView(values);
}

function dtypeOf(values: TensorValues): DType {
  if (values instanceof Int32Array || values instanceof Int8Array || values instanceof Int16Array)
    return "i32";
  if (
    values instanceof Uint32Array ||
    values instanceof Uint16Array ||
    values instanceof Uint8Array
  )
    return "u32";
  let first: TensorValues | undefined = values;
  while (Array.isArray(first)) first = first[0];
  return typeof first === "boolean" ? "bool" : "f32";
}

/** Flattens nested arrays and finds their shape. */
function flatten(values: NestedArray): { readonly shape: number[]; readonly flat: number[] } {
  const shape: number[] = [];
  for (let level: NestedArray | undefined = values; Array.isArray(level); level = level[0])
    shape.push(level.length);
  const flat: number[] = [];
  const visit = (value: NestedArray | undefined, axis: number): void => {
    if (axis === shape.length && (typeof value === "number" || typeof value === "boolean"))
      flat.push(Number(value));
    else if (Array.isArray(value) && value.length === shape[axis])
      value.forEach((inner) => visit(inner, axis + 1));
    else
      throw new PrismaError(
        "SHAPE_INVALID",
        `tensor: the nested arrays are ragged at depth ${axis}; every list of one depth must have the same length and hold numbers`,
        { depth: axis },
      );
  };
  visit(values, 0);
  return { shape, flat };
}

function leaf(values: TypedArray, shape: Shape, dtype: DType, device: Device): Tensor {
  const node = new Node({ kind: "leaf" }, [], shape, dtype, device, "tensor");
  node.setSource({ load: () => values });
  return new Tensor(node);
}

/**
 * A tensor of host values: nested arrays, or a typed array with a shape. The values are copied.
 * @throws PrismaError SHAPE_INVALID, SHAPE_MISMATCH, DEVICE_UNAVAILABLE before `init`
 * @example
 * tensor([[1, 2, 3]]).shape; // [1, 3]
 */
export function tensor(
  values: TensorValues,
  options: CreateOptions & { readonly shape?: Shape } = {},
): Tensor {
  const { flat, shape: found } = isTyped(values)
    ? { flat: values, shape: [values.length] }
    : flatten(values);
  const shape = options.shape ?? found;
  assertShape("tensor", shape);
  if (sizeOf(shape) !== flat.length) {
    throw new PrismaError(
      "SHAPE_MISMATCH",
      `tensor: ${flat.length} values do not fill ${formatShape(shape)}, which has ${sizeOf(shape)} elements`,
      { values: flat.length, shape: [...shape] },
    );
  }
  const dtype = options.dtype ?? dtypeOf(values);
  const copy = createArray(dtype, flat.length);
  if (dtype === "bool") flat.forEach((value: number, i: number) => (copy[i] = value === 0 ? 0 : 1));
  else copy.set(flat);
  return leaf(copy, shape, dtype, options.device ?? currentDevice());
}

/**
 * `value` in every element.
 * @throws PrismaError SHAPE_INVALID, SIZE_LIMIT, ARGUMENT_INVALID when `dtype` cannot hold `value`
 * @example
 * await full([2], 7).array(); // [7, 7]
 */
export function full(shape: Shape, value: number, options: CreateOptions = {}): Tensor {
  assertShape("full", shape);
  const device = options.device ?? maybeCurrentDevice();
  const { op, dtype } = exactScalar("full", value, options.dtype ?? "f32");
  const scalar = new Node(op, [], [], dtype, device, "full");
  return new Tensor(expandNode(scalar, shape));
}

/**
 * Zeros.
 * @example
 * await zeros([2]).array(); // [0, 0]
 */
export function zeros(shape: Shape, options: CreateOptions = {}): Tensor {
  return full(shape, 0, options);
}

/**
 * Ones.
 * @example
 * await ones([2]).array(); // [1, 1]
 */
export function ones(shape: Shape, options: CreateOptions = {}): Tensor {
  return full(shape, 1, options);
}

/**
 * Whole numbers from `start` (default 0) up to but not including `end`, i32.
 * @example
 * await arange(3).array(); // [0, 1, 2]
 * await arange(2, 5).array(); // [2, 3, 4]
 */
export function arange(startOrEnd: number, end?: number, options: CreateOptions = {}): Tensor {
  const [from, to] = end === undefined ? [0, startOrEnd] : [startOrEnd, end];
  if (!Number.isInteger(from) || !Number.isInteger(to) || to < from) {
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `arange: from ${from} to ${to}: both must be whole numbers, the end not below the start`,
      { from, to },
    );
  }
  const coordinate = indexNode([to - from], 0, options.device ?? maybeCurrentDevice());
  return new Tensor(
    castNode(mapNode("add", coordinate, numberLike(from, coordinate)), options.dtype ?? "i32"),
  );
}

/**
 * The identity matrix of `size`, f32.
 * @example
 * await eye(2).array(); // [[1, 0], [0, 1]]
 */
export function eye(size: number, options: CreateOptions = {}): Tensor {
  const shape = [size, size];
  assertShape("eye", shape);
  const device = options.device ?? maybeCurrentDevice();
  return new Tensor(
    castNode(
      mapNode("eq", indexNode(shape, 0, device), indexNode(shape, 1, device)),
      options.dtype ?? "f32",
    ),
  );
}

/** How random numbers are made. */
export interface RandomOptions extends CreateOptions {
  /** Any whole number from 0 to 2^53 - 1. The same seed gives the same numbers. */
  readonly seed: number;
}

/** Random u32 bits for every element, from the element's place and the seed. */
function randomBits(operation: string, shape: Shape, options: RandomOptions): Node {
  assertShape(operation, shape);
  const { seed } = options;
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `${operation}: seed is ${seed}; it must be a whole number from 0 to 2^53 - 1`,
      { seed },
    );
  }
  const device = options.device ?? maybeCurrentDevice();
  const counter = castNode(placeNode(shape, device), "u32");
  const key = (word: number): Node => expandNode(scalarNode(word, "u32"), shape);
  return mapNode("threefry", counter, key(seed % 2 ** 32), key(Math.floor(seed / 2 ** 32)));
}

/**
 * Uniform in [0, 1) with 24 bits; the same bits on every device.
 * @throws PrismaError ARGUMENT_INVALID
 * @example
 * uniform([2, 3], { seed: 1 }).shape; // [2, 3]
 */
export function uniform(shape: Shape, options: RandomOptions): Tensor {
  return new Tensor(mapNode("uniformFromBits", randomBits("uniform", shape, options)));
}

/**
 * Standard normal, by the inverse distribution function; equal on every device to 1e-6.
 * @throws PrismaError ARGUMENT_INVALID
 * @example
 * randn([4], { seed: 0 }).dtype; // "f32"
 */
export function randn(shape: Shape, options: RandomOptions): Tensor {
  return new Tensor(mapNode("normalFromBits", randomBits("randn", shape, options)));
}
