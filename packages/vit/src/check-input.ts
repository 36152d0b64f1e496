// Checks of what a ViT is called with, so that a wrong shape is named at the call.
import { formatShape, PrismaError, type Tensor } from "@prisma/tensor";
import { tokenCount, type ViTConfig } from "./config.ts";

function checkShape(input: Tensor, expected: readonly number[], what: string): void {
  const [, ...rest] = input.shape;
  if (rest.length === expected.length && expected.every((size, axis) => rest[axis] === size))
    return;
  throw new PrismaError(
    "SHAPE_MISMATCH",
    `forward: ${what} [B,${expected.join(",")}]; the input is ${formatShape(input.shape)}`,
    { found: [...input.shape], expected: ["B", ...expected] },
  );
}

/**
 * Checks that `images` is `[B, C, rows, columns]`; gives B.
 * @throws PrismaError SHAPE_MISMATCH
 */
export function checkImages(images: Tensor, config: ViTConfig): number {
  checkShape(images, [config.nChannels, ...config.imageSize], "images are");
  return images.shape[0] ?? 0;
}

/**
 * Checks that `residual` is `[B, P, D]`.
 * @throws PrismaError SHAPE_MISMATCH
 */
export function checkResidual(residual: Tensor, config: ViTConfig): Tensor {
  const expected = [tokenCount(config), config.dModel];
  checkShape(residual, expected, "with startAtLayer the input is the residual stream");
  return residual;
}
