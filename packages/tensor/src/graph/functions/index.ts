// The function table: every elementwise function there is, one row each.
import { ACTIVATIONS } from "./activations.ts";
import { ARITHMETIC, CASTS } from "./arithmetic.ts";
import type { ScalarFunctionName } from "./names.ts";
import { RANDOM } from "./random.ts";
import type { ScalarFunction } from "./scalar-function.ts";

export type { ScalarFunctionName } from "./names.ts";

/** The rows by name. */
export const FUNCTIONS: Readonly<Record<ScalarFunctionName, ScalarFunction>> = {
  ...ARITHMETIC,
  ...CASTS,
  ...ACTIVATIONS,
  ...RANDOM,
};
