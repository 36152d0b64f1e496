// Golden cases of operations made by oracle/: PyTorch's float64 values and gradients, with PyTorch float32's own error beside each.
import { byteSource, PrismaError, type DType, type TypedArray } from "@prisma/tensor";
import { createArray } from "../../src/dtype.ts";
import { decodeValues, heldAs } from "../../src/io/decode-dtype.ts";
import { readSafetensorsHeader } from "../../src/io/safetensors-header.ts";
import { sizeOf } from "../../src/shape.ts";
import type { GoldenArguments } from "./apply-golden.ts";

/** A stored tensor. */
export interface GoldenTensor {
  readonly values: TypedArray;
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** The larger of 1e-5 of its largest magnitude and four times PyTorch float32's own error; relative for special cases. */
  readonly tolerance: number;
}

/** One case; see oracle/README.md. */
export interface GoldenCase {
  readonly id: string;
  readonly op: string;
  readonly args: GoldenArguments;
  readonly special: boolean;
  readonly inputs: readonly GoldenTensor[];
  readonly outputs: readonly GoldenTensor[];
  readonly weights: readonly GoldenTensor[];
  readonly grads: readonly (GoldenTensor | null)[];
}

interface StoredCase {
  readonly id: string;
  readonly op: string;
  readonly args: GoldenArguments;
  readonly special: boolean;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly weights: readonly string[];
  readonly grads: readonly (string | null)[];
}

// Taken apart, so that the bundler of the browser tests does not look for a file.
const here = import.meta.url;
const folder = new URL("../golden/", here);

async function readBytes(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const source = byteSource(new URL(name, folder));
  return source.read(0, await source.size());
}

async function readTensors(name: string): Promise<Map<string, GoldenTensor>> {
  const source = byteSource(await readBytes(name));
  const { entries, metadata, dataStart } = await readSafetensorsHeader(source);
  const numbers = (key: string): Record<string, number> =>
    JSON.parse(metadata.get(key) ?? "{}") as Record<string, number>;
  const [errors, magnitudes] = [numbers("float32_error"), numbers("max_abs")];
  const found = new Map<string, GoldenTensor>();
  for (const [key, entry] of entries) {
    const dtype = heldAs(entry.dtype)!;
    const values = createArray(dtype, sizeOf(entry.shape));
    const bytes = await source.read(dataStart + entry.begin, dataStart + entry.end);
    decodeValues(entry.dtype, bytes, values, key);
    const tolerance = Math.max(1e-5 * (magnitudes[key] ?? 0), 4 * (errors[key] ?? 0));
    found.set(key, { values, shape: entry.shape, dtype, tolerance });
  }
  return found;
}

/** The cases of one family, such as `ops-product`. */
export async function readGoldenCases(family: string): Promise<GoldenCase[]> {
  const text = new TextDecoder().decode(await readBytes(`${family}.json`));
  const tensors = await readTensors(`${family}.safetensors`);
  const at = (name: string): GoldenTensor => {
    const found = tensors.get(name);
    if (found === undefined) throw new PrismaError("INTERNAL", `${family}: no tensor ${name}`);
    return found;
  };
  return (JSON.parse(text) as StoredCase[]).map((one) => ({
    ...one,
    inputs: one.inputs.map(at),
    outputs: one.outputs.map(at),
    weights: one.weights.map(at),
    grads: one.grads.map((name) => (name === null ? null : at(name))),
  }));
}
