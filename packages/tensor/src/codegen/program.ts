// Programs: a kernel rendered for one device, split into code that many kernels share and parameters of this one.
import type { Affine } from "../graph/affine.ts";
import type { BufferId } from "../graph/expr.ts";

/** One 32-bit word of a program's parameter block, known now or when the plan is bound. */
export type ParamWord =
  | { readonly kind: "u32"; readonly value: number }
  | { readonly kind: "affine"; readonly value: Affine }
  | { readonly kind: "slot"; readonly slot: number; readonly dtype: "f32" | "i32" | "u32" };

/**
 * A rendered kernel. `key` names the code: kernels of equal key share it, whatever their sizes, strides and slots, which
 * travel in `params`. `code` is called once per key.
 */
export interface Program<Code> {
  readonly key: string;
  readonly code: () => Code;
  readonly params: readonly ParamWord[];
  /** Buffers in binding order; outputs last, `outputs` of them. No buffer occurs twice. */
  readonly buffers: readonly BufferId[];
  readonly outputs: number;
}
