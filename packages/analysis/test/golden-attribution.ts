// Golden files of attribution and lenses: a model, its images, and PyTorch's float64 values with their tolerances.
import { tensor, type Tensor } from "@prisma/tensor";
import { loadViT, type ViT } from "@prisma/vit";
import { repositoryFile } from "../../../test/repository-file.ts";
import { readExpected, readJson, type Expected } from "../../vit/test/golden-set.ts";

/** Every set: CLS, mean of patches, norm before the blocks, attention alone with mean of tokens, no norms, norms without weights; trained. */
export const SETS = [
  "timm-cls",
  "timm-avg",
  "timm-pre-norm",
  "prisma-attn-only",
  "prisma-no-norm",
  "prisma-ln-pre",
  "garment-scenes-vit",
];

/** One golden set, opened. */
export interface GoldenAttribution extends Disposable {
  readonly model: ViT;
  readonly input: Tensor;
  readonly expected: ReadonlyMap<string, Expected>;
}

/** Opens the golden set `name`. */
export async function openGolden(name: string): Promise<GoldenAttribution> {
  const golden = repositoryFile(`packages/vit/test/golden/${name}/`);
  const { model: folder } = await readJson<{ model: string }>(new URL("golden.json", golden));
  const expected = await readExpected(repositoryFile("packages/analysis/test/golden/"), [
    `attribution-${name}.safetensors`,
  ]);
  const { values, shape } = expected.get("input")!;
  const model = await loadViT(folder === "." ? golden : repositoryFile(folder));
  const input = tensor(values, { shape });
  const dispose = (): void => [model, input].forEach((one) => one.dispose());
  return { model, input, expected, [Symbol.dispose]: dispose };
}

/** Says how `found` differs from `expected`, or null when it is within the tolerance. */
export function differenceOf(
  expected: Expected | undefined,
  found: ArrayLike<number>,
): string | null {
  if (expected === undefined) return "there is no golden value";
  const { values, tolerance } = expected;
  if (found.length !== values.length) return `${found.length} values, expected ${values.length}`;
  const worst = Math.max(...Array.from(found, (value, i) => Math.abs(value - values[i]!)));
  return worst <= tolerance ? null : `off by ${worst}, allowed ${tolerance}`;
}
