// Rows of the residual stream along one direction of it.
import { PrismaError, type Tensor } from "@prisma/tensor";
import type { ActivationCache } from "./activation-cache.ts";
import { normedDirection } from "./apply-ln.ts";
import { weightOfCache } from "./cache-view.ts";
import type { ResidOptions } from "./decompose-resid.ts";

/** A direction, and whether rows go through the norm that reads them first. */
export interface ProjectOptions extends ResidOptions {
  /** Direction in the stream `[D]`; rows `[..., P, D]` become `[..., P]`. */
  readonly projectOutputOnto?: Tensor;
}

/** What rows are multiplied with and divided by. */
export interface Projection {
  /** `[D]` */
  readonly direction: Tensor;
  /** `[..., P]`, or null. */
  readonly scale: Tensor | null;
}

/**
 * What `options` ask for; null where rows stay as they are.
 * @throws PrismaError SHAPE_MISMATCH for a direction of another width
 */
export function projectionOf(
  cache: ActivationCache,
  { doing, ...options }: ProjectOptions & { readonly doing: string },
): Projection | null {
  const { projectOutputOnto: direction, applyLn = false } = options;
  if (direction === undefined) return null;
  const width = weightOfCache(cache, "blocks.0.attn.W_O", doing).shape[2] ?? 0;
  if (direction.rank !== 1 || direction.shape[0] !== width)
    throw new PrismaError(
      "SHAPE_MISMATCH",
      `${doing}: projectOutputOnto has shape [${direction.shape.join(", ")}]; expected [${width}], a direction of the stream`,
      { shape: [...direction.shape], width },
    );
  if (!applyLn) return { direction, scale: null };
  const normed = normedDirection(cache, direction, options);
  return { direction: normed.direction, scale: normed.scale?.squeeze(-1) ?? null };
}

/** Rows `[N, ..., P, D]` along the direction. `[N, ..., P]` */
export function projectRows(rows: Tensor, { direction, scale }: Projection): Tensor {
  const along = rows.matmul(direction);
  return scale === null ? along : along.div(scale);
}
