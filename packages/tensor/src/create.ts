// Tensors from host values, constants, ranges and random numbers.
import { checkOptions } from "./check-options.ts";
import { assertKnownDType, createArray, type DType } from "./dtype.ts";
import { kindOf, PrismaError } from "./errors.ts";
import {
  expandNode,
  indexNode,
  mapNode,
  numberLike,
  placeNode,
  scalarNode,
} from "./graph/build.ts";
import { Node } from "./graph/node.ts";
import { encodeHalves, halfWords } from "./half.ts";
import { assertHeld, castNode, exactScalar } from "./ops/checks.ts";
import { checkDevice, currentDevice, maybeCurrentDevice, type Device } from "./run/devices.ts";
import { assertShape, formatShape, MAX_RANK, sizeOf, type Shape } from "./shape.ts";
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

const TYPES: readonly (readonly [type: abstract new () => object, dtype: DType])[] = [
  [Float32Array, "f32"],
  [Float64Array, "f32"],
  [Int32Array, "i32"],
  [Int16Array, "i32"],
  [Int8Array, "i32"],
  [Uint32Array, "u32"],
  [Uint16Array, "u32"],
  [Uint8Array, "u32"],
];

/** Values one after another, the shape they came in, and the type they have if none is asked for. */
interface Flat {
  readonly flat: ArrayLike<number>;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

function isTyped(values: TensorValues): values is Exclude<TensorValues, NestedArray> {
  return ArrayBuffer.isView(values);
}

function flatten(values: TensorValues): Flat {
  if (!isTyped(values)) return flattenNested(values);
  const type = TYPES.find(([one]) => values instanceof one);
  if (type === undefined) throw notValues(values);
  return { flat: values, shape: [values.length], dtype: type[1] };
}

function notValues(values: unknown): PrismaError {
  return new PrismaError(
    "ARGUMENT_INVALID",
    `tensor: the values are ${kindOf(values)}; they may be a number, a boolean, nested arrays of either, or a typed array of at most 32 bits an integer`,
  );
}

/** Sizes of the first array at every depth. */
function nestedShape(values: NestedArray): number[] {
  const shape: number[] = [];
  for (let level: NestedArray | undefined = values; Array.isArray(level); level = level[0]) {
    shape.push(level.length);
    if (shape.length > MAX_RANK) assertShape("tensor", shape);
  }
  return shape;
}

/** Flattens nested arrays and finds their shape. */
function flattenNested(values: NestedArray): Flat {
  const shape = nestedShape(values);
  const flat: number[] = [];
  const kinds = new Set<string>();
  const visit = (value: NestedArray | undefined, axis: number): void => {
    if (axis === shape.length && (typeof value === "number" || typeof value === "boolean")) {
      kinds.add(typeof value);
      flat.push(Number(value));
    } else if (Array.isArray(value) && value.length === shape[axis])
      value.forEach((inner) => visit(inner, axis + 1));
    else if (axis < shape.length && (Array.isArray(value) || typeof value === "number"))
      throw new PrismaError(
        "SHAPE_INVALID",
        `tensor: the nested arrays are ragged at depth ${axis}; every list of one depth must have the same length`,
        { depth: axis },
      );
    else throw notValues(value);
  };
  visit(values, 0);
  if (kinds.size > 1)
    throw new PrismaError(
      "ARGUMENT_INVALID",
      "tensor: the values are numbers and booleans mixed; they must be one or the other",
    );
  return { flat, shape, dtype: kinds.has("boolean") ? "bool" : "f32" };
}

/**
 * A copy of `flat` as a leaf of `dtype` holds it: numbers are made bools by `!= 0`, must be what an integer type holds, and
 * are rounded to f32 and f16, which makes none infinite.
 */
function copyAs(dtype: DType, flat: ArrayLike<number>): ArrayBufferView<ArrayBuffer> {
  if (dtype === "f16") {
    for (let i = 0; i < flat.length; i++) assertHeld("tensor", flat[i] ?? Number.NaN, dtype);
    return halfWords(encodeHalves(flat));
  }
  const copy = createArray(dtype, flat.length);
  if (dtype === "bool") {
    for (let i = 0; i < flat.length; i++) copy[i] = flat[i] === 0 ? 0 : 1;
    return copy;
  }
  copy.set(flat);
  if (dtype === "f32") return copy;
  const changed = copy.findIndex((value, i) => value !== flat[i]);
  if (changed >= 0) assertHeld("tensor", flat[changed] ?? Number.NaN, dtype);
  return copy;
}

/** The options of a function that makes tensors, checked; `more` are keys besides `dtype` and `device`. */
export function checkCreateOptions(
  operation: string,
  options: CreateOptions,
  more: readonly string[] = [],
): void {
  checkOptions(operation, options, ["dtype", "device", ...more]);
  if (options.dtype !== undefined) assertKnownDType(operation, options.dtype);
  checkDevice(operation, options.device);
}

function leaf(
  values: ArrayBufferView<ArrayBuffer>,
  shape: Shape,
  dtype: DType,
  device: Device,
): Tensor {
  const node = new Node({ kind: "leaf" }, [], shape, dtype, device, "tensor");
  node.setSource({ load: () => values });
  return new Tensor(node);
}

/**
 * A tensor of host values: nested arrays, or a typed array with a shape. The values are copied.
 * @throws PrismaError ARGUMENT_INVALID also for numbers that an integer type would cut off; SHAPE_INVALID, SHAPE_MISMATCH,
 * DTYPE_UNSUPPORTED, DEVICE_UNAVAILABLE before `init`
 * @example
 * tensor([[1, 2, 3]]).shape; // [1, 3]
 */
export function tensor(
  values: TensorValues,
  options: CreateOptions & { readonly shape?: Shape } = {},
): Tensor {
  checkCreateOptions("tensor", options, ["shape"]);
  const { flat, shape: found, dtype } = flatten(values);
  const shape = options.shape ?? found;
  assertShape("tensor", shape);
  if (sizeOf(shape) !== flat.length) {
    throw new PrismaError(
      "SHAPE_MISMATCH",
      `tensor: ${flat.length} values do not fill ${formatShape(shape)}, which has ${sizeOf(shape)} elements`,
      { values: flat.length, shape: [...shape] },
    );
  }
  const held = options.dtype ?? dtype;
  return leaf(copyAs(held, flat), shape, held, options.device ?? currentDevice());
}

/**
 * `value` in every element.
 * @throws PrismaError SHAPE_INVALID, SIZE_LIMIT, ARGUMENT_INVALID when `dtype` cannot hold `value`
 * @example
 * await full([2], 7).array(); // [7, 7]
 */
export function full(shape: Shape, value: number, options: CreateOptions = {}): Tensor {
  return constant("full", shape, value, options);
}

function constant(operation: string, shape: Shape, value: number, options: CreateOptions): Tensor {
  checkCreateOptions(operation, options);
  assertShape(operation, shape);
  const device = options.device ?? maybeCurrentDevice();
  const { op, dtype } = exactScalar(operation, value, options.dtype ?? "f32");
  return new Tensor(expandNode(new Node(op, [], [], dtype, device, operation), shape));
}

/**
 * Zeros.
 * @throws PrismaError SHAPE_INVALID, SIZE_LIMIT
 * @example
 * await zeros([2]).array(); // [0, 0]
 */
export function zeros(shape: Shape, options: CreateOptions = {}): Tensor {
  return constant("zeros", shape, 0, options);
}

/**
 * Ones.
 * @throws PrismaError SHAPE_INVALID, SIZE_LIMIT
 * @example
 * await ones([2]).array(); // [1, 1]
 */
export function ones(shape: Shape, options: CreateOptions = {}): Tensor {
  return constant("ones", shape, 1, options);
}

/**
 * Whole numbers from `start` (default 0) up to but not including `end`, i32.
 * @example
 * await arange(3).array(); // [0, 1, 2]
 * await arange(2, 5).array(); // [2, 3, 4]
 */
export function arange(startOrEnd: number, end?: number, options: CreateOptions = {}): Tensor {
  checkCreateOptions("arange", options);
  const [from, to] = end === undefined ? [0, startOrEnd] : [startOrEnd, end];
  const whole = [from, to].every((bound) => Number.isInteger(bound) && Math.abs(bound) <= 2 ** 31);
  if (!whole || to < from) {
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `arange: from ${String(from)} to ${String(to)}: both must be whole numbers of at most 2^31 in size, the end not below the start`,
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
  checkCreateOptions("eye", options);
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
export interface RandomOptions {
  /** Default: the device of the last `init`. */
  readonly device?: Device;
  /** Any whole number from 0 to 2^53 - 1. The same seed gives the same numbers. */
  readonly seed: number;
}

/** Random u32 bits for every element, from the element's place and the seed. */
export function randomBits(operation: string, shape: Shape, options: RandomOptions): Node {
  checkOptions(operation, options, ["seed", "device"]);
  checkDevice(operation, options.device);
  assertShape(operation, shape);
  const { seed } = options;
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `${operation}: seed is ${String(seed)}; it must be a whole number from 0 to 2^53 - 1`,
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
