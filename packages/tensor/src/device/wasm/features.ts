// Engine features that change how kernels are rendered, found by trying them.
import { allowExperimental } from "#engine-flags";

/** What this engine can run. */
export interface WasmFeatures {
  /** Fixed-width SIMD. Nothing works without. */
  readonly simd: boolean;
  /** `f32x4.relaxed_madd`, fused. */
  readonly relaxed: boolean;
}

const HEADER = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** A module of one function of type () -> v128 with this body. */
function moduleOf(body: readonly number[]): Uint8Array<ArrayBuffer> {
  const code = [0, ...body, 0x0b];
  return Uint8Array.from([...HEADER, 1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0, 10, code.length + 2, 1, code.length, ...code]);
}

/** Pushes a vector of zeros. */
const ZEROS = [0xfd, 12, ...new Array<number>(16).fill(0)];

/**
 * Asks the engine, by validating small modules. `experimental` first allows features that it has but keeps off (relaxed
 * SIMD in Node 20).
 */
export async function findFeatures(experimental: boolean): Promise<WasmFeatures> {
  if (experimental) await allowExperimental();
  const simd = WebAssembly.validate(moduleOf(ZEROS));
  const relaxed = WebAssembly.validate(moduleOf([...ZEROS, ...ZEROS, ...ZEROS, 0xfd, 0x85, 0x02]));
  return { simd, relaxed };
}
