// Engine features that change how kernels are rendered, found by trying them.
import { allowExperimental } from "#allow-experimental";
import { Assembler } from "../../codegen/wasm/assembler.ts";
import { instantiate } from "./team.ts";

/** What this engine can run. */
export interface WasmFeatures {
  /** Fixed-width SIMD. Nothing works without. */
  readonly simd: boolean;
  /** `f32x4.relaxed_madd` exists, and rounds once. */
  readonly relaxed: boolean;
}

const RUN_ARGUMENTS = ["i32", "i32", "i32", "i32"] as const;
const FACTOR = 1 + 2 ** -12;

/** A kernel that stores FACTOR * FACTOR - (1 + 2^-11): 2^-24 when product and sum round once, 0 when each rounds. */
function relaxedProduct(): Uint8Array<ArrayBuffer> {
  const asm = new Assembler(RUN_ARGUMENTS);
  asm.i32(0);
  for (const value of [FACTOR, FACTOR, -(1 + 2 ** -11)]) asm.f32(value).op("f32x4.splat");
  return asm.op("f32x4.relaxed_madd").memory("v128.store").assemble({ shared: false });
}

function isFused(code: Uint8Array<ArrayBuffer>): boolean {
  if (!WebAssembly.validate(code)) return false;
  const memory = new WebAssembly.Memory({ initial: 1 });
  instantiate(memory, code)(0, 0, 1, 0);
  return new Float32Array(memory.buffer)[0] === 2 ** -24;
}

/**
 * Asks the engine, by trying small kernels. `experimental` first allows features that it has but keeps off (relaxed SIMD
 * in Node 20).
 */
export async function findFeatures(experimental: boolean): Promise<WasmFeatures> {
  if (experimental) await allowExperimental();
  const simd = WebAssembly.validate(
    new Assembler(RUN_ARGUMENTS).v128([0, 0, 0, 0]).op("drop").assemble({ shared: false }),
  );
  return { simd, relaxed: isFused(relaxedProduct()) };
}
