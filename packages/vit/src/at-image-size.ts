// A loaded model for pictures of another size than its checkpoint's.
import { tensor, type Tensor } from "@prisma/tensor";
import { createConfig, gridOf, type ViTConfig } from "./config.ts";
import { knownLabels } from "./families/known-labels.ts";
import type { Family, ModelDescription, ModelFacts } from "./families/family.ts";
import type { PreprocessConfig } from "./images/preprocess-config.ts";
import { interpolatePositions, type PositionInterpolation } from "./interpolate-positions.ts";
import { ViT } from "./vit.ts";

type Size = readonly [rows: number, columns: number];

/** What was read of a checkpoint. */
export interface LoadedParts {
  readonly family: Family;
  readonly description: ModelDescription;
  readonly facts: ModelFacts;
  readonly parameters: Map<string, Tensor>;
}

/**
 * The model of `parts`, for pictures of `size` where one is given, or of the size that its library makes.
 * @throws PrismaError CONFIG_INVALID for a size of less than one patch; the parameters are then let go of
 */
export async function atImageSize(parts: LoadedParts, asked: Size | undefined): Promise<ViT> {
  const { family, description, facts, parameters } = parts;
  const size = asked ?? facts.imageSize;
  try {
    const labels = await knownLabels(facts);
    if (size === undefined) return new ViT({ ...facts, labels, parameters });
    const resized = factsAt(parts, size);
    const how = family.interpolation?.(description) ?? "bicubic, antialiased";
    await resizePositions(parameters, { before: facts.config, after: resized.config, how });
    return new ViT({ ...resized, labels, parameters });
  } catch (error) {
    parameters.forEach((parameter) => parameter.dispose());
    throw error;
  }
}

/** Facts for pictures of `size`: by the layout's own rules, or in proportion. */
function factsAt({ family, description, facts }: LoadedParts, size: Size): ModelFacts {
  if (family.withImageSize !== undefined)
    return family.read(family.withImageSize(description, size));
  const { config, preprocess } = facts;
  return {
    ...facts,
    config: createConfig({ ...config, imageSize: size }),
    preprocess: preprocess === null ? null : preprocessAt(preprocess, size),
  };
}

function preprocessAt(config: PreprocessConfig, size: Size): PreprocessConfig {
  const scaled = (axis: 0 | 1): number =>
    Math.round((config.resizeTo[axis] * size[axis]) / config.size[axis]);
  return { ...config, size, resizeTo: [scaled(0), scaled(1)] };
}

async function resizePositions(
  parameters: Map<string, Tensor>,
  {
    before,
    after,
    how,
  }: {
    readonly before: ViTConfig;
    readonly after: ViTConfig;
    readonly how: PositionInterpolation;
  },
): Promise<void> {
  const name = "pos_embed.W_pos";
  const [from, to] = [gridOf(before), gridOf(after)];
  const table = parameters.get(name);
  if (table === undefined || (from[0] === to[0] && from[1] === to[1])) return;
  const width = before.dModel;
  const values = interpolatePositions(Float32Array.from(await table.data()), {
    from,
    to,
    width,
    how,
  });
  const resized = await tensor(values, { shape: [values.length / width, width] }).realize();
  parameters.set(name, resized);
  table.dispose();
}
