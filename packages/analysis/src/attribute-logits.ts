// Direct logit attribution: which parts of the residual stream make a class difference, and how much each.
import type { ActivationCache, FoundTarget } from "@prisma/hooks";
import { concat, PrismaError, realize, scope, type Tensor } from "@prisma/tensor";
import { SPLITS, type AttributeBy, type Shares } from "./attribute-logits-splits.ts";
import type { Classifier } from "./classifier.ts";
import { countImages } from "./count-images.ts";
import { eachImage } from "./each-image.ts";
import { frozenHeadScale, frozenReadout, readTokens } from "./frozen-readout.ts";
import { imageNumbers, imageValues } from "./image-values.ts";
import { logitDifference } from "./logit-difference.ts";
import {
  modelProvenance,
  type AnalysisOptions,
  type Axis,
  type LabelledValues,
  type Provenance,
} from "./result.ts";
import { listTargets, targetName, targetPlace, type Target } from "./target.ts";

/** What {@link attributeLogits} is told. */
export interface AttributeLogitsOptions extends AnalysisOptions {
  /** The logit of one class minus that of another, or minus the mean of all, for all images or for each its own. */
  readonly target: Target;
  /** Default `component`. */
  readonly by?: AttributeBy;
}

/** What {@link attributeLogits} gives: for each image, contributions + rest + bias + remainder = target. */
export interface LogitAttribution extends Provenance {
  readonly by: AttributeBy;
  /**
   * What each part adds to the target. `component`: [image, component]; `head`: [image, layer, head]; `position`:
   * [image, position]; `patch`: [image, layer, head, source], what each head takes from each token to where the answer is read.
   */
  readonly contributions: LabelledValues;
  /** Summands that have no place there, [image, part]: of heads and patches, the embeddings, the MLPs and the attention's output biases. */
  readonly rest: LabelledValues;
  /** What the biases of the final norm and of the head add, [image]. */
  readonly bias: LabelledValues;
  /** The class difference that was measured, [image]. */
  readonly target: LabelledValues;
  /** What is left, [image]: rounding, and what hooks attached to the model changed outside of the parts. */
  readonly remainder: LabelledValues;
  /** What to keep in mind when reading the values, or null. */
  readonly note: string | null;
}

/** Shares of one image as numbers. */
interface ImageShares {
  readonly axes: readonly Axis[];
  readonly labels: readonly string[];
  readonly contributions: Float32Array;
  readonly rest: Float32Array;
  readonly bias: number;
  readonly target: number;
}

/** What an image is asked. */
interface ImageQuestion {
  readonly target: FoundTarget;
  /** Directions of all targets, `[n, D]`, and the place of its own. */
  readonly directions: Tensor;
  readonly place: number;
  /** What biases add to the target. */
  readonly bias: number;
}

/** What each image is asked. */
interface Questions extends Disposable {
  readonly name: string;
  readonly of: (image: number) => ImageQuestion;
}

const LOGITS = "hook_post_head_pre_normalize";
/** The scales that are held. */
const SCALES: readonly string[] = ["ln_final.hook_scale", "hook_head_scale"];

async function openQuestions(
  model: Classifier,
  target: Target,
  images: number,
): Promise<Questions> {
  const { directions, bias, targets } = model.logitDirections(listTargets(target, images));
  const dispose = (): void => [directions, bias].forEach((tensor) => tensor.dispose());
  try {
    await realize(directions, bias);
    const biases = await bias.data();
    const of = (image: number): ImageQuestion => {
      const place = targetPlace(targets, image);
      const found = targets[place];
      if (found === undefined) throw new PrismaError("INTERNAL", "a target has no direction");
      return { target: found, directions, place, bias: biases[place] ?? Number.NaN };
    };
    return { name: targetName(target, targets), of, [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** All shares in one list, so that they are read at once. */
function flatten({ pieces, rest }: Shares): Tensor {
  const all = [...pieces, ...rest.map(([, share]) => share)];
  return concat(all.map((piece) => piece.reshape([piece.size])));
}

/** What the logits of one image are divided by; 1 where they are not. */
async function headLength(model: Classifier, cache: ActivationCache): Promise<number> {
  const [length = 1] = (await frozenHeadScale(model, cache)?.data()) ?? [];
  return length;
}

async function imageShares(
  model: Classifier,
  image: Tensor,
  { by, directions, place, bias, target }: ImageQuestion & { readonly by: AttributeBy },
): Promise<ImageShares> {
  const { reads, split } = SPLITS[by];
  const needed = (name: string): boolean =>
    name === LOGITS || SCALES.includes(name) || reads(name, model);
  using run = await model.runWithCache(image, { names: needed });
  const { cache } = run;
  const built = scope(() => {
    const readout = frozenReadout(model, cache, directions.get([place]));
    const { axes, pieces, rest } = split({ model, cache, readout });
    return { axes, flat: flatten({ axes, pieces, rest }), labels: rest.map(([label]) => label) };
  });
  using flat = built.flat;
  const values = Float32Array.from(await flat.data());
  const places = values.length - built.labels.length;
  return {
    axes: built.axes,
    labels: built.labels,
    contributions: values.subarray(0, places),
    rest: values.subarray(places),
    bias: bias / (await headLength(model, cache)),
    target: logitDifference(await cache.get(LOGITS).data(), target),
  };
}

function noteOf(model: Classifier, by: AttributeBy): string | null {
  if (by !== "position" || model.tokens.readout === "all") return null;
  const read = model.tokens.readout === "cls" ? "CLS" : "the patches";
  return `The answer is read at ${read} alone: other positions add nothing themselves. By patch shows what heads took from them.`;
}

function sum(values: Float32Array): number {
  return values.reduce((before: number, value) => before + value, 0);
}

function assemble(
  images: readonly ImageShares[],
  total: number,
): Pick<LogitAttribution, "contributions" | "rest" | "bias" | "target" | "remainder"> {
  const { axes = [], labels = [] } = images[0] ?? {};
  const numbers = (of: (image: ImageShares) => number): LabelledValues =>
    imageNumbers(images.map(of), total);
  const rows = (of: (image: ImageShares) => Float32Array): Float32Array[] => images.map(of);
  return {
    contributions: imageValues(
      axes,
      rows(({ contributions }) => contributions),
      total,
    ),
    rest: imageValues(
      [{ name: "part", labels }],
      rows(({ rest }) => rest),
      total,
    ),
    bias: numbers(({ bias }) => bias),
    target: numbers(({ target }) => target),
    remainder: numbers(
      ({ contributions, rest, bias, target }) => target - sum(contributions) - sum(rest) - bias,
    ),
  };
}

function checkBy(by: string): void {
  if (Object.hasOwn(SPLITS, by)) return;
  throw new PrismaError(
    "ARGUMENT_INVALID",
    `attributeLogits: by is ${JSON.stringify(by)}; expected one of ${Object.keys(SPLITS).join(", ")}`,
    { by },
  );
}

/**
 * Direct logit attribution (Elhage et al. 2021): what each part of the residual stream adds to a class difference, for
 * `input` [B, C, rows, columns]. The final norm's scale, and that of a norm before the blocks, are held at their values,
 * which makes the rest of the way linear: one scale a token, tokens weighing 1 / N, where tokens are normalized and
 * then averaged, and one scale where their mean is normalized. The values are the same for weights whose final norm is
 * folded into the head. Of an output that is scaled to length 1 the logits before that count; where logits are cosines,
 * as those of a CLIP pair's classifier, the length of the image's embedding is held too.
 * @throws PrismaError ARGUMENT_INVALID for a class that is none, a pair of one class, another `by`, no images, or a
 *   readout that is not linear in its tokens; SHAPE_MISMATCH; CANCELLED before the first image
 * @example
 * const heads = await attributeLogits(model, images, { target: ["dress", "trouser"], by: "head" });
 * heads.contributions.axes.map((axis) => axis.name); // ["image", "layer", "head"]
 * heads.metric; // "logit of Dress minus logit of Trouser"
 */
export async function attributeLogits(
  model: Classifier,
  input: Tensor,
  options: AttributeLogitsOptions,
): Promise<LogitAttribution> {
  const { by = "component" } = options;
  checkBy(by);
  readTokens(model.tokens);
  const total = countImages(input, "attributeLogits");
  using questions = await openQuestions(model, options.target, total);
  const images: ImageShares[] = [];
  const complete = await eachImage(input, {
    ...options,
    doing: "attributeLogits",
    step: async (image) => {
      images.push(await imageShares(model, image, { by, ...questions.of(images.length) }));
    },
  });
  return {
    by,
    ...assemble(images, total),
    note: noteOf(model, by),
    method: `direct logit attribution by ${by}, scale of norms held`,
    metric: questions.name,
    baseline: null,
    ...(await modelProvenance(model)),
    complete,
  };
}
