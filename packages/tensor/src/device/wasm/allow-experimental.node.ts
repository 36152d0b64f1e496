// Engine flags in Node.
import { setFlagsFromString } from "node:v8";

/** Turns on WebAssembly relaxed SIMD, which Node 20 has behind a flag; modules compiled from now on may use it. */
export async function allowExperimental(): Promise<void> {
  setFlagsFromString("--experimental-wasm-relaxed-simd");
}
