// Any model by its own configuration file. The one file of this package that knows model packages.
import type { ClipSource } from "@prisma/clip";
import { PrismaError } from "@prisma/tensor";
import { loadViT, type LoadViTOptions, type ViT, type ViTSource } from "@prisma/vit";

/** What {@link loadModel} may be told. */
export interface LoadModelOptions extends LoadViTOptions {
  /** Labels for a CLIP or SigLIP pair, which becomes a classifier of them. */
  readonly texts?: readonly string[];
  /** Sentences with `{}` for a text, such as `IMAGENET_TEMPLATES`. Default: each text as it stands. */
  readonly templates?: readonly string[];
}

/** Where a model is: a folder by path (Node) or URL, or its files in memory. */
export type ModelSource = ViTSource | ClipSource;

const problem = (text: string): PrismaError =>
  new PrismaError("ARGUMENT_INVALID", `loadModel: ${text}`);

/** The package of pairs, fetched by those alone who load one. */
const clipPackage = (): Promise<typeof import("@prisma/clip")> => import("@prisma/clip");

async function loadPair(
  source: ModelSource,
  texts: readonly string[],
  options: Omit<LoadModelOptions, "texts">,
): Promise<ViT> {
  const { process, checkpoint, config, ...loading } = options;
  const { isClip, loadZeroShot } = await clipPackage();
  if (checkpoint !== undefined || config !== undefined)
    throw problem("with texts, neither checkpoint nor config means anything");
  if (!(await isClip(source, options)))
    throw problem("this is no CLIP or SigLIP pair; texts mean nothing to it");
  const model = await loadZeroShot(source, { ...loading, texts });
  if (process === undefined) return model;
  try {
    return await model.process(process);
  } finally {
    model.dispose();
  }
}

/**
 * Loads the model at `source`: a vision transformer, or with `texts` a CLIP or SigLIP pair as a classifier of them, which
 * owns its weights. Without `texts` a pair gives its tower of pictures, whose output is an embedding and has no labels.
 * @throws PrismaError as `loadViT` and `loadClip`; ARGUMENT_INVALID for options that mean nothing to the model
 * @example
 * const model = await loadModel("models/garment-scenes-vit");
 */
export function loadModel(source: ModelSource, options: LoadModelOptions = {}): Promise<ViT> {
  const { texts, ...rest } = options;
  if (texts !== undefined) return loadPair(source, texts, rest);
  const { templates, ...alone } = rest;
  if (templates === undefined) return loadViT(source, alone);
  return Promise.reject(problem("templates are for texts, and there are none"));
}
