// Renders topK kernels: each row keeps the places of its k best so far in order, and takes elements in by insertion.
import type { MachineType } from "../../dtype.ts";
import type { TopKKernel } from "../../schedule/kernel.ts";
import type { WasmProgram, WasmTarget } from "./abi.ts";
import type { Assembler, Local } from "./assembler.ts";
import { KernelFunction } from "./kernel-function.ts";
import { KernelParams } from "./kernel-params.ts";
import { pushSortKey } from "./push-sort-key.ts";
import { ValueGraph, type OperandPlace } from "./value-graph.ts";

/** All that the code of a topK depends on; numbers are words or bindings. */
interface TopKPlan {
  readonly dtype: MachineType;
  readonly source: OperandPlace;
  readonly output: OperandPlace;
  readonly length: number;
  readonly k: number;
}

/** `kernel` as a program; its work items are rows. */
export function renderTopK(kernel: TopKKernel, target: WasmTarget): WasmProgram {
  const params = new KernelParams([kernel.source.buffer], [kernel.output.buffer]);
  const graph = new ValueGraph(params, 2, -1);
  const plan: TopKPlan = {
    dtype: kernel.dtype,
    source: graph.operand(kernel.source),
    output: graph.operand(kernel.output),
    length: params.constant(kernel.length),
    k: params.constant(kernel.k),
  };
  return {
    key: `topK ${JSON.stringify(plan)}`,
    code: () => emitTopK(new KernelFunction(params, target), plan),
    params: params.words,
    buffers: params.buffers,
    outputs: params.outputs,
    items: kernel.k === 0 ? 0 : kernel.rows,
    scratchBytes: 4 * kernel.k,
    costPerItem: kernel.length * (6 + kernel.k / 4),
  };
}

function emitTopK(fn: KernelFunction, plan: TopKPlan): Uint8Array<ArrayBuffer> {
  const { asm, begin, end } = fn;
  const [row, places, k] = [asm.local("i32"), asm.local("i32"), asm.local("i32")];
  fn.pushWord(plan.k).set(k);
  asm.get(begin).set(row);
  fn.whileBelow(row, end, () => {
    fn.pushAddress(plan.output.buffer);
    fn.pushPlace(plan.output.form, [row]).i32(2).op("i32.shl", "i32.add").set(places);
    const list = new RankedList(asm, { keys: fn.scratch, places, k });
    const [place, address] = [asm.local("i32"), asm.local("i32")];
    fn.overAxes([plan.length], [place], () => {
      fn.pushAddress(plan.source.buffer);
      fn.pushPlace(plan.source.form, [row, place]).i32(2).op("i32.shl", "i32.add").set(address);
      list.insert(() => pushSortKey(asm, plan.dtype, address), place);
    });
    asm.get(row).i32(1).op("i32.add").set(row);
  });
  return fn.assemble();
}

/** Addresses of the keys and the places of the best elements so far, best first, and how many are wanted. */
interface Lists {
  readonly keys: Local;
  readonly places: Local;
  readonly k: Local;
}

/** A list of at most k places, ordered by falling key, earlier places first among equals. */
class RankedList {
  readonly #asm: Assembler;
  readonly #lists: Lists;
  readonly #count: Local;
  readonly #at: Local;
  readonly #key: Local;

  /** Starts an empty list. */
  constructor(asm: Assembler, lists: Lists) {
    this.#asm = asm;
    this.#lists = lists;
    this.#count = asm.local("i32");
    this.#at = asm.local("i32");
    this.#key = asm.local("i32");
    asm.i32(0).set(this.#count);
  }

  /** Takes in the next element; a full list drops its last entry for a better one. */
  insert(pushKey: () => void, place: Local): void {
    const asm = this.#asm;
    const { keys, places, k } = this.#lists;
    const [at, count, key] = [this.#at, this.#count, this.#key];
    pushKey();
    asm.set(key);
    asm.get(count).get(k).i32(1).op("i32.sub");
    asm.get(count).get(k).op("i32.lt_u", "select").set(at);
    this.#pushEntry(keys, 0).memory("i32.load").get(key).op("i32.lt_u");
    asm
      .get(count)
      .get(k)
      .op("i32.lt_u", "i32.or")
      .if(() => {
        asm.get(count).get(count).get(k).op("i32.lt_u", "i32.add").set(count);
        this.#makeRoom();
        this.#pushEntry(keys, 0).get(key).memory("i32.store");
        this.#pushEntry(places, 0).get(place).memory("i32.store");
      });
  }

  /** Moves entries below the key one further, from `at` upwards, and leaves `at` where the key belongs. */
  #makeRoom(): void {
    const asm = this.#asm;
    const { keys, places } = this.#lists;
    asm.block((done) => {
      asm.loop((next) => {
        asm.get(this.#at).op("i32.eqz").brIf(done);
        this.#pushEntry(keys, -1).memory("i32.load").get(this.#key).op("i32.ge_u").brIf(done);
        for (const list of [keys, places]) {
          this.#pushEntry(list, 0);
          this.#pushEntry(list, -1).memory("i32.load").memory("i32.store");
        }
        asm.get(this.#at).i32(1).op("i32.sub").set(this.#at);
        asm.br(next);
      });
    });
  }

  /** Pushes the address of the entry of `list` at `at + step`. */
  #pushEntry(list: Local, step: 0 | -1): Assembler {
    const asm = this.#asm;
    asm.get(list).get(this.#at);
    if (step !== 0) asm.i32(step).op("i32.add");
    return asm.i32(2).op("i32.shl", "i32.add");
  }
}
