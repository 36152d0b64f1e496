// What edits ask of a model: hooks, runs, and a word on tokens and weights.
import type { HookedModel } from "@prisma/hooks";

/** A hooked model, by its public part alone, so that the hook names of any subclass are found by the compiler. */
export type EditableModel<Name extends string> = Pick<
  HookedModel<Name>,
  | "forward"
  | "hookNames"
  | "hookPoint"
  | "hooksTable"
  | "labelIndex"
  | "labels"
  | "layers"
  | "processing"
  | "runWithCache"
  | "runWithHooks"
  | "tokens"
  | "weightHash"
>;
