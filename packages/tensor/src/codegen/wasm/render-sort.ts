// Renders sort kernels: each row by its keys' bytes, the lowest first (a radix sort), which keeps equals in place order.
import type { MachineType } from "../../dtype.ts";
import type { SortKernel } from "../../schedule/kernel.ts";
import type { WasmProgram, WasmTarget } from "./abi.ts";
import type { Assembler, Local } from "./assembler.ts";
import { KernelFunction } from "./kernel-function.ts";
import { KernelParams } from "./kernel-params.ts";
import { pushSortKey } from "./push-sort-key.ts";
import { ValueGraph, type OperandPlace } from "./value-graph.ts";

/** Values of a digit, and the bytes of a count for each. */
const DIGITS = 256;
const COUNTS_BYTES = 4 * DIGITS;

/** All that the code of a sort depends on; numbers are words or bindings. */
interface SortPlan {
  readonly dtype: MachineType;
  readonly descending: boolean;
  readonly source: OperandPlace;
  readonly output: OperandPlace;
  readonly length: number;
}

/** `kernel` as a program; its work items are rows. */
export function renderSort(kernel: SortKernel, target: WasmTarget): WasmProgram {
  const params = new KernelParams([kernel.source.buffer], [kernel.output.buffer]);
  const graph = new ValueGraph(params, 2, -1);
  const { dtype, descending } = kernel;
  const plan: SortPlan = {
    dtype,
    descending,
    source: graph.operand(kernel.source),
    output: graph.operand(kernel.output),
    length: params.constant(kernel.length),
  };
  return {
    key: `sort ${JSON.stringify(plan)}`,
    code: () => emitSort(new KernelFunction(params, target), plan),
    params: params.words,
    buffers: params.buffers,
    outputs: params.outputs,
    items: kernel.length === 0 ? 0 : kernel.rows,
    // Counts, two lists of keys, and a second list of places beside the output.
    scratchBytes: COUNTS_BYTES + 12 * kernel.length,
    costPerItem: 2 * DIGITS + 30 * kernel.length,
  };
}

function emitSort(fn: KernelFunction, plan: SortPlan): Uint8Array<ArrayBuffer> {
  const { asm, begin, end } = fn;
  const [row, length] = [asm.local("i32"), asm.local("i32")];
  fn.pushWord(plan.length).set(length);
  asm.get(begin).set(row);
  fn.whileBelow(row, end, () => {
    const sort = new RadixSort(fn, length, () => {
      fn.pushAddress(plan.output.buffer);
      pushScaled(fn.pushPlace(plan.output.form, [row])).op("i32.add");
    });
    const address = asm.local("i32");
    sort.fill((place) => {
      fn.pushAddress(plan.source.buffer);
      pushScaled(fn.pushPlace(plan.source.form, [row, place]))
        .op("i32.add")
        .set(address);
      pushSortKey(asm, plan.dtype, address);
      if (plan.descending) asm.i32(-1).op("i32.xor");
    });
    // Four passes: an even number, so that the places end in the output.
    for (const shift of [0, 8, 16, 24]) sort.pass(shift);
    asm.get(row).i32(1).op("i32.add").set(row);
  });
  return fn.assemble();
}

/** Makes the number of elements on the stack one of bytes. */
function pushScaled(asm: Assembler): Assembler {
  return asm.i32(2).op("i32.shl");
}

/** Addresses of a list of keys and of the places they came from. */
interface Lists {
  readonly keys: Local;
  readonly places: Local;
}

/** The sort of one row, in scratch and the output. */
class RadixSort {
  readonly #fn: KernelFunction;
  readonly #length: Local;
  #from: Lists;
  #to: Lists;

  /** @param pushOutput pushes the address of the row in the output */
  constructor(fn: KernelFunction, length: Local, pushOutput: () => void) {
    const { asm, scratch } = fn;
    this.#fn = fn;
    this.#length = length;
    const local = (): Local => asm.local("i32");
    this.#from = { keys: local(), places: local() };
    this.#to = { keys: local(), places: local() };
    const after = (list: Local): Assembler => pushScaled(asm.get(list).get(length)).op("i32.add");
    asm.get(scratch).i32(COUNTS_BYTES).op("i32.add").set(this.#from.keys);
    after(this.#from.keys).set(this.#to.keys);
    after(this.#to.keys).set(this.#to.places);
    pushOutput();
    asm.set(this.#from.places);
  }

  /** Lists every element in place order; `pushKey` pushes the key of the one at `place`. */
  fill(pushKey: (place: Local) => void): void {
    const { asm } = this.#fn;
    const { keys, places } = this.#from;
    this.#each(this.#length, (place) => {
      this.#pushEntry(keys, place);
      pushKey(place);
      asm.memory("i32.store");
      this.#pushEntry(places, place).get(place).memory("i32.store");
    });
  }

  /** Orders by the eight bits of the keys from `shift` on, equals as they were. */
  pass(shift: number): void {
    this.#count(shift);
    this.#sumCounts();
    this.#move(shift);
    [this.#from, this.#to] = [this.#to, this.#from];
  }

  /** How often each digit occurs. */
  #count(shift: number): void {
    const { asm } = this.#fn;
    const address = asm.local("i32");
    this.#eachDigit((digit) => this.#pushEntry(this.#fn.scratch, digit).i32(0).memory("i32.store"));
    this.#each(this.#length, (place) => {
      this.#pushCount(place, shift).tee(address).get(address).memory("i32.load");
      asm.i32(1).op("i32.add").memory("i32.store");
    });
  }

  /** Makes the counts into the place at which each digit's elements start. */
  #sumCounts(): void {
    const { asm, scratch } = this.#fn;
    const [sum, count] = [asm.local("i32"), asm.local("i32")];
    asm.i32(0).set(sum);
    this.#eachDigit((digit) => {
      this.#pushEntry(scratch, digit).memory("i32.load").set(count);
      this.#pushEntry(scratch, digit).get(sum).memory("i32.store");
      asm.get(sum).get(count).op("i32.add").set(sum);
    });
  }

  /** Moves every element to the next place of its digit. */
  #move(shift: number): void {
    const { asm } = this.#fn;
    const [count, at] = [asm.local("i32"), asm.local("i32")];
    this.#each(this.#length, (place) => {
      this.#pushCount(place, shift).tee(count).memory("i32.load").set(at);
      asm.get(count).get(at).i32(1).op("i32.add").memory("i32.store");
      for (const list of ["keys", "places"] as const) {
        this.#pushEntry(this.#to[list], at);
        this.#pushEntry(this.#from[list], place).memory("i32.load").memory("i32.store");
      }
    });
  }

  /** Pushes the address of the count of the digit of the key at `place`. */
  #pushCount(place: Local, shift: number): Assembler {
    const { asm, scratch } = this.#fn;
    asm.get(scratch);
    this.#pushEntry(this.#from.keys, place).memory("i32.load");
    asm
      .i32(shift)
      .op("i32.shr_u")
      .i32(DIGITS - 1)
      .op("i32.and");
    return pushScaled(asm).op("i32.add");
  }

  /** Pushes the address of the entry of `list` at `place`. */
  #pushEntry(list: Local, place: Local): Assembler {
    const { asm } = this.#fn;
    return pushScaled(asm.get(list).get(place)).op("i32.add");
  }

  #each(limit: Local, body: (place: Local) => void): void {
    const { asm } = this.#fn;
    const place = asm.local("i32");
    asm.i32(0).set(place);
    this.#fn.whileBelow(place, limit, () => {
      body(place);
      asm.get(place).i32(1).op("i32.add").set(place);
    });
  }

  #eachDigit(body: (digit: Local) => void): void {
    const { asm } = this.#fn;
    const limit = asm.local("i32");
    asm.i32(DIGITS).set(limit);
    this.#each(limit, body);
  }
}
