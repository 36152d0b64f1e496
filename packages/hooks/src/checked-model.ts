// What checks need of a model: its public part alone, so that a model whose names are literal types fits.
import type { HookedModel } from "./hooked-model.ts";

/** A hooked model as `checkHooks` and `compareDevices` use it. */
export type CheckedModel<Name extends string> = Pick<
  HookedModel<Name>,
  | "forward"
  | "hookNames"
  | "hooksTable"
  | "layers"
  | "runWithCache"
  | "runWithHooks"
  | "tokens"
  | "trace"
>;
