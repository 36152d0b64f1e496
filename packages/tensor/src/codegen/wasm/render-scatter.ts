// Renders scatter kernels: each output column is cleared, then its sources are added one after another, in order.
import type { ScatterKernel } from "../../schedule/kernel.ts";
import { sizeOf } from "../../shape.ts";
import type { WasmProgram, WasmTarget } from "./abi.ts";
import type { Assembler, Local } from "./assembler.ts";
import { KernelFunction, type Run } from "./kernel-function.ts";
import { KernelParams } from "./kernel-params.ts";
import { ValueGraph, type OperandPlace, type Stride } from "./value-graph.ts";

/** All that the code of a scatter depends on; numbers are words or bindings. */
interface ScatterPlan {
  readonly float: boolean;
  readonly outer: readonly number[];
  readonly inner: readonly number[];
  readonly first: number;
  readonly targets: number;
  readonly sources: number;
  readonly index: OperandPlace;
  readonly source: OperandPlace;
  readonly output: OperandPlace;
}

/** `kernel` as a program; its work items are columns: elements of `[...outer, ...inner]`. */
export function renderScatter(kernel: ScatterKernel, target: WasmTarget): WasmProgram {
  const params = new KernelParams(
    [kernel.index.buffer, kernel.source.buffer],
    [kernel.output.buffer],
  );
  const plan = planScatter(kernel, params);
  return {
    key: `scatter ${JSON.stringify(plan)}`,
    code: () => emitScatter(new KernelFunction(params, target), plan),
    params: params.words,
    buffers: params.buffers,
    outputs: params.outputs,
    items: sizeOf(kernel.outer) * sizeOf(kernel.inner),
    scratchBytes: 0,
    costPerItem: 3 * kernel.sources + kernel.targets,
  };
}

function planScatter(kernel: ScatterKernel, params: KernelParams): ScatterPlan {
  const inner = kernel.inner.length === 0 ? [1] : kernel.inner;
  const graph = new ValueGraph(params, kernel.outer.length + 1 + inner.length, -1);
  return {
    float: kernel.dtype === "f32",
    outer: kernel.outer.map((size) => params.constant(size)),
    inner: inner.map((size) => params.constant(size)),
    first: params.constant(kernel.first),
    targets: params.constant(kernel.targets),
    sources: params.constant(kernel.sources),
    index: graph.operand(kernel.index),
    source: graph.operand(kernel.source),
    output: graph.operand(kernel.output),
  };
}

function emitScatter(fn: KernelFunction, plan: ScatterPlan): Uint8Array<ArrayBuffer> {
  const outer = plan.outer.map(() => fn.asm.local("i32"));
  const inner = plan.inner.slice(1).map(() => fn.asm.local("i32"));
  const columns = new ColumnEmitter(fn, plan, outer, inner);
  fn.overRuns([...plan.outer, ...plan.inner], [...outer, ...inner], (run) => {
    columns.clear(run);
    columns.add(run);
  });
  return fn.assemble();
}

/** Emits the work on neighbouring columns, one along the last inner axis for each lane. */
class ColumnEmitter {
  readonly #fn: KernelFunction;
  readonly #plan: ScatterPlan;
  /** Coordinates of [...outer, targets or sources, ...inner]. */
  readonly #coordinates: readonly (Local | null)[];
  readonly #middle: Local;
  readonly #cell: Local;

  constructor(
    fn: KernelFunction,
    plan: ScatterPlan,
    outer: readonly Local[],
    inner: readonly Local[],
  ) {
    this.#fn = fn;
    this.#plan = plan;
    this.#middle = fn.asm.local("i32");
    this.#cell = fn.asm.local("i32");
    this.#coordinates = [...outer, this.#middle, ...inner];
  }

  clear(run: Run): void {
    const { asm } = this.#fn;
    this.#overMiddle(this.#plan.targets, () => {
      this.#pushAddress(this.#plan.output, run.start).set(this.#cell);
      this.#overLanes(run, () => {
        asm.get(this.#cell).i32(0).memory("i32.store");
        this.#step(this.#cell, this.#laneStride(this.#plan.output));
      });
    });
  }

  add(run: Run): void {
    const { index, source, output, sources } = this.#plan;
    const { asm } = this.#fn;
    const [indexAddress, sourceAddress, top] = [
      asm.local("i32"),
      asm.local("i32"),
      asm.local("i32"),
    ];
    this.#overMiddle(sources, () => {
      this.#pushAddress(index, run.start).set(indexAddress);
      this.#pushAddress(source, run.start).set(sourceAddress);
      this.#pushTop(output, run.start).set(top);
      this.#overLanes(run, () => {
        this.#addOne(indexAddress, sourceAddress, top);
        this.#step(indexAddress, this.#laneStride(index));
        this.#step(sourceAddress, this.#laneStride(source));
        this.#step(top, this.#laneStride(output));
      });
    });
  }

  /** Adds one source to the cell of the column at `top` that its index names, if there is one. */
  #addOne(indexAddress: Local, sourceAddress: Local, top: Local): void {
    const { asm } = this.#fn;
    const { float, first, targets, output } = this.#plan;
    const target = asm.local("i32");
    asm.get(indexAddress).memory("i32.load");
    this.#fn.pushWord(first).op("i32.sub").tee(target);
    this.#fn
      .pushWord(targets)
      .op("i32.lt_u")
      .if(() => {
        asm.get(top).i32(0);
        const place = this.#coordinates.map((one) => (one === this.#middle ? target : null));
        this.#fn
          .addPlace(output.form.strides, place)
          .i32(2)
          .op("i32.shl", "i32.add")
          .tee(this.#cell);
        asm.get(this.#cell).memory(float ? "f32.load" : "i32.load");
        asm.get(sourceAddress).memory(float ? "f32.load" : "i32.load");
        asm.op(float ? "f32.add" : "i32.add").memory(float ? "f32.store" : "i32.store");
      });
  }

  #overMiddle(size: number, body: () => void): void {
    this.#fn.overAxes([size], [this.#middle], body);
  }

  #overLanes({ count }: Run, body: () => void): void {
    const { asm } = this.#fn;
    const lane = asm.local("i32");
    asm.i32(0).set(lane);
    this.#fn.whileBelow(lane, count, () => {
      body();
      asm.get(lane).i32(1).op("i32.add").set(lane);
    });
  }

  #pushAddress({ buffer, form }: OperandPlace, lane: Local): Assembler {
    this.#fn.pushAddress(buffer);
    return this.#fn
      .pushPlace(form, [...this.#coordinates, lane])
      .i32(2)
      .op("i32.shl", "i32.add");
  }

  /** Pushes the address of the column's cell for target 0. */
  #pushTop({ buffer, form }: OperandPlace, lane: Local): Assembler {
    const coordinates = this.#coordinates.map((coordinate) =>
      coordinate === this.#middle ? null : coordinate,
    );
    this.#fn.pushAddress(buffer);
    return this.#fn
      .pushPlace(form, [...coordinates, lane])
      .i32(2)
      .op("i32.shl", "i32.add");
  }

  #laneStride({ form }: OperandPlace): Stride {
    return form.strides[this.#coordinates.length] ?? "zero";
  }

  /** Moves `address` to the next lane. */
  #step(address: Local, stride: Stride): void {
    const { asm } = this.#fn;
    if (stride === "zero") return;
    asm.get(address);
    if (stride === "one") asm.i32(1);
    else this.#fn.pushWord(stride);
    asm.i32(2).op("i32.shl", "i32.add").set(address);
  }
}
