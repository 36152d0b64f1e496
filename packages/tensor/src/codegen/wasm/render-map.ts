// Renders map kernels: one pass over the elements of a shape, in runs along its last axis.
import type { MapKernel } from "../../schedule/kernel.ts";
import { sizeOf } from "../../shape.ts";
import type { WasmProgram, WasmTarget } from "./abi.ts";
import { ElementEmitter } from "./element-emitter.ts";
import { estimateCost } from "./estimate-cost.ts";
import { KernelFunction } from "./kernel-function.ts";
import { buffersRead, KernelParams } from "./kernel-params.ts";
import { ValueGraph, type GraphStore } from "./value-graph.ts";
import { overVectors } from "./vector-loop.ts";

/** `kernel` as a program; its work items are elements. */
export function renderMap(kernel: MapKernel, target: WasmTarget): WasmProgram {
  const shape = kernel.shape.length === 0 ? [1] : kernel.shape;
  const params = new KernelParams(
    buffersRead(kernel.stores.map((store) => store.value)),
    kernel.stores.map((store) => store.buffer),
  );
  const sizes = shape.map((size) => params.constant(size));
  const graph = new ValueGraph(params, shape.length, shape.length - 1);
  const stores = kernel.stores.map((store) => graph.store(store));
  return {
    key: `map ${JSON.stringify(stores)} ${graph.text}`,
    code: () => emitMap(new KernelFunction(params, target), graph, sizes, stores),
    params: params.words,
    buffers: params.buffers,
    outputs: params.outputs,
    items: sizeOf(shape),
    scratchBytes: 0,
    costPerItem: estimateCost(graph, shape.length - 1),
  };
}

function emitMap(
  fn: KernelFunction,
  graph: ValueGraph,
  sizes: readonly number[],
  stores: readonly GraphStore[],
): Uint8Array<ArrayBuffer> {
  const last = sizes.length - 1;
  const coordinates = sizes.slice(0, -1).map(() => fn.asm.local("i32"));
  const emitter = new ElementEmitter(fn, graph, {
    laneAxis: last,
    runAxis: last,
    coordinates,
    position: fn.asm.local("i32"),
  });
  fn.overRuns(sizes, coordinates, (run) => {
    emitter.scope(() => {
      emitter.hoist([], stores);
      overVectors(emitter, run, () => stores.forEach((store) => emitter.store(store)));
    });
  });
  return fn.assemble();
}
