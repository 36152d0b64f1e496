// Compares a rendered kernel with the interpreter, bit by bit, and with itself in other cuts.
import { expect } from "vitest";
import type { WasmProgram } from "../../src/codegen/wasm/abi.ts";
import type { TypedArray } from "../../src/dtype.ts";
import type { BufferId } from "../../src/graph/expr.ts";
import type { Kernel } from "../../src/schedule/kernel.ts";
import { interpretKernel } from "../kernel-interpreter.ts";
import type { RandomKernels } from "./random-kernels.ts";
import { runWasmProgram } from "./run-wasm-program.ts";

/** The same arrays again, so that a kernel may write into them. */
export function copyBuffers(buffers: ReadonlyMap<BufferId, TypedArray>): Map<BufferId, TypedArray> {
  return new Map([...buffers].map(([id, array]) => [id, array.slice() as TypedArray]));
}

/** The bits of `array`, all NaNs as one. */
export function wordsOf(array: TypedArray): number[] {
  const bits = new Uint32Array(array.buffer);
  return [...array].map((value, i) => (Number.isNaN(value) ? Number.NaN : bits[i]!));
}

/** Expects `program` to give the interpreter's bits for `kernel`, and the same ones when its items are cut in four. */
export function checkWasmKernel(kernel: Kernel, program: WasmProgram, random: RandomKernels, name: string): void {
  const { buffers, slots } = random;
  const [expected, whole, cut] = [copyBuffers(buffers), copyBuffers(buffers), copyBuffers(buffers)];
  interpretKernel(kernel, expected, slots);
  runWasmProgram(program, whole, { slots });
  const cuts = Array.from({ length: 3 }, () => random.below(program.items + 1)).sort((a, b) => a - b);
  runWasmProgram(program, cut, { slots, cuts });
  for (const id of program.buffers.slice(-program.outputs)) {
    expect(wordsOf(whole.get(id)!), name).toEqual(wordsOf(expected.get(id)!));
    expect(wordsOf(cut.get(id)!), `${name}, cut`).toEqual(wordsOf(whole.get(id)!));
  }
}
