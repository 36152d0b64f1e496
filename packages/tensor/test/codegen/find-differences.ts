// Compares a rendered kernel with the interpreter, bit by bit, and with itself in other cuts.
import type { WasmProgram } from "../../src/codegen/wasm/abi.ts";
import type { TypedArray } from "../../src/dtype.ts";
import type { BufferId } from "../../src/graph/expr.ts";
import type { Kernel } from "../../src/schedule/kernel.ts";
import { interpretKernel } from "../kernel-interpreter.ts";
import type { RandomKernels } from "./random-kernels.ts";
import { runWasmProgram } from "./run-wasm-program.ts";

/** The same arrays again, so that a kernel may write into them. */
function copyBuffers(buffers: ReadonlyMap<BufferId, TypedArray>): Map<BufferId, TypedArray> {
  return new Map([...buffers].map(([id, array]) => [id, array.slice() as TypedArray]));
}

/** The bits of `array`, all NaNs as one. */
function wordsOf(array: TypedArray): number[] {
  const bits = new Uint32Array(array.buffer);
  return [...array].map((value, i) => (Number.isNaN(value) ? Number.NaN : bits[i]!));
}

/** Outputs in which `program` differs from the interpreter, or from itself when its items are cut in four. */
export function findDifferences(
  kernel: Kernel,
  program: WasmProgram,
  random: RandomKernels,
): string[] {
  const { buffers, slots } = random;
  const [expected, whole, cut] = [copyBuffers(buffers), copyBuffers(buffers), copyBuffers(buffers)];
  interpretKernel(kernel, expected, slots);
  runWasmProgram(program, whole, { slots });
  const cuts = Array.from({ length: 3 }, () => random.below(program.items + 1)).sort(
    (a, b) => a - b,
  );
  runWasmProgram(program, cut, { slots, cuts });
  return program.buffers
    .slice(-program.outputs)
    .flatMap((id) => [
      ...differences(`buffer ${id}`, wordsOf(whole.get(id)!), wordsOf(expected.get(id)!)),
      ...differences(`buffer ${id} in cuts`, wordsOf(cut.get(id)!), wordsOf(whole.get(id)!)),
    ]);
}

function differences(
  name: string,
  actual: readonly number[],
  expected: readonly number[],
): string[] {
  const i = actual.findIndex((word, i) => !Object.is(word, expected[i]));
  return i < 0 ? [] : [`${name}: word ${i} is ${actual[i]}, not ${expected[i]}`];
}
