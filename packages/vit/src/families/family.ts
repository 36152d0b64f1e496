// A model family: facts about a checkpoint layout, as data. Nothing here touches values.
import type { Tensor } from "@prisma/tensor";
import type { ViTConfig } from "../config.ts";
import type { PreprocessConfig } from "../images/prepare-image.ts";

/** A configuration file as it was read. */
export type ConfigFile = Readonly<Record<string, unknown>>;

/** Checkpoint tensors of one shape, and the parameters that are views of them. */
export interface WeightSource {
  /** Names in the checkpoint. Several are stacked into one buffer first; none stands for zeros that the checkpoint leaves out. */
  readonly from: readonly string[];
  /** Shape of each. */
  readonly shape: readonly number[];
  /** Parameters by name, each a view of that tensor, stack or zeros. */
  readonly into: Readonly<Record<string, (source: Tensor) => Tensor>>;
}

/** What a configuration file says of its model. */
export interface ModelFacts {
  readonly config: ViTConfig;
  readonly labels: readonly string[] | null;
  readonly preprocess: PreprocessConfig | null;
}

/** A checkpoint layout. */
export interface Family {
  readonly name: string;
  /** True for a configuration file of this layout. */
  readonly recognizes: (file: ConfigFile) => boolean;
  /** @throws PrismaError CONFIG_INVALID */
  readonly read: (file: ConfigFile) => ModelFacts;
  /** Where the parameters of the model come from; every tensor of the checkpoint must be named. */
  readonly weights: (config: ViTConfig, file: ConfigFile) => readonly WeightSource[];
}

/** A tensor that is a parameter as it stands. */
export function same(from: string, to: string, shape: readonly number[]): WeightSource {
  return { from: [from], shape, into: { [to]: (source) => source } };
}
