// The golden set of preprocessing: what each library made of each picture.
import type { ConfigFile } from "../../src/families/family.ts";
import { openClipPreprocess } from "../../src/images/open-clip-preprocess.ts";
import type { PreprocessConfig } from "../../src/images/preprocess-config.ts";
import { timmPreprocess } from "../../src/images/timm-preprocess.ts";
import { transformersPreprocess } from "../../src/images/transformers-preprocess.ts";
import { goldenFolder, readExpected, readJson, type Expected } from "../golden-set.ts";

/** A library, its file, and the pictures that it prepared. */
export interface Pipeline {
  readonly id: string;
  readonly library: "timm" | "transformers" | "open_clip";
  readonly file: ConfigFile;
  readonly size?: number | readonly [number, number];
  readonly model_type?: string;
  readonly pictures: readonly string[];
  readonly sha256?: string;
}

interface PipelineIndex {
  readonly files: readonly string[];
  readonly stride: number;
  readonly refused: readonly string[];
  readonly pipelines: readonly Pipeline[];
  readonly full: readonly (Pipeline & { readonly sha256: string })[];
}

const folder = goldenFolder("pipelines");

/** A picture of the set. */
export const pictureOf = (name: string): URL => new URL(name, folder);

/** What the pipeline's file asks for. */
export function configOf({ library, file, size = 0, model_type }: Pipeline): PreprocessConfig {
  if (library === "open_clip") return openClipPreprocess(file, size);
  if (library === "timm") {
    const [channels = 0, rows = 0, columns = 0] = file["input_size"] as number[];
    return timmPreprocess(file, { channels, size: [rows, columns] });
  }
  return transformersPreprocess(file, {
    channels: 3,
    ...(model_type && { modelType: model_type }),
  });
}

/** The index, and every array by name. */
export async function readPipelines(): Promise<{
  readonly index: PipelineIndex;
  readonly expected: ReadonlyMap<string, Expected>;
}> {
  const index = await readJson<PipelineIndex>(new URL("pipelines.json", folder));
  return { index, expected: await readExpected(folder, index.files) };
}
