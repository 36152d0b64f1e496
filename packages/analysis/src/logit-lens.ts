// The logit lens: what the model would answer if it stopped at a layer and read the answer at a position.
import { tokenLabels, type FoundTarget, type HookName } from "@prisma/hooks";
import { PrismaError, scope, type Tensor } from "@prisma/tensor";
import type { Classifier } from "./classifier.ts";
import { countImages } from "./count-images.ts";
import { eachImage } from "./each-image.ts";
import type { EditPosition } from "./edit.ts";
import { positionPlaces } from "./edit-positions.ts";
import { imageValues } from "./image-values.ts";
import { logitDifference } from "./logit-difference.ts";
import {
  agreementByLayer,
  classRows,
  likeliestClass,
  type LikeliestClass,
} from "./logit-lens-cells.ts";
import { lensLogits, type LensReading } from "./logit-lens-readout.ts";
import { residualHooks } from "./residual-hooks.ts";
import {
  modelProvenance,
  type AnalysisOptions,
  type Axis,
  type LabelledValues,
  type Provenance,
} from "./result.ts";
import { listTargets, targetName, targetPlace, type Target } from "./target.ts";

/** What {@link logitLens} may be told. */
export interface LogitLensOptions extends AnalysisOptions {
  /** The stream before these blocks; the number of blocks means after the last one, negatives count from there. Default all. */
  readonly layers?: readonly number[];
  /** Default all. */
  readonly positions?: readonly EditPosition[];
  /** A class difference to read as well, for all images or for each its own. */
  readonly target?: Target;
  /** `recomputed` (default): the final norm's scale is each row's own. `frozen`: the one that the answer was read with. */
  readonly norm?: LensReading["norm"];
  /** Whether the biases of the final norm and the head are added. Default true. */
  readonly bias?: boolean;
}

/** What {@link logitLens} gives. */
export interface LogitLens extends Provenance {
  /** [image, layer, position, class] */
  readonly logits: LabelledValues;
  /** The class difference asked for, [image, layer, position]; null when none was. */
  readonly target: LabelledValues | null;
  /** The likeliest class of each cell, row-major over [image, layer, position]; null for images that were not reached. */
  readonly top: readonly (LikeliestClass | null)[];
  /** The model's own answer for each image; null for images that were not reached. */
  readonly answer: readonly (LikeliestClass | null)[];
  /** Share of the positions whose likeliest class is the answer, [image, layer]. */
  readonly agreement: LabelledValues;
  /** What to keep in mind when reading the values, or null. */
  readonly note: string | null;
}

/** One image through the lens, and through the model. */
interface ImageLens {
  /** [layer, position, C] */
  readonly logits: Float32Array;
  /** [C] */
  readonly output: Float32Array;
}

/** What the values of a lens are of. */
interface LensFrame {
  readonly layers: Axis;
  readonly positions: Axis;
  /** One for all images or one for each; null when none was asked for. */
  readonly targets: readonly FoundTarget[] | null;
  /** Images, reached or not. */
  readonly total: number;
}

const LOGITS = "hook_post_head_pre_normalize";

function checkNotEmpty(list: readonly unknown[], what: string): void {
  if (list.length > 0) return;
  throw new PrismaError("ARGUMENT_INVALID", `logitLens: the list of ${what} is empty`);
}

/** @throws PrismaError ARGUMENT_INVALID for no layer, and for one that the model lacks */
function chosenHooks(model: Classifier, layers: readonly number[] | undefined): HookName[] {
  const hooks = residualHooks(model);
  if (layers === undefined) return hooks;
  checkNotEmpty(layers, "layers");
  return layers.map((layer) => {
    const hook = Number.isInteger(layer) ? hooks.at(layer) : undefined;
    if (hook !== undefined) return hook;
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `logitLens: layer ${layer} is not one of 0 to ${model.layers}, which is the end`,
      { layer, layers: model.layers },
    );
  });
}

/** @throws PrismaError ARGUMENT_INVALID for no position, INDEX_OUT_OF_RANGE for one that the model lacks */
function chosenPositions(
  { tokens }: Classifier,
  positions: readonly EditPosition[] | undefined,
): readonly number[] {
  const order = tokenLabels(tokens).map((_, position) => position);
  if (positions === undefined) return order;
  checkNotEmpty(positions, "positions");
  return positionPlaces(positions, { tokens, order, doing: "logitLens" });
}

function readingOf(model: Classifier, options: LogitLensOptions): LensReading {
  const { norm = "recomputed", bias = true, layers, positions } = options;
  if (norm !== "recomputed" && norm !== "frozen") {
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `logitLens: norm is ${JSON.stringify(norm)}; expected "recomputed" or "frozen"`,
    );
  }
  return {
    hooks: chosenHooks(model, layers),
    positions: chosenPositions(model, positions),
    norm,
    bias,
  };
}

function findTargets(
  model: Classifier,
  target: Target | undefined,
  images: number,
): readonly FoundTarget[] | null {
  if (target === undefined) return null;
  const { directions, bias, targets } = model.logitDirections(listTargets(target, images));
  [directions, bias].forEach((tensor) => tensor.dispose());
  return targets;
}

/** The class difference that `image` is asked about, in each of `rows` [C]. */
function differencesOf(
  rows: readonly Float32Array[],
  targets: readonly FoundTarget[] | null,
  image: number,
): number[] {
  const target = targets?.[targetPlace(targets, image)];
  return target === undefined ? [] : rows.map((row) => logitDifference(row, target));
}

async function imageLens(
  model: Classifier,
  image: Tensor,
  reading: LensReading,
): Promise<ImageLens> {
  const needed = new Set<string>([
    ...reading.hooks,
    LOGITS,
    "ln_final.hook_scale",
    "hook_head_scale",
  ]);
  using run = await model.runWithCache(image, { names: (name) => needed.has(name) });
  using logits = scope(() => lensLogits(model, run.cache, reading));
  return {
    logits: Float32Array.from(await logits.data()),
    output: Float32Array.from(await run.cache.get(LOGITS).data()),
  };
}

function frameOf(
  model: Classifier,
  { hooks, positions }: LensReading,
): Pick<LensFrame, "layers" | "positions"> {
  const labels = tokenLabels(model.tokens);
  const inShort = (name: string): string => name.replace(/^blocks\.(\d+)\.hook_resid_/, "$1_");
  return {
    layers: { name: "layer", labels: hooks.map(inShort) },
    positions: { name: "position", labels: positions.map((position) => labels[position] ?? "") },
  };
}

/** `values`, then null up to `size`. */
function upTo<T>(size: number, values: readonly T[]): (T | null)[] {
  return Array.from({ length: size }, (_, place) => values[place] ?? null);
}

function assemble(
  model: Classifier,
  images: readonly ImageLens[],
  { layers, positions, targets, total }: LensFrame,
): Pick<LogitLens, "logits" | "target" | "top" | "answer" | "agreement"> {
  const count = images[0]?.output.length ?? 0;
  const classes = Array.from({ length: count }, (_, at) => model.labels?.[at] ?? `class ${at}`);
  const lenses = images.map(({ logits, output }, image) => {
    const rows = classRows(logits, count);
    const cells = rows.map((row) => likeliestClass(row, classes));
    const answer = likeliestClass(output, classes);
    const agreement = agreementByLayer(cells, positions.labels.length, answer);
    const differences = differencesOf(rows, targets, image);
    return { logits, cells, answer, agreement, differences };
  });
  const rowsOf = <Key extends "logits" | "agreement" | "differences">(key: Key) =>
    lenses.map((lens) => lens[key]);
  const cells = layers.labels.length * positions.labels.length;
  return {
    logits: imageValues(
      [layers, positions, { name: "class", labels: classes }],
      rowsOf("logits"),
      total,
    ),
    target:
      targets === null ? null : imageValues([layers, positions], rowsOf("differences"), total),
    top: upTo(
      total * cells,
      lenses.flatMap((lens) => lens.cells),
    ),
    answer: upTo(
      total,
      lenses.map((lens) => lens.answer),
    ),
    agreement: imageValues([layers], rowsOf("agreement"), total),
  };
}

function metricName(target: Target | undefined, found: readonly FoundTarget[] | null): string {
  return target === undefined || found === null ? "logit of each class" : targetName(target, found);
}

function noteOf({ tokens }: Classifier): string | null {
  if (tokens.readout !== "cls") return null;
  return "The answer is read at CLS alone. Nothing in training asked patches to be readable: what the lens shows there need not be what the model uses.";
}

/**
 * The logit lens (nostalgebraist 2020) for `input` [B, C, rows, columns]: the residual stream before the first block and
 * after each, at every position, through the final norm and the head. By default the norm is computed anew and its
 * biases and the head's are added, so that the last layer, where the answer is read, gives the model's own logits. With
 * `{ norm: "frozen", bias: false }` it is ViT-Prisma's, which assumes that the final norm is folded into the head; the
 * values here are the same whether it is or not. Of an output that is scaled to length 1 the logits before that count.
 * @throws PrismaError ARGUMENT_INVALID for a class, layer or norm that is none, empty lists, no images, and NaN among
 *   the logits; INDEX_OUT_OF_RANGE for a position; SHAPE_MISMATCH; CANCELLED before the first image
 * @example
 * const lens = await logitLens(model, images, { positions: ["cls"] });
 * lens.top.map((cell) => cell?.label); // ["T-shirt/top", "Dress", "Trouser", "Trouser", "Dress"]
 */
export async function logitLens(
  model: Classifier,
  input: Tensor,
  options: LogitLensOptions = {},
): Promise<LogitLens> {
  const reading = readingOf(model, options);
  const total = countImages(input, "logitLens");
  const targets = findTargets(model, options.target, total);
  const images: ImageLens[] = [];
  const complete = await eachImage(input, {
    ...options,
    doing: "logitLens",
    step: async (image) => void images.push(await imageLens(model, image, reading)),
  });
  const frame = { ...frameOf(model, reading), targets, total };
  return {
    ...assemble(model, images, frame),
    note: noteOf(model),
    method: `logit lens, norm ${reading.norm}, ${reading.bias ? "with" : "without"} biases`,
    metric: metricName(options.target, targets),
    baseline: null,
    ...(await modelProvenance(model)),
    complete,
  };
}
