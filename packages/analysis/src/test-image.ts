// What a model says of one image: the likeliest classes, and where an expected answer stands. ViT-Prisma's `test_prompt`, as data.
import type { Tensor } from "@prisma/tensor";
import {
  modelProvenance,
  throwIfCancelled,
  type AnalysisOptions,
  type Provenance,
} from "./result.ts";
import { assertCount, rankClasses, type ClassRow } from "./top-k.ts";

/** A model that answers about images of kind `Image` with one logit a class. */
export interface ImageClassifier<Image> {
  readonly labels: readonly string[] | null;
  readonly processing: readonly string[];
  preprocess(image: Image): Promise<Tensor>;
  forward(input: Tensor): Tensor;
  labelIndex(label: string | number): number;
  weightHash(): Promise<string>;
}

/** What {@link testImage} may be told. */
export interface TestImageOptions extends AnalysisOptions {
  /** Expected class: number, name, or a part of one name. */
  readonly answer?: string | number;
  /** Classes listed. Default 10. */
  readonly k?: number;
}

/** What {@link testImage} gives. */
export interface ImageAnswer extends Provenance {
  /** Likeliest first. */
  readonly top: readonly ClassRow[];
  /** The expected class, wherever it stands; null when none was given. */
  readonly answer: ClassRow | null;
}

/**
 * The likeliest classes of `image` for `model`, and the rank, logit and probability of the expected one.
 * @throws PrismaError ARGUMENT_INVALID for an answer that is no class, naming the nearest, and a `k` that is no whole number
 *   of at least 1; CANCELLED, as there is no half of an answer; and as `preprocess`
 * @example
 * const scene = "models/garment-scenes-vit/scenes/000.png";
 * const { top, answer } = await testImage(model, scene, { answer: "trouser", k: 1 });
 * top[0]?.label; // "Dress"
 * answer?.rank; // 2
 */
export async function testImage<Image>(
  model: ImageClassifier<Image>,
  image: Image,
  options: TestImageOptions = {},
): Promise<ImageAnswer> {
  const { k = 10, signal, onProgress } = options;
  assertCount(k, "testImage");
  const expected = options.answer === undefined ? null : model.labelIndex(options.answer);
  throwIfCancelled(signal, "testImage");
  using input = await model.preprocess(image);
  throwIfCancelled(signal, "testImage");
  using logits = model.forward(input);
  const rows = await rankClasses(logits, model.labels, signal === undefined ? {} : { signal });
  onProgress?.({ done: 1, total: 1 });
  return {
    top: rows.slice(0, k),
    answer: rows.find((row) => row.index === expected) ?? null,
    method: "forward pass of one image, classes ranked by logit",
    metric: "logit of each class",
    baseline: null,
    complete: true,
    ...(await modelProvenance(model)),
  };
}
