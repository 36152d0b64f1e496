// A ViT with fresh weights.
import { init, maybeCurrentDevice, PrismaError, tensor } from "@prisma/tensor";
import { createConfig, type ViTConfigInput } from "./config.ts";
import { prisma } from "./families/prisma.ts";
import { fillParameters } from "./fill-parameters.ts";
import { initialize } from "./initialize.ts";
import { parameterShapes } from "./parameter-shapes.ts";
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
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `createViT: seed is ${seed}; expected a whole number from 0 to 2^53 - 1`,
      { seed },
    );
  }
  if (maybeCurrentDevice() === null) await init();
  const values = initialize(config, seed);
  const tensors = new Map(
    [...parameterShapes(config)].map(([name, shape]) => [
      name,
      tensor(values.get(name) ?? [], { shape }),
    ]),
  );
  const parameters = await fillParameters(tensors, prisma.weights(config, {}));
  return new ViT({ config, parameters, labels: null, preprocess: null });
}
