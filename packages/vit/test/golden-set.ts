// Golden sets made by oracle/: a model, its input, and PyTorch's float64 values with PyTorch float32's own error beside each.
import { repositoryFile } from "../../../test/repository-file.ts";
import { byteSource, readSafetensors, type Tensor, type TypedArray } from "@prisma/tensor";

/** One hook of a golden set. Copies along an axis are stored once. */
interface GoldenTensor {
  readonly tensor: string;
  readonly repeat?: number;
}

/** `golden.json` */
export interface GoldenIndex {
  readonly config: Readonly<Record<string, unknown>>;
  readonly classes: readonly [number, number];
  readonly input: string;
  readonly output: string;
  readonly activations: readonly string[];
  readonly gradients: readonly string[];
  readonly model: string;
  readonly hooks: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly activation: GoldenTensor;
    readonly gradient: GoldenTensor;
  }[];
}

/** A tensor to compare with. */
export interface Expected {
  readonly values: TypedArray;
  /** The larger of 1e-5 of its largest magnitude and four times PyTorch float32's own error. */
  readonly tolerance: number;
  readonly shape: readonly number[];
}

/** The folder of a golden set. */
export const goldenFolder = (name: string): URL =>
  repositoryFile(`packages/vit/test/golden/${name}/`);

/** A JSON file. */
export async function readJson<T>(url: URL): Promise<T> {
  const source = byteSource(url);
  return JSON.parse(new TextDecoder().decode(await source.read(0, await source.size()))) as T;
}

/** Every tensor of some files, with its tolerance. */
export async function readExpected(
  folder: URL,
  files: readonly string[],
): Promise<Map<string, Expected>> {
  const found = new Map<string, Expected>();
  for (const file of files) {
    const { tensors, metadata } = await readSafetensors(new URL(file, folder));
    const [errors, magnitudes] = ["float32_error", "max_abs"].map(
      (key) => JSON.parse(metadata.get(key) ?? "{}") as Record<string, number>,
    );
    for (const [name, tensor] of tensors) {
      const tolerance = Math.max(1e-5 * magnitudes![name]!, 4 * errors![name]!);
      found.set(name, { values: await valuesOf(tensor), tolerance, shape: tensor.shape });
    }
  }
  return found;
}

async function valuesOf(tensor: Tensor): Promise<TypedArray> {
  const values = await tensor.data();
  tensor.dispose();
  return values;
}

/** `expected`, its last axis repeated `size` times along a new axis before it. */
function repeated(expected: Expected, size: number): Float32Array {
  const row = expected.shape.at(-1)!;
  const from = (i: number): number => Math.floor(i / (row * size)) * row + (i % row);
  return Float32Array.from(
    { length: expected.values.length * size },
    (_, i) => expected.values[from(i)]!,
  );
}

/** Says how `found` differs from a golden tensor, or null when it is within its tolerance. */
export async function differenceFrom(
  expected: Expected,
  found: Tensor,
  golden: { readonly repeat?: number } = {},
): Promise<string | null> {
  const values = await found.data();
  const want =
    golden.repeat === undefined ? expected.values : repeated(expected, found.shape[golden.repeat]!);
  if (want.length !== values.length) return `${values.length} values, expected ${want.length}`;
  let worst = 0;
  values.forEach((value: number, i: number) => {
    const off = Math.abs(value - want[i]!);
    if (!(off <= worst)) worst = off;
  });
  return worst <= expected.tolerance ? null : `off by ${worst}, allowed ${expected.tolerance}`;
}
