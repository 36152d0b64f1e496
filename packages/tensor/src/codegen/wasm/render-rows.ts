// Renders row programs: reductions of a row, then stores, in a few passes over rows that stay in the nearest cache.
import type { RowsKernel } from "../../schedule/kernel.ts";
import { sizeOf } from "../../shape.ts";
import type { WasmProgram, WasmTarget } from "./abi.ts";
import { createAccumulator, type Accumulator } from "./accumulator.ts";
import type { Assembler, Local } from "./assembler.ts";
import { ElementEmitter } from "./element-emitter.ts";
import { estimateCost } from "./estimate-cost.ts";
import { KernelFunction } from "./kernel-function.ts";
import { buffersRead, KernelParams } from "./kernel-params.ts";
import { planRowPasses, type RowPass } from "./row-passes.ts";
import { ValueGraph, type GraphStore, type ValueId } from "./value-graph.ts";
import { overChunks, overVectors } from "./vector-loop.ts";

/** All that the code of a row program depends on. */
interface RowPlan {
  readonly graph: ValueGraph;
  readonly passes: readonly RowPass[];
  readonly rowStores: readonly GraphStore[];
  /** Words: sizes of the outer axes, elements of a row, bytes of a row in scratch. */
  readonly sizes: readonly number[];
  readonly length: number;
  readonly scratchRow: number;
}

/** `kernel` as a program; its work items are rows. */
export function renderRows(kernel: RowsKernel, target: WasmTarget): WasmProgram {
  const allStores = [...kernel.rowStores, ...kernel.stores];
  const read = buffersRead([
    ...kernel.steps.map((step) => step.body),
    ...allStores.map((store) => store.value),
  ]);
  const params = new KernelParams(
    read,
    allStores.map((store) => store.buffer),
  );
  const scratchRowBytes = 16 * Math.ceil(kernel.length / 4);
  const plan = planRows(kernel, params, scratchRowBytes);
  const { graph, passes, rowStores } = plan;
  const kept = passes.reduce((sum, pass) => sum + pass.keep.length, 0);
  return {
    key: `rows ${JSON.stringify([passes, rowStores])} ${graph.text}`,
    code: () => emitRows(new KernelFunction(params, target), plan),
    params: params.words,
    buffers: params.buffers,
    outputs: params.outputs,
    items: sizeOf(kernel.outer),
    scratchBytes: kept * scratchRowBytes,
    costPerItem: kernel.length * estimateCost(graph, kernel.outer.length),
  };
}

function planRows(kernel: RowsKernel, params: KernelParams, scratchRowBytes: number): RowPlan {
  const axis = kernel.outer.length;
  const sizes = kernel.outer.map((size) => params.constant(size));
  const [length, scratchRow] = [params.constant(kernel.length), params.constant(scratchRowBytes)];
  const graph = new ValueGraph(params, axis + 1, axis);
  const steps = kernel.steps.map(({ id, fn, body }) => ({
    id,
    fn,
    dtype: body.dtype,
    body: graph.add(body),
  }));
  const stores = kernel.stores.map((store) => graph.store(store));
  const rowStores = kernel.rowStores.map((store) => graph.store(store));
  return {
    graph,
    passes: planRowPasses(graph, axis, steps, stores),
    rowStores,
    sizes,
    length,
    scratchRow,
  };
}

function emitRows(fn: KernelFunction, plan: RowPlan): Uint8Array<ArrayBuffer> {
  const { graph, sizes, passes, rowStores } = plan;
  const { asm } = fn;
  const axis = sizes.length;
  const coordinates = sizes.map(() => asm.local("i32"));
  const emitter = new ElementEmitter(fn, graph, {
    laneAxis: axis,
    runAxis: axis,
    coordinates,
    position: asm.local("i32"),
  });
  const rows = new RowEmitter(emitter, plan);
  fn.overItems(sizes, coordinates, () => {
    emitter.scope(() => {
      for (const pass of passes) rows.pass(pass);
      emitter.hoist([], rowStores);
      for (const store of rowStores) emitter.store(store);
    });
  });
  return fn.assemble();
}

/** Emits the passes over one row. */
class RowEmitter {
  readonly #emitter: ElementEmitter;
  readonly #plan: RowPlan;
  readonly #zero: Local;
  readonly #length: Local;
  readonly #kept = new Map<ValueId, Local>();

  constructor(emitter: ElementEmitter, plan: RowPlan) {
    const { asm, fn } = emitter;
    this.#emitter = emitter;
    this.#plan = plan;
    this.#zero = asm.local("i32");
    this.#length = asm.local("i32");
    fn.pushWord(plan.length).set(this.#length);
    for (const id of plan.passes.flatMap((pass) => pass.keep)) this.#placeKept(id);
  }

  /** One walk over the row; afterwards the results of its steps are known. */
  pass(pass: RowPass): void {
    const emitter = this.#emitter;
    const steps = pass.steps.map((step) => ({
      ...step,
      accumulator: createAccumulator(emitter.asm, step.fn, step.dtype, 2),
    }));
    for (const { accumulator } of steps) accumulator.reset();
    emitter.scope(() => this.#walk(pass, steps));
    for (const { id, accumulator } of steps) emitter.bindResult(id, accumulator.across());
  }

  #walk(
    { stores, keep, reuse }: RowPass,
    steps: readonly { body: ValueId; accumulator: Accumulator }[],
  ): void {
    const emitter = this.#emitter;
    const reused = reuse.map((id) => ({ id, local: emitter.asm.local("v128") }));
    for (const { id, local } of reused) emitter.bind(id, local);
    emitter.hoist(
      steps.map((step) => step.body),
      stores,
    );
    overChunks(emitter.fn, { start: this.#zero, count: this.#length }, (chunk) => {
      for (const { accumulator } of steps) accumulator.open();
      overVectors(emitter, chunk, (mask) => {
        for (const { id, local } of reused)
          this.#pushKeptAddress(id).memory("v128.load").set(local);
        for (const { body, accumulator } of steps)
          accumulator.take(emitter.compute(body), mask, () => this.#pushPlaces());
        for (const store of stores) emitter.store(store);
        for (const id of keep) this.#keep(id);
      });
      for (const { accumulator } of steps) accumulator.close();
    });
  }

  /** Gives the kept value `id` its row in scratch. */
  #placeKept(id: ValueId): void {
    const { asm, fn } = this.#emitter;
    const row = asm.local("i32");
    asm.get(fn.scratch);
    fn.pushWord(this.#plan.scratchRow).i32(this.#kept.size).op("i32.mul", "i32.add").set(row);
    this.#kept.set(id, row);
  }

  #keep(id: ValueId): void {
    const value = this.#emitter.compute(id);
    this.#pushKeptAddress(id).get(value).memory("v128.store");
  }

  #pushKeptAddress(id: ValueId): Assembler {
    const { asm, walk } = this.#emitter;
    const row = this.#kept.get(id);
    if (row === undefined) throw new RangeError(`value ${id} is not kept`);
    return asm.get(row).get(walk.position).op("i32.add");
  }

  #pushPlaces(): void {
    const { asm, walk } = this.#emitter;
    asm.get(walk.position).i32(2).op("i32.shr_u", "i32x4.splat").v128([0, 1, 2, 3]).op("i32x4.add");
  }
}
