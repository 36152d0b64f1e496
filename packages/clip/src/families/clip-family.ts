// A layout of CLIP checkpoints: facts, as data. Nothing here touches values.
import type { PreprocessConfig, ViTConfig, WeightSource } from "@prisma/vit";
import type { TextConfig } from "../text-config.ts";
import type { Cleaning } from "../tokenizer/clean-text.ts";
import type { JsonObject } from "../tokenizer/tokenizer-file.ts";

/** Files that describe a model, as they were parsed. */
export interface ClipDescription {
  /** `config.json` or `open_clip_config.json`. */
  readonly config: JsonObject;
  /** `preprocessor_config.json`, where there is one. */
  readonly preprocessor: JsonObject | null;
}

/** How the checkpoint's library makes ids of texts. */
export interface TokenizerFacts {
  readonly contextLength: number;
  readonly library: "transformers" | "open_clip";
  readonly cleaning?: Cleaning;
}

/** What the files say of their model. */
export interface ClipFacts {
  readonly vision: ViTConfig;
  readonly text: TextConfig;
  readonly preprocess: PreprocessConfig | null;
  readonly tokenizer: TokenizerFacts;
}

/** Where the parameters of both towers come from; every tensor of the checkpoint is named here or ignored. */
export interface ClipWeights {
  readonly vision: readonly WeightSource[];
  readonly text: readonly WeightSource[];
}

/** A checkpoint layout. */
export interface ClipFamily {
  readonly name: string;
  /** True for a model of this layout. */
  readonly recognizes: (config: JsonObject) => boolean;
  /** @throws PrismaError CONFIG_INVALID */
  readonly read: (description: ClipDescription) => ClipFacts;
  readonly weights: (facts: ClipFacts, description: ClipDescription) => ClipWeights;
  /** True for a checkpoint tensor that the model has no use for; each family says why. */
  readonly ignores: (name: string) => boolean;
}
