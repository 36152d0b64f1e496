// A CLIP pair: two towers into one space of embeddings, and what can be asked of both.
import { PrismaError, tensor, Tensor } from "@prisma/tensor";
import type { ImageInput, PreprocessConfig, ViT } from "@prisma/vit";
import { encodeChunks, type EncodeOptions } from "./encode.ts";
import type { TextTransformer } from "./text-transformer.ts";
import type { TokenizeOptions, Tokenizer } from "./tokenizer/tokenizer.ts";
import { createZeroShot, type ZeroShotOptions, type ZeroShotViT } from "./zero-shot.ts";

/** Texts, ids of texts of one length, or a tensor of ids `[B, T]`. */
export type TextInput = string | readonly string[] | readonly (readonly number[])[] | Tensor;

/** What {@link Clip.encodeText} may be told. */
export interface EncodeTextOptions extends EncodeOptions, TokenizeOptions {}

/** What a {@link Clip} is made of. */
export interface ClipParts {
  readonly vision: ViT;
  readonly text: TextTransformer;
  readonly tokenizer: Tokenizer | null;
  readonly logitScale: number;
  readonly logitBias: number;
  readonly preprocessing: PreprocessConfig | null;
}

/** Both towers of CLIP or SigLIP, hooked. Made by `loadClip`. */
export class Clip {
  /** Images [B, channels, rows, columns] to embeddings [B, C], projected, not scaled to length 1. */
  readonly vision: ViT;
  /** Ids [B, T] to embeddings [B, C], projected, not scaled to length 1. */
  readonly text: TextTransformer;
  /** Null when the checkpoint has none. */
  readonly tokenizer: Tokenizer | null;
  /** What a cosine is multiplied with to be a logit: the exponential of the trained number. */
  readonly logitScale: number;
  /** What is added then; 0 but for SigLIP. */
  readonly logitBias: number;
  /** How the checkpoint wants its pictures; null when it does not say. */
  readonly preprocessing: PreprocessConfig | null;

  constructor({ vision, text, tokenizer, logitScale, logitBias, preprocessing }: ClipParts) {
    this.preprocessing = preprocessing;
    this.vision = vision;
    this.text = text;
    this.tokenizer = tokenizer;
    this.logitScale = logitScale;
    this.logitBias = logitBias;
  }

  /**
   * Embeddings of images, scaled to length 1 unless `{ normalize: false }`. `[B, C]` The caller disposes them.
   * @throws PrismaError ARGUMENT_INVALID for none; SHAPE_MISMATCH; CANCELLED; and as `ViT.preprocess`
   * @example
   * (await clip.encodeImage(zeros([3, 3, 16, 16]))).shape; // [3, 24]
   */
  encodeImage(
    images: ImageInput | readonly ImageInput[] | Tensor,
    options: EncodeOptions = {},
  ): Promise<Tensor> {
    const list = images instanceof Tensor || isList(images) ? images : [images];
    const total = list instanceof Tensor ? (list.shape[0] ?? 0) : list.length;
    const input = (from: number, to: number): Tensor | Promise<Tensor> =>
      list instanceof Tensor
        ? list.get([[from, to]])
        : this.vision.preprocess(list.slice(from, to));
    return encodeChunks(
      { total, doing: "encodeImage", input, forward: (x) => this.vision.forward(x) },
      options,
    );
  }

  /**
   * Embeddings of texts, scaled to length 1 unless `{ normalize: false }`. `[B, C]` The caller disposes them.
   * @throws PrismaError ARGUMENT_INVALID for none, and for texts without a tokenizer; TEXT_TOO_LONG unless `truncate` is
   *   true; INDEX_OUT_OF_RANGE for an id that is not in the vocabulary; SHAPE_MISMATCH; CANCELLED
   * @example
   * const [cat, dog] = [await clip.encodeText("a cat"), await clip.encodeText(["a dog"])];
   * (await cat.mul(cat).sum().item()).toFixed(4); // "1.0000"
   * cat.shape; // [1, 24]
   */
  async encodeText(texts: TextInput, options: EncodeTextOptions = {}): Promise<Tensor> {
    const owned = this.#ids(texts, options);
    const ids = owned ?? (texts as Tensor);
    try {
      await this.#checkIds(ids);
      return await encodeChunks(
        {
          total: ids.shape[0] ?? 0,
          doing: "encodeText",
          input: (from, to) => ids.get([[from, to]]),
          forward: (x) => this.text.forward(x),
        },
        options,
      );
    } finally {
      owned?.dispose();
    }
  }

  /** Ids of `texts`; null where they are a tensor already. */
  #ids(texts: TextInput, options: TokenizeOptions): Tensor | null {
    if (texts instanceof Tensor) return null;
    const list = typeof texts === "string" ? [texts] : texts;
    if (list.length === 0)
      throw new PrismaError("ARGUMENT_INVALID", "encodeText: there is nothing to encode");
    if (isTexts(list)) {
      if (this.tokenizer !== null) return this.tokenizer.tokenize(list, options);
      throw new PrismaError(
        "ARGUMENT_INVALID",
        "encodeText: this checkpoint has no tokenizer; give ids",
      );
    }
    const rows = list as readonly (readonly number[])[];
    const [{ length = 0 } = []] = rows;
    if (rows.some((row) => row.length !== length))
      throw new PrismaError("SHAPE_MISMATCH", "encodeText: rows of ids differ in length");
    return tensor(Int32Array.from(rows.flat()), { shape: [rows.length, length] });
  }

  /** Ids are of the vocabulary, and each row has an end where the model looks for one. */
  async #checkIds(ids: Tensor): Promise<void> {
    const { vocabSize, pooling, eotId } = this.text.config;
    const values = await ids.data();
    const wrong = values.findIndex(
      (id: number) => !(id >= 0 && id < vocabSize && Number.isInteger(id)),
    );
    if (wrong >= 0)
      throw new PrismaError(
        "INDEX_OUT_OF_RANGE",
        `encodeText: id ${values[wrong]} is not one of 0 to ${vocabSize - 1}`,
      );
    if (pooling !== "eot" || ids.shape.length !== 2) return;
    const [rows = 0, length = 0] = ids.shape;
    for (let row = 0; row < rows; row++) {
      if (values.subarray(row * length, (row + 1) * length).includes(eotId)) continue;
      throw new PrismaError(
        "ARGUMENT_INVALID",
        `encodeText: row ${row} has no end token, which is ${eotId}`,
        { row },
      );
    }
  }

  /**
   * The vision tower as a classifier: labels are `texts`, logits are scale x cosine (+ bias) of the image's embedding and
   * each text's. With `templates` a text's embedding is the mean over them of what each gives with the text for `{}`.
   * It shares the tower's weights: dispose it before the pair.
   * @throws PrismaError ARGUMENT_INVALID for no texts, equal ones, and templates without `{}`; as {@link encodeText}
   * @example
   * using model = await clip.asClassifier(["cat", "dog"], { templates: ["a {}."] });
   * model.forward(zeros([1, 3, 16, 16])).shape; // [1, 2]
   */
  asClassifier(texts: readonly string[], options: ZeroShotOptions = {}): Promise<ZeroShotViT> {
    return createZeroShot(this, texts, { ...options, ownsVision: false });
  }

  /**
   * Frees the weights of both towers.
   * @example
   * clip.dispose();
   * clip.vision.parameters.get("cls_token")!.disposed; // true
   */
  dispose(): void {
    this.vision.dispose();
    this.text.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function isList(images: ImageInput | readonly ImageInput[]): images is readonly ImageInput[] {
  return Array.isArray(images);
}

function isTexts(list: readonly unknown[]): list is readonly string[] {
  return list.every((one) => typeof one === "string");
}
