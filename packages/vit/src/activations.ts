// Activation functions by the names that configurations use.
import type { Tensor } from "@prisma/tensor";
import type { ActivationName } from "./config.ts";

/** What each name computes, elementwise. `gelu_new` and `gelu_fast` write the same tanh form. */
export const ACTIVATIONS: Readonly<Record<ActivationName, (x: Tensor) => Tensor>> = {
  relu: (x) => x.relu(),
  gelu: (x) => x.gelu(),
  silu: (x) => x.silu(),
  gelu_new: (x) => x.geluTanh(),
  gelu_fast: (x) => x.geluTanh(),
  quick_gelu: (x) => x.quickGelu(),
};
