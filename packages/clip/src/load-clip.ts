// A CLIP pair from a checkpoint: both towers, the tokenizer, the scale of the logits.
import { init, maybeCurrentDevice, PrismaError, type Tensor } from "@prisma/tensor";
import {
  fillParameters,
  notFiniteWarning,
  ViT,
  type FillOptions,
  type WeightSource,
} from "@prisma/vit";
import { openClipFiles, type ClipSource, type OpenedFiles } from "./clip-files.ts";
import { Clip } from "./clip.ts";
import type { ClipFacts, ClipFamily } from "./families/clip-family.ts";
import { findClipFamily } from "./families/index.ts";
import { TextTransformer } from "./text-transformer.ts";
import { createTokenizer, type Tokenizer } from "./tokenizer/tokenizer.ts";
import { createZeroShot, type ZeroShotOptions, type ZeroShotViT } from "./zero-shot.ts";

/** What {@link loadClip} may be told. */
export interface LoadClipOptions extends FillOptions {
  /** Kind of device to `init` when there is none yet. Default: `init`'s own choice. */
  readonly device?: "wasm" | "webgpu";
  /** False leaves the tokenizer's files alone: texts are then given as ids. Default true. */
  readonly tokenizer?: boolean;
  /** Called, once, with a sentence on weights that hold NaN or infinities. Default: `console.warn`. */
  readonly onWarning?: (message: string) => void;
}

const SCALARS: ReadonlySet<string> = new Set(["logit_scale", "logit_bias"]);

/** `sources` with `tower` before the names of their parameters. */
function named(tower: string, sources: readonly WeightSource[]): WeightSource[] {
  return sources.map((source) => ({
    ...source,
    into: Object.fromEntries(
      Object.entries(source.into).map(([name, view]) => [tower + name, view]),
    ),
  }));
}

/** Parameters of `tower` by their own names. */
function ofTower(tower: string, parameters: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  return new Map(
    [...parameters].flatMap(([name, one]) =>
      name.startsWith(tower) ? [[name.slice(tower.length), one] as const] : [],
    ),
  );
}

/** The one number of `name`, or null where the checkpoint has none. */
async function scalar(tensors: ReadonlyMap<string, Tensor>, name: string): Promise<number | null> {
  const tensor = tensors.get(name);
  if (tensor === undefined) return null;
  const [value] = tensor.size === 1 ? await tensor.data() : [];
  if (value !== undefined && Number.isFinite(value)) return value;
  throw new PrismaError("CHECKPOINT_SHAPE", `${name} of the checkpoint is no finite number`, {
    name,
  });
}

interface LogitNumbers {
  readonly logitScale: number;
  readonly logitBias: number;
}

async function logitNumbers(tensors: ReadonlyMap<string, Tensor>): Promise<LogitNumbers> {
  const [scale, bias] = [await scalar(tensors, "logit_scale"), await scalar(tensors, "logit_bias")];
  if (scale === null)
    throw new PrismaError("CHECKPOINT_MISSING", 'the checkpoint lacks "logit_scale"', {
      name: "logit_scale",
    });
  // Trained as a logarithm.
  return { logitScale: Math.exp(scale), logitBias: bias ?? 0 };
}

function tokenizerOf(
  { tokenizer: files, padToken }: OpenedFiles,
  facts: ClipFacts,
): Tokenizer | null {
  if (files === null) return null;
  const { contextLength, library, cleaning } = facts.tokenizer;
  return createTokenizer(files, {
    contextLength,
    library,
    ...(cleaning === undefined ? {} : { cleaning }),
    // open_clip's own tokenizer always fills up with 0.
    ...(padToken === null || library === "open_clip" ? {} : { padding: padToken }),
  });
}

/** Both towers of `tensors`, which are let go of. */
async function fillTowers(
  tensors: ReadonlyMap<string, Tensor>,
  {
    facts,
    family,
    opened,
  }: { readonly facts: ClipFacts; readonly family: ClipFamily; readonly opened: OpenedFiles },
  options: LoadClipOptions,
): Promise<Pick<Clip, "vision" | "text"> & LogitNumbers> {
  try {
    const numbers = await logitNumbers(tensors);
    const weights = family.weights(facts, opened.description);
    const sources = [...named("vision.", weights.vision), ...named("text.", weights.text)];
    const ignores = (name: string): boolean => SCALARS.has(name) || family.ignores(name);
    const parameters = await fillParameters(tensors, sources, { ...options, ignores });
    const warning = await notFiniteWarning(parameters);
    if (warning !== null) (options.onWarning ?? console.warn)(`loadClip: ${warning}`);
    const { preprocess } = facts;
    const vision = new ViT({
      config: facts.vision,
      parameters: ofTower("vision.", parameters),
      labels: null,
      preprocess,
    });
    const text = new TextTransformer({
      config: facts.text,
      parameters: ofTower("text.", parameters),
    });
    return { vision, text, ...numbers };
  } catch (error) {
    tensors.forEach((tensor) => tensor.dispose());
    throw error;
  }
}

/**
 * Loads a CLIP or SigLIP pair as transformers or open_clip save it onto the current device (`init()` chooses one when
 * there is none). Everything is checked before values are read; after an error nothing is kept.
 * @throws PrismaError CONFIG_INVALID, CHECKPOINT_MISSING, CHECKPOINT_UNEXPECTED, CHECKPOINT_SHAPE, TOKENIZER_INVALID,
 *   TOKENIZER_UNSUPPORTED, SOURCE_NOT_FOUND, SOURCE_TRUNCATED, NETWORK_FAILED, CANCELLED, SIZE_LIMIT, OUT_OF_MEMORY, and
 *   what `readSafetensors` throws
 * @example
 * using pair = await loadClip("models/small-clip");
 * (await pair.encodeText("a cat")).shape; // [1, 24]
 */
export async function loadClip(source: ClipSource, options: LoadClipOptions = {}): Promise<Clip> {
  const opened = await openClipFiles(source, options.signal);
  const family = findClipFamily(opened.description.config);
  const facts = family.read(opened.description);
  const tokenizer = options.tokenizer === false ? null : tokenizerOf(opened, facts);
  if (maybeCurrentDevice() === null)
    await init(options.device === undefined ? {} : { device: options.device });
  const towers = await fillTowers(await opened.tensors(), { facts, family, opened }, options);
  return new Clip({ ...towers, tokenizer, preprocessing: facts.preprocess });
}

/** What {@link loadZeroShot} is told. */
export interface LoadZeroShotOptions
  extends LoadClipOptions, Pick<ZeroShotOptions, "templates" | "truncate" | "batchSize"> {
  /** The labels. */
  readonly texts: readonly string[];
}

/**
 * The classifier of `texts` that a pair makes, as `Clip.asClassifier`, by itself: it owns the vision tower, and the text
 * tower is let go of once the texts are embedded.
 * @throws PrismaError as {@link loadClip} and `Clip.asClassifier`
 * @example
 * using model = await loadZeroShot("models/small-clip", { texts: ["cat", "dog"] });
 * model.labels; // ["cat", "dog"]
 */
export async function loadZeroShot(
  source: ClipSource,
  options: LoadZeroShotOptions,
): Promise<ZeroShotViT> {
  const { texts, onProgress: _progress, ...rest } = options;
  const pair = await loadClip(source, options);
  try {
    return await createZeroShot(pair, texts, { ...rest, ownsVision: true });
  } catch (error) {
    pair.vision.dispose();
    throw error;
  } finally {
    pair.text.dispose();
  }
}
