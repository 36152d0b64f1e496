// A classifier made of the vision tower and embeddings of texts: logits are scale x cosine (+ bias).
// Shapes: B images, D model, E embedding, C classes.
import type { HookName } from "@prisma/hooks";
import {
  alias,
  concat,
  einsum,
  PrismaError,
  quoteName,
  realize,
  scope,
  zeros,
  type Tensor,
} from "@prisma/tensor";
import {
  createConfig,
  ViT,
  type BlockParts,
  type PreprocessConfig,
  type SavedViT,
  type ViTParts,
} from "@prisma/vit";
import type { Clip, EncodeTextOptions } from "./clip.ts";
import { unitLength } from "./encode.ts";

/** What {@link Clip.asClassifier} may be told. */
export interface ZeroShotOptions extends Omit<EncodeTextOptions, "normalize"> {
  /** Sentences with `{}` for a text: `IMAGENET_TEMPLATES`, or your own. Default: each text as it stands. */
  readonly templates?: readonly string[];
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** What a classifier is made of. */
interface ZeroShotParts {
  readonly vision: ViT;
  /** Whether the classifier frees the tower's weights. */
  readonly ownsVision: boolean;
  /** Embeddings of texts, of length 1. `[C, E]` */
  readonly texts: Tensor;
  readonly logitScale: number;
  readonly logitBias: number;
  readonly labels: readonly string[];
  readonly preprocess: PreprocessConfig | null;
}

/**
 * The head of a classifier on the normed stream: with the projection P and b of the tower and texts t,
 * `(n P + b) . t scale` is linear in n, and the logit is that over the embedding's length.
 */
function headOf({ vision: { parameters }, texts, logitScale }: ZeroShotParts): Map<string, Tensor> {
  const [projection, bias] = [parameters.get("head.W_H"), parameters.get("head.b_H")];
  const columns = texts.mul(logitScale).transpose(); // [E, C]
  return new Map([
    ["head.W_H", projection === undefined ? columns : einsum("de,ec->dc", projection, columns)], // [D, C]
    [
      "head.b_H",
      bias === undefined ? zeros([columns.shape[1] ?? 0]) : einsum("e,ec->c", bias, columns),
    ], // [C]
  ]);
}

/** Hook points of the vision tower, with the embedding's length before the logits. */
function hookNamesOf(vision: ViT): HookName[] {
  const names = [...vision.hookNames];
  names.splice(names.indexOf("hook_post_head_pre_normalize"), 0, "hook_head_scale");
  return names;
}

/**
 * A ViT whose logits are scale x cosine (+ bias) of the image's embedding and those of texts. Made by `Clip.asClassifier`.
 *
 * `head.W_H` and `head.b_H` are the tower's projection times the texts' embeddings times the scale; what they give is
 * divided by `hook_head_scale` [B, 1], the length of the image's embedding, as a norm divides by its scale. With that
 * length held, as attribution holds the scale of norms, logits are linear in the normed stream: `logitDirections` are
 * directions before both divisions. `hook_post_head_pre_normalize` [B, C] are the logits.
 */
export class ZeroShotViT extends ViT {
  readonly #made: ZeroShotParts;

  constructor(parts: ViTParts<number>, made: ZeroShotParts) {
    super(parts);
    this.#made = made;
  }

  /** Added to scale x cosine; 0 but for SigLIP. */
  get logitBias(): number {
    return this.#made.logitBias;
  }

  protected override answer(read: Tensor, { pass }: BlockParts): Tensor {
    const length = pass.at("hook_head_scale", this.headScale(read)); // [B, 1]
    const products = read.matmul(this.#weight("head.W_H")).add(this.#weight("head.b_H")); // [B, C]
    const logits = products.div(length).add(this.logitBias);
    return pass.at("hook_post_head_pre_normalize", logits);
  }

  /**
   * The length of the embedding that the tower gives for `normalized` streams `[..., D]`, which logits are divided by. `[..., 1]`
   * @example
   * using model = await clip.asClassifier(["cat", "dog"]);
   * model.headScale(zeros([5, 32])).shape; // [5, 1]
   */
  headScale(normalized: Tensor): Tensor {
    const { parameters } = this.#made.vision;
    const [projection, bias] = [parameters.get("head.W_H"), parameters.get("head.b_H")];
    const projected = projection === undefined ? normalized : normalized.matmul(projection);
    const embedding = bias === undefined ? projected : projected.add(bias); // [..., E]
    return embedding.square().sum(-1, { keepDims: true }).sqrt();
  }

  #weight(name: string): Tensor {
    const weight = this.parameters.get(name);
    if (weight === undefined)
      throw new PrismaError("INTERNAL", `the model has no parameter ${name}`);
    return weight;
  }

  /**
   * A classifier of the same texts with the tower's weights rewritten, as `ViT.process` does; whoever asked disposes it.
   * @throws PrismaError ARGUMENT_INVALID also for `centerHead`, which would change the angles between embeddings
   * @example
   * using model = await clip.asClassifier(["cat", "dog"]);
   * using folded = await model.process(["foldLayerNorm"]);
   * folded.processing; // ["foldLayerNorm"]
   */
  override async process(steps: Parameters<ViT["process"]>[0]): Promise<ZeroShotViT> {
    if (steps !== true && steps.includes("centerHead"))
      throw new PrismaError(
        "ARGUMENT_INVALID",
        "centerHead: the tower's projection gives an embedding; less its mean it would point elsewhere",
      );
    return this.#around(await this.#made.vision.process(steps));
  }

  /**
   * A classifier of the same texts on a tower with fresh weights, as `ViT.randomTwin`; whoever asked disposes it.
   * @throws PrismaError ARGUMENT_INVALID for a seed that is no whole number from 0 to 2^53 - 1; OUT_OF_MEMORY
   * @example
   * using model = await clip.asClassifier(["cat", "dog"]);
   * using twin = await model.randomTwin({ seed: 1 });
   * twin.labels; // ["cat", "dog"]
   */
  override async randomTwin(options: { readonly seed?: number } = {}): Promise<ZeroShotViT> {
    return this.#around(await this.#made.vision.randomTwin(options));
  }

  #around(vision: ViT): Promise<ZeroShotViT> {
    return zeroShotOf({ ...this.#made, vision, ownsVision: true, texts: alias(this.#made.texts) });
  }

  /**
   * Refused: save the pair's checkpoint and the texts.
   * @throws PrismaError ARGUMENT_INVALID
   * @example
   * const model = await clip.asClassifier(["cat", "dog"]);
   * await model.save().catch((error) => error.code); // "ARGUMENT_INVALID"
   */
  override save(): Promise<SavedViT> {
    const reason =
      "save: logits of this classifier are divided by an embedding's length, which no saved ViT does; keep the pair's checkpoint and the texts";
    return Promise.reject(new PrismaError("ARGUMENT_INVALID", reason));
  }

  /**
   * Frees the head and the embeddings of texts; the tower's weights are the pair's.
   * @example
   * const model = await clip.asClassifier(["cat", "dog"]);
   * model.dispose();
   * [model.parameters.get("head.W_H")!.disposed, clip.vision.parameters.get("cls_token")!.disposed]; // [true, false]
   */
  override dispose(): void {
    for (const name of ["head.W_H", "head.b_H"]) this.parameters.get(name)?.dispose();
    this.#made.texts.dispose();
    if (this.#made.ownsVision) this.#made.vision.dispose();
  }
}

/** The classifier of `made`, its head realized. */
async function zeroShotOf(made: ZeroShotParts): Promise<ZeroShotViT> {
  const { vision, labels, preprocess } = made;
  const head = scope(() => headOf(made));
  await realize(...head.values());
  const config = createConfig({
    ...vision.config,
    nClasses: labels.length,
    returnType: "class_logits",
  });
  const parts = {
    config,
    parameters: new Map([...vision.parameters, ...head]),
    labels,
    preprocess,
    processing: vision.processing,
    hookNames: hookNamesOf(vision),
  };
  return new ZeroShotViT(parts, made);
}

/** @throws PrismaError ARGUMENT_INVALID */
function checkTexts(texts: readonly string[], templates: readonly string[]): void {
  const problem = (text: string): PrismaError =>
    new PrismaError("ARGUMENT_INVALID", `asClassifier: ${text}`);
  if (texts.length === 0) throw problem("the list of texts is empty");
  const twice = texts.find((text, i) => texts.indexOf(text) !== i);
  if (twice !== undefined) throw problem(`the text ${quoteName(twice)} is there twice`);
  if (templates.length === 0) throw problem("the list of templates is empty");
  const closed = templates.find((template) => !template.includes("{}"));
  if (closed !== undefined) throw problem(`the template ${quoteName(closed)} has no {}`);
}

/** The embedding of `text`: the mean of unit vectors, one a template, scaled to length 1 again. `[1, E]` */
async function embedText(
  clip: Clip,
  prompts: readonly string[],
  options: EncodeTextOptions,
): Promise<Tensor> {
  using each = await clip.encodeText(prompts, { ...options, normalize: true }); // [templates, E]
  return scope(() => unitLength(each.mean(0, { keepDims: true }))).realize();
}

/**
 * The vision tower of `clip` as a classifier of `texts`.
 * @throws PrismaError ARGUMENT_INVALID for no texts, equal ones, and templates without `{}`; as `encodeText`
 */
export async function createZeroShot(
  clip: Clip,
  texts: readonly string[],
  {
    templates = ["{}"],
    onProgress,
    ownsVision,
    ...options
  }: ZeroShotOptions & { readonly ownsVision: boolean },
): Promise<ZeroShotViT> {
  checkTexts(texts, templates);
  const rows: Tensor[] = [];
  try {
    for (const text of texts) {
      const prompts = templates.map((template) => template.replaceAll("{}", () => text));
      rows.push(await embedText(clip, prompts, options));
      onProgress?.({ done: rows.length, total: texts.length });
    }
    const bank = await scope(() => concat(rows, 0)).realize(); // [C, E]
    const { vision, logitScale, logitBias, preprocessing } = clip;
    return await zeroShotOf({
      vision,
      ownsVision,
      texts: bank,
      logitScale,
      logitBias,
      labels: [...texts],
      preprocess: preprocessing,
    });
  } finally {
    rows.forEach((row) => row.dispose());
  }
}
