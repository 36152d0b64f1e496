// What rows of the residual stream add to class differences.
import { PrismaError, type Tensor } from "@prisma/tensor";
import type { ActivationCache } from "./activation-cache.ts";
import { applyLn, type ApplyLnOptions } from "./apply-ln.ts";
import { keptActivation } from "./cache-view.ts";
import type { LogitTarget } from "./logit-directions.ts";

/** Which positions and images the rows hold. */
export type LogitAttrsOptions = Pick<ApplyLnOptions, "posSlice" | "batchSlice">;

/** What cosines are divided by besides, at every row. `[..., 1, 1]` */
function headScale(cache: ActivationCache, { batchSlice }: LogitAttrsOptions): Tensor | null {
  if (!cache.model.hookNames.includes("hook_head_scale")) return null;
  const scale = keptActivation(cache, "hook_head_scale", "logitAttrs").unsqueeze(-2);
  return batchSlice === undefined ? scale : scale.get([batchSlice]);
}

/** Rows `[N, ..., P, D]` along the directions of `targets`, with the final norm's scale held still. `[N, ..., P, n]` */
export function logitAttrs(
  cache: ActivationCache,
  rows: Tensor,
  { targets, ...options }: LogitAttrsOptions & { readonly targets: readonly LogitTarget[] },
): Tensor {
  const found = cache.model.logitDirections?.(targets);
  if (found === undefined)
    throw new PrismaError("ARGUMENT_INVALID", "logitAttrs: the model has no logitDirections");
  const along = applyLn(cache, rows, options).matmul(found.directions.transpose());
  const scale = headScale(cache, options);
  return scale === null ? along : along.div(scale);
}
