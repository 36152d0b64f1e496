// Golden files of edits: a model, two inputs, a reference set, and what PyTorch gives when tensors are changed in place.
import type { NameFilters } from "@prisma/hooks";
import { tensor, type Tensor } from "@prisma/tensor";
import { loadViT, type ViT } from "@prisma/vit";
import { repositoryFile } from "../../../test/repository-file.ts";
import { readExpected, readJson, type Expected } from "../../vit/test/golden-set.ts";
import { eraseRegion, referenceMeans, type Edit, type ReferenceSet } from "../src/index.ts";

/** CLS, mean of tokens with attention alone, and two scenes of the trained model. */
export const EDIT_SETS = ["timm-cls", "prisma-attn-only", "scene-0", "scene-1"];
/** Random models; their sets have more cases. */
export const RANDOM_SETS = ["timm-cls", "prisma-attn-only"];

interface GoldenIndex {
  readonly model: string;
  readonly classes: readonly [number, number];
  readonly cases: readonly { readonly name: string; readonly edits: readonly Edit[] }[];
  readonly scene?: string;
  readonly references?: readonly string[];
  readonly box?: { left: number; top: number; width: number; height: number };
}

/** One golden set, opened. */
export interface GoldenEdits extends Disposable {
  readonly index: GoldenIndex;
  readonly model: ViT;
  readonly clean: Tensor;
  readonly corrupted: Tensor;
  readonly reference: ReferenceSet;
  readonly expected: ReadonlyMap<string, Expected>;
}

type Inputs = Readonly<Record<"clean" | "corrupted" | "references", Tensor>>;

/** Scenes from their files, the brighter garment painted out by our own hand. */
async function sceneInputs(model: ViT, index: GoldenIndex, folder: URL): Promise<Inputs> {
  const file = (name: string): URL => new URL(`scenes/${name}`, folder);
  const { input, images } = await model.preprocess(file(index.scene!), { details: true });
  const erased = eraseRegion(images[0]!.picture, index.box!, { fill: 0 });
  const references = await model.preprocess(index.references!.map(file));
  return { clean: input, corrupted: await model.preprocess(erased), references };
}

function storedInputs(expected: ReadonlyMap<string, Expected>): Inputs {
  const input = (name: string): Tensor => {
    const { values, shape } = expected.get(name)!;
    return tensor(values, { shape });
  };
  return { clean: input("clean"), corrupted: input("corrupted"), references: input("reference") };
}

/** Opens the golden set `name`, with the means of `names`. */
export async function openEdits(name: string, names: NameFilters): Promise<GoldenEdits> {
  const golden = repositoryFile("packages/analysis/test/golden/");
  const index = await readJson<GoldenIndex>(new URL(`edits-${name}.json`, golden));
  const expected = await readExpected(golden, [`edits-${name}.safetensors`]);
  const folder =
    index.scene === undefined
      ? repositoryFile(`packages/vit/test/golden/${index.model}/`)
      : repositoryFile(`apps/demo/public/models/${index.model}/`);
  const model = await loadViT(folder);
  const inputs =
    index.scene === undefined ? storedInputs(expected) : await sceneInputs(model, index, folder);
  const { clean, corrupted, references } = inputs;
  const reference = await referenceMeans(model, references, { names: names as "hook_embed" });
  const dispose = (): void =>
    [model, clean, corrupted, references, reference].forEach((one) => one.dispose());
  return { index, model, clean, corrupted, reference, expected, [Symbol.dispose]: dispose };
}

/** Mean and standard error over the images of golden values `[B, ...]`, at the same tolerance. */
export function statisticsOf(expected: Expected): { mean: Expected; error: Expected } {
  const [batch = 1, ...shape] = expected.shape;
  const size = expected.values.length / batch;
  const perCell = (of: (values: number[]) => number): Expected => ({
    shape,
    tolerance: expected.tolerance,
    values: Float32Array.from({ length: size }, (_, cell) =>
      of(Array.from({ length: batch }, (_, image) => expected.values[image * size + cell]!)),
    ),
  });
  const mean = (values: number[]): number => values.reduce((sum, x) => sum + x, 0) / batch;
  const deviation = (values: number[]): number =>
    Math.sqrt(values.reduce((sum, x) => sum + (x - mean(values)) ** 2, 0) / (batch - 1));
  return {
    mean: perCell(mean),
    error: perCell((values) => deviation(values) / Math.sqrt(batch)),
  };
}
