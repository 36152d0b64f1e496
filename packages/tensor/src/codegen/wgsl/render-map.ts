// Map kernels in WGSL: one invocation an element.
import type { MapKernel } from "../../schedule/kernel.ts";
import { buffersOf, costOf } from "../../graph/rewrite.ts";
import { sizeOf } from "../../shape.ts";
import { splitIndex } from "./split-index.ts";
import { ShaderBuilder } from "./shader-builder.ts";
import type { WgslProgram, WgslTarget } from "./wgsl-program.ts";

/** Invocations of a workgroup: a multiple of every GPU's lanes. */
export const WORKGROUP = 64;

/** Names a value no map has. */
export function noValue(value: number): string {
  throw new RangeError(`value ${value} belongs to another kernel family`);
}

/** `kernel` as a program. */
export function renderMap(kernel: MapKernel, target: WgslTarget): WgslProgram {
  const values = kernel.stores.map((store) => store.value);
  const builder = new ShaderBuilder(
    [...buffersOf(...values)],
    kernel.stores.map((store) => store.buffer),
    target.parts,
  );
  const total = sizeOf(kernel.shape);
  const limit = builder.constant(total);
  const split = splitIndex(builder, "i", kernel.shape, "c");
  const block = builder.block(split.names, noValue);
  kernel.stores.forEach((store) => block.store(store));
  const text = builder.text(
    `  let i = block * ${WORKGROUP}u + lane;\n  if (i >= ${limit}) { return; }\n${split.lines}\n${block}`,
    WORKGROUP,
  );
  return {
    key: text,
    code: () => text,
    params: builder.params,
    buffers: builder.buffers,
    outputs: builder.outputs,
    workgroups: Math.ceil(total / WORKGROUP),
    cost: total * (4 + values.reduce((sum, value) => sum + costOf(value), 0)),
  };
}
