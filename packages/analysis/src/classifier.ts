// What attribution and lenses ask of a model: hooks, and class logits read along directions of the residual stream.
import type {
  CachedRun,
  HookedModel,
  LogitDirections,
  LogitDirectionsOptions,
  LogitTarget,
} from "@prisma/hooks";
import { PrismaError, type Tensor } from "@prisma/tensor";

/** The hooked part of a {@link Classifier}. */
type Hooked = Pick<
  HookedModel,
  "hookNames" | "labels" | "layers" | "parameters" | "processing" | "tokens" | "weightHash"
>;

/** A hooked model whose class logits are linear in its final norm's output, with weights by the names of ViT-Prisma; `ViT` is one. */
export interface Classifier extends Hooked {
  /** `eps` is what layer norms add to the variance. */
  readonly config: { readonly eps: number };
  /** Runs the model and keeps the activations that `names` says. */
  runWithCache(
    input: Tensor,
    options: { readonly names: (name: string) => boolean },
  ): Promise<CachedRun<string>>;
  /** Directions `[n, D]` along which class differences are read from the stream, and their bias `[n]`. */
  logitDirections(
    targets: readonly LogitTarget[],
    options?: LogitDirectionsOptions,
  ): LogitDirections;
  /**
   * Where logits are cosines (CLIP's): what those of normed streams `[..., D]` are divided by, `[..., 1]`. The model then
   * passes that of the answer through `hook_head_scale` `[B, 1]`.
   */
  headScale?(normalized: Tensor): Tensor;
  /** Added to logits after that division. Left out: 0. */
  readonly logitBias?: number;
}

/**
 * The weight `name` of `model`.
 * @throws PrismaError ARGUMENT_INVALID when there is none of that name
 */
export function weightOf(model: Classifier, name: string): Tensor {
  const weight = model.parameters.get(name);
  if (weight !== undefined) return weight;
  throw new PrismaError("ARGUMENT_INVALID", `the model has no parameter ${name}`, { name });
}
