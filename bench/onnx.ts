// ONNX files, written just far enough to hand a small graph to ONNX Runtime (protobuf fields from onnx.proto, opset 20).

/** A float32 or int64 constant of a graph. */
export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

/** An attribute: a whole number, a float, or a list of whole numbers. */
export type OnnxAttribute = number | { readonly float: number } | readonly number[];

/** One operation. */
export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

/** A graph with float32 inputs and outputs. */
export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly OnnxTensor[];
  readonly inputs: readonly { readonly name: string; readonly dims: readonly number[] }[];
  readonly outputs: readonly string[];
}

/** Parts of a protobuf message, joined once at the end. */
type Parts = Uint8Array[];

function varint(value: number | bigint): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return Uint8Array.from(bytes);
}

const lengthOf = (parts: Parts): number => parts.reduce((sum, part) => sum + part.length, 0);
const int = (field: number, value: number | bigint): Parts => [varint(field * 8), varint(value)];
const bytes = (field: number, parts: Parts): Parts => [
  varint(field * 8 + 2),
  varint(lengthOf(parts)),
  ...parts,
];
const text = (field: number, value: string): Parts =>
  bytes(field, [new TextEncoder().encode(value)]);
const float = (field: number, value: number): Parts => [
  varint(field * 8 + 5),
  new Uint8Array(Float32Array.of(value).buffer),
];

const FLOAT = 1;
const INT64 = 7;

function tensorProto(tensor: OnnxTensor): Parts {
  const { data } = tensor;
  return [
    ...tensor.dims.flatMap((dim) => int(1, dim)),
    ...int(2, data instanceof Float32Array ? FLOAT : INT64),
    ...text(8, tensor.name),
    ...bytes(9, [new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]),
  ];
}

function attributeProto(name: string, value: OnnxAttribute): Parts {
  if (typeof value === "number") return [...text(1, name), ...int(3, value), ...int(20, 2)];
  if ("float" in value) return [...text(1, name), ...float(2, value.float), ...int(20, 1)];
  return [...text(1, name), ...value.flatMap((i) => int(8, i)), ...int(20, 7)];
}

function nodeProto(node: OnnxNode): Parts {
  return [
    ...node.inputs.flatMap((name) => text(1, name)),
    ...node.outputs.flatMap((name) => text(2, name)),
    ...text(4, node.op),
    ...Object.entries(node.attributes ?? {}).flatMap(([name, value]) =>
      bytes(5, attributeProto(name, value)),
    ),
  ];
}

function valueInfo(name: string, dims: readonly number[] | null): Parts {
  const shape =
    dims === null
      ? []
      : bytes(
          2,
          dims.flatMap((dim) => bytes(1, int(1, dim))),
        );
  return [...text(1, name), ...bytes(2, bytes(1, [...int(1, FLOAT), ...shape]))];
}

/** The bytes of an ONNX model file with `graph`. */
export function encodeOnnx(graph: OnnxGraph): Uint8Array {
  const body = [
    ...graph.nodes.flatMap((node) => bytes(1, nodeProto(node))),
    ...text(2, "graph"),
    ...graph.constants.flatMap((tensor) => bytes(5, tensorProto(tensor))),
    ...graph.inputs.flatMap((input) => bytes(11, valueInfo(input.name, input.dims))),
    ...graph.outputs.flatMap((name) => bytes(12, valueInfo(name, null))),
  ];
  const parts = [...int(1, 9), ...bytes(8, [...text(1, ""), ...int(2, 20)]), ...bytes(7, body)];
  const file = new Uint8Array(lengthOf(parts));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}
