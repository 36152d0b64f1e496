// What a model says of one image: the likeliest classes, and where an expected answer stands. ViT-Prisma's `test_prompt`, as data.
import type { Tensor } from "@prisma/tensor";
import { rankClasses, type ClassRow } from "./top-k.ts";

/** A model that answers about images of kind `Image` with one logit a class. */
export interface ImageClassifier<Image> {
  readonly labels: readonly string[] | null;
  preprocess(image: Image): Promise<Tensor>;
  forward(input: Tensor): Tensor;
  labelIndex(label: string | number): number;
}

/** What {@link testImage} may be told. */
export interface TestImageOptions {
  /** Expected class: number, name, or a part of one name. */
  readonly answer?: string | number;
  /** Classes listed. Default 10. */
  readonly k?: number;
}

/** What {@link testImage} gives. */
export interface ImageAnswer {
  /** Likeliest first. */
  readonly top: readonly ClassRow[];
  /** The expected class, wherever it stands; null when none was given. */
  readonly answer: ClassRow | null;
}

/**
 * The likeliest classes of `image` for `model`, and the rank, logit and probability of the expected one.
 * @throws PrismaError ARGUMENT_INVALID for an answer that is no class, and as `preprocess`
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
  const expected = options.answer === undefined ? null : model.labelIndex(options.answer);
  using input = await model.preprocess(image);
  using logits = model.forward(input);
  const rows = await rankClasses(logits, model.labels);
  const answer = rows.find((row) => row.index === expected) ?? null;
  return { top: rows.slice(0, options.k ?? 10), answer };
}
