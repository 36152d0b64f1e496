// A ViT from a checkpoint: a folder, a URL, or a configuration and weights in memory.
import { init, maybeCurrentDevice, PrismaError, type ByteInput, type Tensor } from "@prisma/tensor";
import { atImageSize } from "./at-image-size.ts";
import type { ConfigFile, Family, ModelDescription, ModelFacts } from "./families/family.ts";
import { knownLegacyConfig } from "./families/prisma-legacy.ts";
import { readSeries } from "./checkpoints/read-series.ts";
import { findFamily } from "./families/index.ts";
import { fillParameters, type FillOptions } from "./fill-parameters.ts";
import { notFiniteWarning } from "./find-not-finite.ts";
import { readCheckpoint } from "./read-checkpoint.ts";
import type { ProcessingName } from "./process/model-weights.ts";
import { isNotFound, readConfigFile, readPreprocessorFile } from "./read-description.ts";
import { isFolder, type FolderSource } from "./read-file.ts";
import { readWeightFiles } from "./read-weight-files.ts";
import type { ViT } from "./vit.ts";

/** A checkpoint in memory: what `config.json` (or `open_clip_config.json`) says, and the bytes of `model.safetensors` or of a PyTorch checkpoint, or tensors. */
export interface ViTFiles {
  readonly config: ConfigFile;
  readonly weights: Uint8Array<ArrayBuffer> | ArrayBuffer | Blob | ReadonlyMap<string, Tensor>;
  /** What `preprocessor_config.json` says; without it transformers' checkpoints read tensors only. */
  readonly preprocessor?: ConfigFile;
}

/** Where a checkpoint is: a folder with the files that its library publishes (a path in Node, a URL anywhere, or its files by name), or in memory. */
export type ViTSource = FolderSource | ViTFiles;

/** What {@link loadViT} may be told. */
export interface LoadViTOptions extends FillOptions {
  /** Kind of device to `init` when there is none yet. Default: `init`'s own choice. */
  readonly device?: "wasm" | "webgpu";
  /** Which of a series along training is loaded, by name or by the images it had learned from: see `listCheckpoints`. */
  readonly checkpoint?: string | number;
  /** Taken for the source's `config.json`, for checkpoints that come without one. */
  readonly config?: ConfigFile;
  /** Called, once, with a sentence on weights that hold NaN or infinities. Default: `console.warn`. */
  readonly onWarning?: (message: string) => void;
  /**
   * Rows and columns of pixels of the pictures, where they are to be other than the checkpoint's: its positions are
   * interpolated as timm does, and pictures are prepared for that size.
   */
  readonly imageSize?: readonly [rows: number, columns: number];
  /** Rewrites weights after loading, as `model.process` does. Default: they are as they were trained. */
  readonly process?: true | readonly ProcessingName[];
}

/** The caller's configuration, the source's, or what is known of the repositories of Prisma's tables, which have none. */
async function configOf(source: ViTSource, options: LoadViTOptions): Promise<ConfigFile> {
  if (options.config !== undefined) return options.config;
  if (isFiles(source)) return source.config;
  try {
    return await readConfigFile(source, options.signal);
  } catch (error) {
    const known = knownLegacyConfig(String(source));
    if (known === null || !isNotFound(error)) throw error;
    return known;
  }
}

/** What `config` says, and, for layouts that have one, the file on how pictures are prepared. */
async function describe(
  source: ViTSource,
  config: ConfigFile,
  signal?: AbortSignal,
): Promise<{ readonly family: Family; readonly given: ModelDescription }> {
  const family = findFamily({ config, preprocessor: null });
  if (family.preprocessorFile !== true) return { family, given: { config, preprocessor: null } };
  const preprocessor = isFiles(source)
    ? (source.preprocessor ?? null)
    : await readPreprocessorFile(source, signal);
  return { family, given: { config, preprocessor } };
}

function isFiles(source: ViTSource): source is ViTFiles {
  return !isFolder(source);
}

function isTensors(
  weights: ByteInput | ReadonlyMap<string, Tensor>,
): weights is ReadonlyMap<string, Tensor> {
  return weights instanceof Map;
}

async function readWeights(
  source: ViTSource,
  { weightFiles = ["model.safetensors"] }: Family,
  { checkpoint, signal }: LoadViTOptions,
): Promise<ReadonlyMap<string, Tensor>> {
  const options = signal === undefined ? {} : { signal };
  if (checkpoint !== undefined) {
    if (!isFiles(source)) return readSeries(source, checkpoint, options);
    throw new PrismaError(
      "ARGUMENT_INVALID",
      "loadViT: a checkpoint is chosen from a folder, and the source is weights in memory",
    );
  }
  if (!isFiles(source)) return readWeightFiles(source, weightFiles, options);
  const { weights } = source;
  if (isTensors(weights)) return weights;
  return readCheckpoint(weights, options);
}

/** @throws PrismaError CONFIG_INVALID */
function factsOf(family: Family, description: ModelDescription): ModelFacts {
  const facts = family.read(description);
  const { config, labels } = facts;
  const named = labels !== null && typeof labels !== "string" && config.returnType !== "pre_logits";
  if (!named || labels.length === config.nClasses) return facts;
  throw new PrismaError(
    "CONFIG_INVALID",
    `config: ${labels.length} labels for ${config.nClasses} classes`,
    { labels: labels.length, classes: config.nClasses },
  );
}

/** What `family` makes of `given` and of the checkpoint's shapes; `tensors` are let go of where it makes nothing of them. */
function completed(
  family: Family,
  given: ModelDescription,
  tensors: ReadonlyMap<string, Tensor>,
): { readonly description: ModelDescription; readonly facts: ModelFacts } {
  try {
    const shapes = new Map([...tensors].map(([name, { shape }]) => [name, shape] as const));
    const prefix = family.findPrefix?.(new Set(shapes.keys()));
    const named = prefix === undefined ? given : { ...given, prefix };
    const description = family.complete?.(named, shapes) ?? named;
    return { description, facts: factsOf(family, description) };
  } catch (error) {
    tensors.forEach((tensor) => tensor.dispose());
    throw error;
  }
}

/**
 * Loads a ViT, or the vision tower of a CLIP or SigLIP, in the layout of timm, transformers, open_clip, ViT-Prisma or our
 * own onto the current device (`init()` chooses one when there is none). Weights become views of the checkpoint's own buffers. Everything is checked before values are read; after an error nothing is kept.
 * @throws PrismaError CONFIG_INVALID, CHECKPOINT_MISSING, CHECKPOINT_UNEXPECTED, CHECKPOINT_SHAPE, INDEX_INVALID, SOURCE_NOT_FOUND,
 *   SOURCE_TRUNCATED, NETWORK_FAILED, CANCELLED, OUT_OF_MEMORY, and what `readSafetensors` throws
 * @example
 * const model = await loadViT("models/garment-scenes-vit");
 * const image = await model.preprocess("models/garment-scenes-vit/scenes/000.png");
 * await model.forward(image).argmax().item(); // 3
 */
export async function loadViT(source: ViTSource, options: LoadViTOptions = {}): Promise<ViT> {
  const file = await configOf(source, options);
  const { family, given } = await describe(source, file, options.signal);
  // What the configuration says alone is checked before weights are opened.
  if (family.complete === undefined) factsOf(family, given);
  if (maybeCurrentDevice() === null)
    await init(options.device === undefined ? {} : { device: options.device });
  const tensors = await readWeights(source, family, options);
  const { description, facts } = completed(family, given, tensors);
  const { config } = facts;
  const parameters = await fillParameters(
    tensors,
    family.weights(config, description),
    family.ignores === undefined ? options : { ...options, ignores: family.ignores },
  );
  const warning = await notFiniteWarning(parameters);
  if (warning !== null) (options.onWarning ?? warnOnConsole)(`loadViT: ${warning}`);
  const model = await atImageSize({ family, description, facts, parameters }, options.imageSize);
  if (options.process === undefined) return model;
  try {
    return await model.process(options.process);
  } finally {
    model.dispose();
  }
}

function warnOnConsole(message: string): void {
  console.warn(message);
}
