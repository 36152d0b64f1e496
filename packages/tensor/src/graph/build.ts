// Builders of nodes from nodes whose shapes are already known to fit; rules of use are in `ops/`.
import type { DType } from "../dtype.ts";
import { decodeHalf, encodeHalf } from "../half.ts";
import { assertShape, stridesOf, type Shape } from "../shape.ts";
import { RESULT_TYPES, type ScalarFunctionName } from "./functions/names.ts";
import { Node, type DeviceTag, type Reduction } from "./node.ts";

const deviceAmong = (nodes: readonly Node[]): DeviceTag | null =>
  nodes.find((node) => node.device !== null)?.device ?? null;

function derive(
  op: Node["op"],
  inputs: readonly Node[],
  shape: Shape,
  dtype: DType,
  label: string = op.kind,
): Node {
  assertShape(label, shape);
  return new Node(op, inputs, shape, dtype, deviceAmong(inputs), label);
}

/** A number given per run, of shape []; rounded where `dtype` is f16. */
export function scalarNode(value: number, dtype: DType = "f32"): Node {
  const held = dtype === "f16" ? decodeHalf(encodeHalf(value)) : value;
  return derive({ kind: "scalar", value: held }, [], [], dtype);
}

/** `fn` of inputs of one shape. */
export function mapNode(fn: ScalarFunctionName, ...inputs: Node[]): Node {
  const rule = RESULT_TYPES[fn];
  const first = inputs[inputs.length - 1];
  if (first === undefined) throw new RangeError("a map needs an input");
  return derive({ kind: "map", fn }, inputs, first.shape, rule === "same" ? first.dtype : rule, fn);
}

/** `x` repeated to `shape`. */
export function expandNode(x: Node, shape: Shape): Node {
  return sameSizes(x.shape, shape) ? x : derive({ kind: "expand" }, [x], shape, x.dtype);
}

function sameSizes(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** The number `value` in the shape and type of `like`. */
export function numberLike(value: number, like: Node): Node {
  return expandNode(scalarNode(value, like.dtype), like.shape);
}

/** `x` under another shape of the same size. */
export function reshapeNode(x: Node, shape: Shape): Node {
  return sameSizes(x.shape, shape) ? x : derive({ kind: "reshape" }, [x], shape, x.dtype);
}

/** Axis i of the result is axis `axes[i]` of `x`. */
export function permuteNode(x: Node, axes: readonly number[]): Node {
  return axes.every((axis, i) => axis === i)
    ? x
    : derive(
        { kind: "permute", axes },
        [x],
        axes.map((axis) => x.shape[axis] ?? 1),
        x.dtype,
      );
}

/** `shape` elements of `x`: coordinate c reads `starts + c * steps`. */
export function sliceNode(
  x: Node,
  starts: readonly number[],
  shape: Shape,
  steps: readonly number[] = shape.map(() => 1),
): Node {
  const whole =
    sameSizes(x.shape, shape) &&
    starts.every((start) => start === 0) &&
    steps.every((step) => step === 1);
  return whole ? x : derive({ kind: "slice", starts, steps }, [x], shape, x.dtype);
}

/** `x` standing at `before` in `shape`, `fill` (shape []) around it. */
export function padNode(
  x: Node,
  before: readonly number[],
  shape: Shape,
  fill: Node = scalarNode(0, x.dtype),
): Node {
  return sameSizes(x.shape, shape)
    ? x
    : derive({ kind: "pad", before }, [x, expandNode(fill, shape)], shape, x.dtype);
}

/** `inputs` one after another along `axis`. */
export function concatNode(inputs: readonly Node[], axis: number): Node {
  const [first] = inputs;
  if (first === undefined) throw new RangeError("concat needs an input");
  const total = inputs.reduce((sum, input) => sum + (input.shape[axis] ?? 0), 0);
  return inputs.length === 1
    ? first
    : derive(
        { kind: "concat", axis },
        inputs,
        first.shape.map((size, a) => (a === axis ? total : size)),
        first.dtype,
      );
}

/** `fn` over `axes`, which keep size 1. */
export function reduceNode(fn: Reduction, x: Node, axes: readonly number[]): Node {
  const shape = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const places = fn === "argmax" || fn === "argmin";
  return axes.length === 0 && !places
    ? x
    : derive({ kind: "reduce", fn, axes }, [x], shape, places ? "i32" : x.dtype, fn);
}

/** Sum of products over the labels that `out` lacks; labels are numbers, one size each. */
export function contractNode(
  a: Node,
  aLabels: readonly number[],
  b: Node,
  bLabels: readonly number[],
  out: readonly number[],
): Node {
  const sizeOfLabel = (label: number): number =>
    a.shape[aLabels.indexOf(label)] ?? b.shape[bLabels.indexOf(label)] ?? 1;
  return derive(
    { kind: "contract", a: aLabels, b: bLabels, out },
    [a, b],
    out.map(sizeOfLabel),
    "f32",
    "product",
  );
}

/** i32 coordinate along `axis` of `shape`. */
export function indexNode(shape: Shape, axis: number, device: DeviceTag | null): Node {
  return new Node({ kind: "index", axis }, [], shape, "i32", device, "index");
}

/** i32 row-major place of each element of `shape`. */
export function placeNode(shape: Shape, device: DeviceTag | null): Node {
  const strides = stridesOf(shape);
  return (
    shape.reduce<Node | null>((sum, _, axis) => {
      const coordinate = indexNode(shape, axis, device);
      const term = mapNode("mul", coordinate, numberLike(strides[axis] ?? 1, coordinate));
      return sum === null ? term : mapNode("add", sum, term);
    }, null) ?? scalarNode(0, "i32")
  );
}

/** out[.., i, ..] = x[.., index[.., i, ..], ..]; `index` has the result's shape. */
export function gatherNode(x: Node, index: Node, axis: number): Node {
  return derive({ kind: "gather", axis }, [x, index], index.shape, x.dtype);
}

/** Zeros of `shape` with `source` added at `index` along `axis`. */
export function scatterAddNode(index: Node, source: Node, axis: number, shape: Shape): Node {
  return derive({ kind: "scatterAdd", axis }, [index, source], shape, source.dtype);
}

/** i32 places that bring the last axis in order. */
export function argSortNode(x: Node, descending: boolean): Node {
  return derive({ kind: "argSort", descending }, [x], x.shape, "i32");
}

/** i32 places of the `k` largest along the last axis. */
export function argTopKNode(x: Node, k: number): Node {
  return derive({ kind: "argTopK", k }, [x], [...x.shape.slice(0, -1), k], "i32");
}
