// Writes safetensors files: every tensor aligned to its elements, in a fixed order, and only what the reader would accept.
import { PrismaError, quoteName } from "../errors.ts";
import { FILE_DTYPE_BITS } from "./decode-dtype.ts";
import { checkSafetensors } from "./safetensors-header.ts";

/** A tensor to write. */
export interface SafetensorsTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Little-endian values, row-major. */
  readonly bytes: Uint8Array;
}

const LENGTH_BYTES = 8;
const ALIGNMENT = 8;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

function assertText(what: string, text: string): void {
  if (LONE_SURROGATE.test(text))
    throw new PrismaError(
      "ST_NAME_INVALID",
      `writeSafetensors: ${what} ${quoteName(text)} has half of a surrogate pair`,
    );
}

function assertNames(tensors: readonly SafetensorsTensor[]): void {
  const seen = new Set<string>();
  for (const { name } of tensors) {
    assertText("the name", name);
    if (name === "__metadata__")
      throw new PrismaError(
        "ST_NAME_INVALID",
        "writeSafetensors: a tensor may not be called __metadata__",
      );
    if (seen.has(name))
      throw new PrismaError(
        "ST_DUPLICATE_KEY",
        `writeSafetensors: two tensors are called ${quoteName(name)}`,
      );
    seen.add(name);
  }
}

type Layout = ReadonlyMap<SafetensorsTensor, number>;

/** The byte of the data at which each tensor begins: large elements first, so that all are aligned; otherwise as given. */
function dataLayout(tensors: readonly SafetensorsTensor[]): Layout {
  const bits = ({ dtype }: SafetensorsTensor): number => FILE_DTYPE_BITS[dtype] ?? 0;
  const layout = new Map<SafetensorsTensor, number>();
  let at = 0;
  for (const tensor of [...tensors].sort((a, b) => bits(b) - bits(a))) {
    layout.set(tensor, at);
    at += tensor.bytes.length;
  }
  return layout;
}

/** The header as UTF-8, its keys in the order given. */
function headerText(
  tensors: readonly SafetensorsTensor[],
  metadata: ReadonlyMap<string, string>,
  layout: Layout,
): Uint8Array {
  const records = tensors.map((tensor) => {
    const { name, dtype, shape, bytes } = tensor;
    const begin = layout.get(tensor) ?? 0;
    const record = { dtype, shape, data_offsets: [begin, begin + bytes.length] };
    return `${JSON.stringify(name)}:${JSON.stringify(record)}`;
  });
  const pairs = [...metadata].map(
    ([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`,
  );
  const head = pairs.length === 0 ? [] : [`"__metadata__":{${pairs.join(",")}}`];
  return new TextEncoder().encode(`{${[...head, ...records].join(",")}}`);
}

/**
 * The bytes of a safetensors file. The reader's checks run on the result.
 * @throws PrismaError ST_NAME_INVALID, ST_DUPLICATE_KEY, ST_SIZE_MISMATCH, ST_DTYPE_UNKNOWN
 */
export function encodeSafetensors(
  tensors: readonly SafetensorsTensor[],
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array<ArrayBuffer> {
  assertNames(tensors);
  for (const [key, value] of metadata)
    [key, value].forEach((text) => assertText("the metadata", text));
  const layout = dataLayout(tensors);
  const header = headerText(tensors, metadata, layout);
  const padded = Math.ceil(header.length / ALIGNMENT) * ALIGNMENT;
  const dataBytes = tensors.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const file = new Uint8Array(LENGTH_BYTES + padded + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true);
  file.fill(0x20, LENGTH_BYTES, LENGTH_BYTES + padded);
  file.set(header, LENGTH_BYTES);
  for (const [{ bytes }, begin] of layout) file.set(bytes, LENGTH_BYTES + padded + begin);
  checkSafetensors(file, "writeSafetensors");
  return file;
}
