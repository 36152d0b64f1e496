// Fresh parameters of a ViT on a device.
import { init, maybeCurrentDevice, PrismaError, tensor, type Tensor } from "@prisma/tensor";
import type { ViTConfig } from "./config.ts";
import { prisma } from "./families/prisma.ts";
import { fillParameters } from "./fill-parameters.ts";
import { initialize, type Initialization } from "./initialize.ts";
import { parameterShapes } from "./parameter-shapes.ts";

/** How parameters are drawn. */
export interface Drawing {
  readonly seed: number;
  readonly initialization: Initialization;
  /** What the caller calls this. */
  readonly doing: string;
}

/**
 * Parameters of a model of `config`, on the current device (`init()` chooses one when there is none). The caller owns them.
 * @throws PrismaError ARGUMENT_INVALID for a seed that is none; OUT_OF_MEMORY
 */
export async function randomParameters(
  config: ViTConfig,
  { seed, initialization, doing }: Drawing,
): Promise<Map<string, Tensor>> {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `${doing}: seed is ${seed}; expected a whole number from 0 to 2^53 - 1`,
      { seed },
    );
  }
  if (maybeCurrentDevice() === null) await init();
  const values = initialize(config, seed, initialization);
  const tensors = new Map(
    [...parameterShapes(config)].map(([name, shape]) => [
      name,
      tensor(values.get(name) ?? [], { shape }),
    ]),
  );
  return fillParameters(tensors, prisma.weights(config, { config: {}, preprocessor: null }));
}
