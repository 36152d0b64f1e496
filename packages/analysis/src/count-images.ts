// How many images an analysis is given.
import { kindOf, PrismaError, Tensor } from "@prisma/tensor";

/**
 * Images in `input` [B, ...], at least one.
 * @throws PrismaError ARGUMENT_INVALID for what is no tensor, and for no image
 */
export function countImages(input: unknown, doing: string): number {
  if (!(input instanceof Tensor)) {
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `${doing}: the images are ${kindOf(input)}; expected a tensor [B, C, rows, columns], such as model.preprocess gives`,
    );
  }
  const [images = 0] = input.shape;
  if (images > 0) return images;
  throw new PrismaError("ARGUMENT_INVALID", `${doing}: there is no image`);
}
