// A model family: facts about a checkpoint layout, as data. Nothing here touches values.
import { stack, zeros, type Tensor } from "@prisma/tensor";
import type { ViTConfig } from "../config.ts";
import type { PreprocessConfig } from "../images/preprocess-config.ts";
import type { PositionInterpolation } from "../interpolate-positions.ts";

/** A configuration file as it was read. */
export type ConfigFile = Readonly<Record<string, unknown>>;

/** Files that describe a model, as they were read. */
export interface ModelDescription {
  /** `config.json` or `open_clip_config.json`. */
  readonly config: ConfigFile;
  /** `preprocessor_config.json`, where there is one. */
  readonly preprocessor: ConfigFile | null;
  /** What stands before the names of the checkpoint's tensors, as `Family.findPrefix` found it. */
  readonly prefix?: string;
}

/** Checkpoint tensors, and the parameters that are views of what is made of them. */
export interface WeightSource {
  /** Shapes by names in the checkpoint. */
  readonly from: Readonly<Record<string, readonly number[]>>;
  /** Makes one lazy tensor of those of `from`, in their order. Default: the first, as it is. */
  readonly make?: (...tensors: Tensor[]) => Tensor;
  /** Parameters by name, each a view of the tensor made. */
  readonly into: Readonly<Record<string, (made: Tensor) => Tensor>>;
}

/** What a configuration file says of its model. */
export interface ModelFacts {
  readonly config: ViTConfig;
  /** Names of the classes, or the data set whose names we know; null where the checkpoint does not say. */
  readonly labels: readonly string[] | "imagenet-1k" | null;
  readonly preprocess: PreprocessConfig | null;
  /** What was done to the weights before they were saved. Default nothing. */
  readonly processing?: readonly string[];
  /** Size of the pictures that the library makes, where its positions are interpolated to it. Default `config.imageSize`. */
  readonly imageSize?: readonly [rows: number, columns: number];
}

/** A checkpoint layout. */
export interface Family {
  readonly name: string;
  /** True for a model of this layout. */
  readonly recognizes: (description: ModelDescription) => boolean;
  /** Adds to `description` what the checkpoint's shapes say, for layouts that may come without a whole configuration. */
  readonly complete?: (
    description: ModelDescription,
    shapes: ReadonlyMap<string, readonly number[]>,
  ) => ModelDescription;
  /** The description of the same model for pictures of another size, where the layout's own rules for pictures depend on it. */
  readonly withImageSize?: (
    description: ModelDescription,
    size: readonly [rows: number, columns: number],
  ) => ModelDescription;
  /** True where `preprocessor_config.json` says how pictures are prepared. */
  readonly preprocessorFile?: boolean;
  /** Files of weights, in the order in which they are looked for; `.index.json` lists several. Default `model.safetensors`. */
  readonly weightFiles?: readonly string[];
  /** What stands before the tensors' names, for layouts that are saved with and without it. */
  readonly findPrefix?: (names: ReadonlySet<string>) => string;
  /** How positions come to pictures of another size. Default antialiased, as timm does. */
  readonly interpolation?: (description: ModelDescription) => PositionInterpolation;
  /** @throws PrismaError CONFIG_INVALID */
  readonly read: (description: ModelDescription) => ModelFacts;
  /** Where the parameters of the model come from; every tensor of the checkpoint must be named, or ignored. */
  readonly weights: (config: ViTConfig, description: ModelDescription) => readonly WeightSource[];
  /** True for a checkpoint tensor that the model has no use for; each family says why. */
  readonly ignores?: (name: string) => boolean;
}

const asItIs = (made: Tensor): Tensor => made;

/**
 * A tensor that is a parameter as it stands.
 * @example
 * Object.keys(same("norm.weight", "ln_final.w", [8]).into); // ["ln_final.w"]
 */
export function same(from: string, to: string, shape: readonly number[]): WeightSource {
  return { from: { [from]: shape }, into: { [to]: asItIs } };
}

/**
 * A linear layer `[to, from]` as the matrix `[from, to]` that it multiplies with from the right.
 * @example
 * linear("fc.weight", "head.W_H", [2, 3]).into["head.W_H"]!(zeros([2, 3])).shape; // [3, 2]
 */
export function linear(
  from: string,
  to: string,
  shape: readonly [to: number, from: number],
): WeightSource {
  return { from: { [from]: shape }, into: { [to]: (weight) => weight.transpose() } };
}

/**
 * Tensors of one shape in one buffer, so that products with them are computed as one; each view takes its own by number.
 * @example
 * stacked(["a", "b"], [3], {}).make!(zeros([3]), zeros([3])).shape; // [2, 3]
 */
export function stacked(
  names: readonly string[],
  shape: readonly number[],
  into: WeightSource["into"],
): WeightSource {
  return {
    from: Object.fromEntries(names.map((name) => [name, shape])),
    make: (...tensors) => stack(tensors),
    into,
  };
}

/**
 * `source`, whose first tensor writes to the stream along its first axis, times the layer scale `gamma` of that axis: the
 * factor is part of what is written from here on. Without the name of one, `source` as it is.
 * @example
 * const bias = same("proj.bias", "b_O", [3]);
 * await scaledBy("gamma", bias).make!(tensor([1, 2, 3]), tensor([1, 0, 2])).array(); // [1, 0, 6]
 */
export function scaledBy(gamma: string | null, source: WeightSource): WeightSource {
  const [shape = []] = Object.values(source.from);
  const [width = 0, ...rest] = shape;
  if (gamma === null) return source;
  return {
    ...source,
    from: { ...source.from, [gamma]: [width] },
    make: (...[weight, scale]) => {
      if (weight === undefined || scale === undefined) return zeros(shape);
      return weight.mul(scale.reshape([width, ...rest.map(() => 1)]));
    },
  };
}

/**
 * Parameters that a checkpoint leaves out, being zero.
 * @example
 * zero([3], {}).make!().shape; // [3]
 */
export function zero(shape: readonly number[], into: WeightSource["into"]): WeightSource {
  return { from: {}, make: () => zeros(shape), into };
}
