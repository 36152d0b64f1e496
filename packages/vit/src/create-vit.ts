// A ViT with fresh weights.
import { createConfig, type ViTConfigInput } from "./config.ts";
import { prismaInitialization } from "./initialize.ts";
import { randomParameters } from "./random-parameters.ts";
import { ViT } from "./vit.ts";

/** What {@link createViT} may be told. */
export interface CreateViTOptions {
  /** Whole number from 0 to 2^53 - 1; the same seed gives the same weights. Default 0. */
  readonly seed?: number;
}

/**
 * A ViT with ViT-Prisma's initial weights, on the current device (`init()` chooses one when there is none).
 * Of a literal configuration, hook names are checked by the compiler.
 * @throws PrismaError CONFIG_INVALID, ARGUMENT_INVALID, OUT_OF_MEMORY
 * @example
 * const model = await createViT({ nLayers: 2, dModel: 64, patchSize: 7, imageSize: 28 }, { seed: 1 });
 */
export async function createViT<const Layers extends number>(
  input: ViTConfigInput<Layers>,
  options: CreateViTOptions = {},
): Promise<ViT<Layers>> {
  const { seed = 0 } = options;
  const config = createConfig(input);
  const drawing = { seed, initialization: prismaInitialization, doing: "createViT" };
  const parameters = await randomParameters(config, drawing);
  return new ViT({ config, parameters, labels: null, preprocess: null });
}
