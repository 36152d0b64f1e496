// Layer norm with its scale in the open.
import type { HookName } from "@prisma/hooks";
import type { Tensor } from "@prisma/tensor";
import type { BlockParts } from "./transformer-block.ts";

/** Norms of a model, by what stands before `.hook_scale`. */
export type NormName = HookName extends infer Name
  ? Name extends `${infer Norm}.hook_scale`
    ? Norm
    : never
  : never;

/**
 * `x` normalized over its last axis; the affine part comes before `hook_normalized`. Without norms, `x`.
 * @example
 * const pass = new Pass<HookName>({ points: new Map(), names: new Set(), gradients: false });
 * const weight = (name: string): Tensor => model.parameters.get(name)!;
 * layerNorm("ln_final", zeros([1, 33, 96]), { config: model.config, weight, pass }).shape; // [1, 33, 96]
 */
export function layerNorm(
  name: NormName,
  x: Tensor,
  { config: { normalizationType, eps }, weight, pass }: BlockParts,
): Tensor {
  if (normalizationType === null) return x;
  const centered = x.sub(x.mean(-1, { keepDims: true }));
  const variance = centered.mul(centered).mean(-1, { keepDims: true });
  const scale = pass.at(`${name}.hook_scale`, variance.add(eps).sqrt()); // [..., 1]
  const unit = centered.div(scale);
  const affine =
    normalizationType === "LN" ? unit.mul(weight(`${name}.w`)).add(weight(`${name}.b`)) : unit;
  return pass.at(`${name}.hook_normalized`, affine);
}

/** Names and shapes of a norm's parameters over `width` features: none where it has none. */
export function normShapes(
  name: NormName,
  { normalizationType, dModel }: BlockParts["config"],
): [string, readonly number[]][] {
  if (normalizationType !== "LN") return [];
  return [
    [`${name}.w`, [dModel]],
    [`${name}.b`, [dModel]],
  ];
}
